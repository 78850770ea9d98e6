// Owner keys: made once, found again, erased for good, told apart from lost ones, and rewrapped.
#include "storage/rocks/key_store.hpp"

#include "policy/hash.hpp"
#include "storage/log/file.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace sluice::rocks {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

SecretKey const master = *SecretKey::from_bytes(std::string(32, 'M'));
SecretKey const other_master = *SecretKey::from_bytes(std::string(32, 'N'));

class Keys : public ::testing::Test {
 protected:
  std::unique_ptr<KeyStore> open(SecretKey const& with = master) const {
    auto opened = KeyStore::open(path_, with, true);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::string file(std::string const& owner, std::string const& suffix = ".key") const {
    return path_ + "/" + policy::to_hex(policy::sha256(owner)) + suffix;
  }
  test::TemporaryDirectory directory_;
  std::string const path_ = directory_.path() + "/keys";
};

TEST_F(Keys, AreMadeOnceAndFoundAgain) {
  OwnerKey const key = *open()->key_for_writing("tenant");
  auto const store = open();
  EXPECT_EQ(store->key_for_writing("tenant")->id, key.id);
  EXPECT_EQ(store->key_for_writing("tenant")->key.text(), key.key.text());
  auto const found = store->find("tenant", key.id);
  EXPECT_EQ(found->fate, KeyFate::present);
  EXPECT_EQ(found->key.text(), key.key.text());
  OwnerKey const other = *store->key_for_writing("other");
  EXPECT_NE(other.id, key.id);
  EXPECT_NE(other.key.text(), key.key.text());
  struct stat status{};
  ASSERT_EQ(::stat(file("tenant").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  std::string const bytes = **log::read_file(file("tenant"), 1'000);
  EXPECT_EQ(bytes.find(key.key.text()), std::string::npos);  // never in the clear
}

TEST_F(Keys, AnotherMasterKeyIsToldAtOpen) {
  (void)open()->key_for_writing("tenant");
  auto const refused = KeyStore::open(path_, other_master, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, KeyStore::Error::Kind::wrong_master_key);
}

TEST_F(Keys, AreNotBegunAnewWhereSomeWereMade) {
  auto const nowhere = KeyStore::open(path_, master, false);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, KeyStore::Error::Kind::missing);
  EXPECT_THAT(nowhere.error().message, HasSubstr("restore the key directory from its backup"));
  EXPECT_FALSE(fs::exists(path_));
  (void)open()->key_for_writing("tenant");
  EXPECT_TRUE(KeyStore::open(path_, master, false));
  fs::remove(path_ + "/master.check");
  for (bool const create : {false, true}) {
    auto const incomplete = KeyStore::open(path_, master, create);
    ASSERT_FALSE(incomplete);
    EXPECT_EQ(incomplete.error().kind, KeyStore::Error::Kind::missing);
  }
}

TEST_F(Keys, ErasedOnesStayErased) {
  auto store = open();
  OwnerKey const key = *store->key_for_writing("tenant");
  ASSERT_TRUE(store->erase("tenant"));
  EXPECT_FALSE(fs::exists(file("tenant")));
  EXPECT_EQ(store->find("tenant", key.id)->fate, KeyFate::erased);
  OwnerKey const next = *store->key_for_writing("tenant");
  EXPECT_NE(next.id, key.id);
  EXPECT_EQ(store->find("tenant", key.id)->fate, KeyFate::erased);
  EXPECT_EQ(store->find("tenant", next.id)->fate, KeyFate::present);
  ASSERT_TRUE(store->erase("tenant"));
  store = open();
  EXPECT_EQ(store->find("tenant", key.id)->fate, KeyFate::erased);
  EXPECT_EQ(store->find("tenant", next.id)->fate, KeyFate::erased);
  EXPECT_TRUE(store->erase("nobody"));
}

TEST_F(Keys, LostOnesAreNotErasedOnes) {
  OwnerKey const key = *open()->key_for_writing("tenant");
  fs::remove(file("tenant"));
  auto const store = open();
  EXPECT_EQ(store->find("tenant", key.id)->fate, KeyFate::lost);
  EXPECT_EQ(store->find("tenant", std::string(key_id_bytes, 'x'))->fate, KeyFate::lost);
}

// A crash between noting the erasure and unlinking the file, before and after the file was overwritten.
TEST_F(Keys, AnInterruptedErasureCounts) {
  for (bool const overwritten : {false, true}) {
    auto store = open();
    OwnerKey const key = *store->key_for_writing("tenant");
    std::string const saved = **log::read_file(file("tenant"), 1'000);
    ASSERT_TRUE(store->erase("tenant"));
    ASSERT_TRUE(log::write_file(file("tenant"), overwritten ? std::string(saved.size(), '\0') : saved, log::Durability::renamed));
    store = open();
    EXPECT_EQ(store->find("tenant", key.id)->fate, KeyFate::erased);
    EXPECT_NE(store->key_for_writing("tenant")->id, key.id);
    ASSERT_TRUE(store->erase("tenant"));
  }
}

TEST_F(Keys, DamagedFilesAreNamed) {
  (void)open()->key_for_writing("tenant");
  std::string const good = **log::read_file(file("tenant"), 1'000);
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    std::string bad = good;
    bad[byte] ^= 1;
    ASSERT_TRUE(log::write_file(file("tenant"), bad, log::Durability::renamed));
    EXPECT_THAT(open()->key_for_writing("tenant").error(), HasSubstr(file("tenant")));
  }
  ASSERT_TRUE(log::write_file(file("tenant"), good.substr(1), log::Durability::renamed));
  EXPECT_THAT(open()->key_for_writing("tenant").error(), HasSubstr("not a key file"));
  ASSERT_TRUE(log::write_file(file("tenant"), std::string(good.size(), '\0'), log::Durability::renamed));
  EXPECT_FALSE(open()->key_for_writing("tenant"));  // zeros without an erasure are damage
  // Another owner's file under this owner's name.
  ASSERT_TRUE(log::write_file(file("tenant"), good, log::Durability::renamed));
  fs::copy_file(file("tenant"), file("other"));
  EXPECT_THAT(open()->key_for_writing("other").error(), HasSubstr("damaged, or sealed under another master key"));
  ASSERT_TRUE(log::write_file(file("tenant", ".erased"), "short", log::Durability::renamed));
  EXPECT_THAT(open()->key_for_writing("tenant").error(), HasSubstr("not a list of key ids"));
}

TEST_F(Keys, AreRewrappedUnderANewMasterKeyAlsoAfterAnInterruption) {
  OwnerKey const a = *open()->key_for_writing("a");
  OwnerKey const b = *open()->key_for_writing("b");
  std::string const a_before = **log::read_file(file("a"), 1'000);
  EXPECT_EQ(*rewrap_keys(path_, master, other_master), 2u);
  EXPECT_FALSE(KeyStore::open(path_, master, true));
  EXPECT_EQ(open(other_master)->key_for_writing("a")->key.text(), a.key.text());
  // As if it had stopped half way: one file and the check still under the old key.
  ASSERT_TRUE(log::write_file(file("a"), a_before, log::Durability::renamed));
  EXPECT_EQ(*rewrap_keys(path_, master, other_master), 1u);
  EXPECT_EQ(*rewrap_keys(path_, master, other_master), 0u);
  auto const store = open(other_master);
  EXPECT_EQ(store->key_for_writing("a")->key.text(), a.key.text());
  EXPECT_EQ(store->key_for_writing("b")->key.text(), b.key.text());
  EXPECT_FALSE(rewrap_keys(path_, master, *SecretKey::from_bytes(std::string(32, 'O'))));
  EXPECT_FALSE(rewrap_keys(path_ + "-none", master, other_master));
}

}  // namespace
}  // namespace sluice::rocks
