// Opening and refusing to open, the mark, keys, poison, and what of the private parts reaches the disk.
#include "storage/rocks/rocks_ledger.hpp"

#include "storage/log/file.hpp"
#include "storage/rocks/database.hpp"
#include "storage/rocks/high_water_mark.hpp"
#include "storage/rocks/recovery.hpp"
#include "tests/storage/rocks/rocks_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::rocks {
namespace {

using ::testing::HasSubstr;
using Kind = OpenError::Kind;
namespace fs = std::filesystem;

class RocksLedgerFiles : public ::testing::Test {
 protected:
  // The ledger with `size` entries more, closed again.
  void grow(std::uint64_t size, Options const& options) {
    auto ledger = RocksLedger::open(options, test::signer(), test::master_key);
    ASSERT_TRUE(ledger) << ledger.error().message;
    std::uint64_t const first = (*ledger)->size();
    auto const appended = (*ledger)->append(1, first, test::full_group(first, size), test::derived(first, size));
    ASSERT_TRUE(appended) << appended.error().message;
  }
  void grow(std::uint64_t size) { grow(size, options_); }
  OpenError refused(Options const& options) const {
    auto const ledger = RocksLedger::open(options, test::signer(), test::master_key);
    EXPECT_FALSE(ledger);
    return ledger ? OpenError{} : ledger.error();
  }
  std::uint64_t opened_size(Options const& options) const {
    auto const ledger = RocksLedger::open(options, test::signer(), test::master_key);
    EXPECT_TRUE(ledger) << ledger.error().message;
    return ledger ? (*ledger)->size() : 0;
  }

  test::TemporaryDirectory directory_;
  std::string const path_ = directory_.path() + "/deep/ledger";
  Options options_ = test::rocks_options(path_);
};

TEST_F(RocksLedgerFiles, OneProcessAtATime) {
  auto const first = RocksLedger::open(options_, test::signer(), test::master_key);
  ASSERT_TRUE(first);
  OpenError const error = refused(options_);
  EXPECT_EQ(error.kind, Kind::locked);
  EXPECT_THAT(error.message, HasSubstr("another process has this ledger open"));
}

TEST_F(RocksLedgerFiles, UnusableOptionsAreNamed) {
  EXPECT_EQ(refused(test::rocks_options("")).kind, Kind::invalid);
  auto const short_key = RocksLedger::open(options_, test::signer(), "short");
  EXPECT_THAT(short_key.error().message, HasSubstr("5 bytes, expected 32"));
  Options options = options_;
  options.earlier_keys = {"nonsense"};
  EXPECT_THAT(refused(options).message, HasSubstr("earlier key"));
  EXPECT_EQ(refused(test::rocks_options("/proc/none")).kind, Kind::io);
}

TEST_F(RocksLedgerFiles, MarkAndKeysMayLieElsewhere) {
  options_.mark_file = directory_.path() + "/mark";
  options_.keys_directory = directory_.path() + "/keys";
  grow(3);
  EXPECT_TRUE(fs::exists(options_.mark_file));
  EXPECT_TRUE(fs::exists(options_.keys_directory + "/master.check"));
  EXPECT_FALSE(fs::exists(path_ + "/keys"));
  EXPECT_EQ(opened_size(options_), 3u);
}

TEST_F(RocksLedgerFiles, AMissingDatabaseOrMarkIsRefused) {
  grow(3);
  fs::rename(path_ + "/high-water-mark", path_ + "/moved");
  EXPECT_EQ(refused(options_).kind, Kind::missing);
  EXPECT_THAT(refused(options_).message, HasSubstr("no high-water mark"));
  Options adopting = options_;
  adopting.adopt_without_mark = true;
  EXPECT_EQ(opened_size(adopting), 3u);
  EXPECT_EQ(opened_size(options_), 3u);  // the mark is there again
  ASSERT_TRUE(log::write_file(path_ + "/high-water-mark", "garbage", log::Durability::renamed));
  EXPECT_EQ(refused(options_).kind, Kind::damaged);
  EXPECT_EQ(opened_size(adopting), 3u);
  fs::rename(path_ + "/db", path_ + "/moved-db");
  EXPECT_EQ(refused(options_).kind, Kind::missing);
  EXPECT_THAT(refused(options_).message, HasSubstr("3 entries were acknowledged, but there is no database"));
  EXPECT_EQ(refused(adopting).kind, Kind::missing);
  // Without CURRENT, RocksDB alone would make a new database over the old tables.
  fs::rename(path_ + "/moved-db", path_ + "/db");
  fs::remove(path_ + "/db/CURRENT");
  EXPECT_EQ(refused(options_).kind, Kind::damaged);
}

TEST_F(RocksLedgerFiles, AMissingKeyDirectoryIsRefused) {
  grow(3);
  fs::rename(path_ + "/keys", path_ + "/moved-keys");
  EXPECT_EQ(refused(options_).kind, Kind::missing);
  EXPECT_THAT(refused(options_).message, HasSubstr("restore the key directory from its backup"));
  EXPECT_FALSE(fs::exists(path_ + "/keys"));
  Options adopting = options_;
  adopting.adopt_without_keys = true;
  {
    auto const ledger = RocksLedger::open(adopting, test::signer(), test::master_key);
    ASSERT_TRUE(ledger) << ledger.error().message;
    EXPECT_FALSE((*ledger)->private_part(log::PrivateKind::payload, "tenant-0", test::full_group_payload(0).key));  // shut, not absent
    EXPECT_TRUE((*ledger)->append(1, 3, test::full_group(3, 3), test::derived(3, 3)));
  }
  EXPECT_EQ(opened_size(options_), 6u);
}

TEST_F(RocksLedgerFiles, KeysWithoutTheirLedgerAreNotTakenForANewOne) {
  grow(3);
  fs::rename(path_ + "/db", path_ + "/moved-db");
  fs::rename(path_ + "/high-water-mark", path_ + "/moved-mark");
  EXPECT_EQ(refused(options_).kind, Kind::missing);
  EXPECT_THAT(refused(options_).message, HasSubstr("there is neither its database"));
  fs::rename(path_ + "/keys", path_ + "/moved-keys");
  EXPECT_EQ(opened_size(options_), 0u);  // nothing tells it from an empty place
}

TEST_F(RocksLedgerFiles, AMarkOfAnotherHistoryOrABiggerSizeIsRefused) {
  grow(10);
  std::string const mark = path_ + "/high-water-mark";
  ASSERT_TRUE(HighWaterMark::create(mark, {7, policy::sha256("another root")}));
  EXPECT_EQ(refused(options_).kind, Kind::damaged);
  EXPECT_THAT(refused(options_).message, HasSubstr("at 7 entries the acknowledged root was"));
  ASSERT_TRUE(HighWaterMark::create(mark, {12, policy::sha256("root")}));
  EXPECT_EQ(refused(options_).kind, Kind::missing);
  EXPECT_THAT(refused(options_).message, HasSubstr("12 entries were acknowledged, the database holds 10: entries 10 to 11 are missing"));
  // Behind by a Group, as after a crash between the write and the mark: adopted, and marked.
  auto const leaves = test::leaves(10);
  ASSERT_TRUE(HighWaterMark::create(mark, {7, test::reference_root(leaves, 0, 7)}));
  EXPECT_EQ(opened_size(options_), 10u);
  EXPECT_EQ((*HighWaterMark::open(mark))->mark().size, 10u);
  EXPECT_EQ((*HighWaterMark::open(mark))->mark().root, test::reference_root(leaves, 0, 10));
}

// As a lost log file in the middle would leave it: the right edge and all marks are good.
TEST_F(RocksLedgerFiles, AHoleInTheEntriesIsCountedAtStart) {
  grow(1'000);
  {
    auto database = Database::open(path_ + "/db", options_, false);
    ASSERT_TRUE(database) << database.error();
    ASSERT_TRUE((*database)->db().Delete(synced_write(), (*database)->handle(Family::entry), be64_key(5)).ok());
    ASSERT_TRUE((*database)->db().CompactRange({}, (*database)->handle(Family::entry), nullptr, nullptr).ok());
  }
  OpenError const error = refused(options_);
  EXPECT_EQ(error.kind, Kind::missing);
  EXPECT_THAT(error.message, HasSubstr("the log has 1000 entries, the database holds 999 of them"));
}

// A family whose last writes are gone, as when its newest table is lost.
TEST_F(RocksLedgerFiles, AFamilyBehindTheOthersIsNamed) {
  grow(10);
  {
    auto database = Database::open(path_ + "/db", options_, false);
    ASSERT_TRUE(database) << database.error();
    ASSERT_TRUE((*database)->db().Put(synced_write(), (*database)->handle(Family::state), "", family_mark(9, policy::sha256("then"))).ok());
  }
  OpenError const error = refused(options_);
  EXPECT_EQ(error.kind, Kind::damaged);
  EXPECT_THAT(error.message, HasSubstr("column family state is not at the ledger's size of 10 entries"));
}

TEST_F(RocksLedgerFiles, AnotherReleasesFormatIsRefusedByName) {
  grow(3);
  auto const rewrite = [&](std::string_view line) {
    auto database = Database::open(options_.directory + "/db", options_, false);
    ASSERT_TRUE(database) << database.error();
    ASSERT_TRUE((*database)->db().Put(synced_write(), (*database)->handle(Family::meta), slice(meta_format), slice(line)).ok());
  };
  rewrite("sluice ledger 1");
  OpenError const error = refused(options_);
  EXPECT_EQ(error.kind, Kind::invalid);
  EXPECT_THAT(error.message, HasSubstr("'sluice ledger 1', this build reads 'sluice ledger 2'; start the release that wrote it"));
  rewrite(format_line);
  EXPECT_EQ(opened_size(options_), 3u) << "the refusal changed nothing";
}

TEST_F(RocksLedgerFiles, ACrashWhileCreatingIsRepeated) {
  fs::create_directories(path_ + "/db.new");
  ASSERT_TRUE(log::write_file(path_ + "/db.new/CURRENT", "half", log::Durability::renamed));
  ASSERT_TRUE(HighWaterMark::create(path_ + "/high-water-mark", {0, log::empty_root()}));
  EXPECT_EQ(opened_size(options_), 0u);
  grow(2);
  EXPECT_EQ(opened_size(options_), 2u);
}

TEST_F(RocksLedgerFiles, AnotherSigningOrMasterKeyIsRefused) {
  grow(3);
  log::NoteSigner const next = test::signer('T');
  auto const wrong = RocksLedger::open(options_, next, test::master_key);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, Kind::wrong_key);
  EXPECT_EQ(RocksLedger::open(options_, test::signer(), std::string(32, 'x')).error().kind, Kind::wrong_key);
  // After a rotation the old key is listed, and the next checkpoint bears the new one.
  Options rotated = options_;
  rotated.earlier_keys = {test::signer().verifier().to_string()};
  {
    auto const ledger = RocksLedger::open(rotated, next, test::master_key);
    ASSERT_TRUE(ledger) << ledger.error().message;
    ASSERT_TRUE((*ledger)->append(1, 3, test::full_group(3, 1), test::derived(3, 1)));
  }
  EXPECT_TRUE(RocksLedger::open(options_, next, test::master_key));
}

TEST_F(RocksLedgerFiles, TheFloorIsAskedBeforeEachAppend) {
  options_.free_bytes_floor = ~std::uint64_t{0} / 4;
  auto const ledger = RocksLedger::open(options_, test::signer(), test::master_key);
  ASSERT_TRUE(ledger);
  auto const appended = (*ledger)->append(1, 0, test::group(0, 1), {});
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().kind, log::AppendError::Kind::no_space);
  EXPECT_TRUE((*ledger)->writable());
  EXPECT_GT((*ledger)->free_space()->total_bytes, 0u);
}

TEST_F(RocksLedgerFiles, BallastIsPlacedAndReleased) {
  options_.ballast_bytes = 1u << 20;
  auto const ledger = RocksLedger::open(options_, test::signer(), test::master_key);
  ASSERT_TRUE(ledger);
  EXPECT_EQ(fs::file_size(path_ + "/ballast"), 1u << 20);
  EXPECT_TRUE((*ledger)->release_ballast());
  EXPECT_FALSE(fs::exists(path_ + "/ballast"));
}

// Failing writes of the database are the fault tests' business: Debian's RocksDB aborts the process on most of them.
TEST_F(RocksLedgerFiles, AFailedAppendPoisonsTheWriterAndReadsGoOn) {
  grow(300);
  std::string const key = path_ + "/keys/" + policy::to_hex(policy::sha256("operator")) + ".key";
  ASSERT_TRUE(log::write_file(key, "garbage", log::Durability::renamed));
  {
    auto const ledger = RocksLedger::open(options_, test::signer(), test::master_key);
    ASSERT_TRUE(ledger);
    auto const failed = (*ledger)->append(1, 300, test::full_group(300, 10), {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, log::AppendError::Kind::unknown);
    EXPECT_THAT(failed.error().message, HasSubstr(key));
    auto const next = (*ledger)->append(1, 300, test::group(300, 1), {});
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().kind, log::AppendError::Kind::poisoned);
    EXPECT_FALSE((*ledger)->writable());
    EXPECT_EQ((*ledger)->size(), 300u);
    EXPECT_EQ(*(*ledger)->entry(299), test::entry(299));
    EXPECT_EQ((*ledger)->erase_owner("tenant-0").error().kind, log::LedgerError::Kind::poisoned);
    EXPECT_EQ((*ledger)->purge_expired(1, 1).error().kind, log::LedgerError::Kind::poisoned);
  }
  EXPECT_EQ(opened_size(options_), 300u);
}

TEST_F(RocksLedgerFiles, NoPrivateByteIsOnTheDiskInTheClear) {
  grow(300);
  grow(1);  // reopening turned the log into tables
  int files = 0;
  for (auto const& file : fs::recursive_directory_iterator(path_)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    EXPECT_EQ(bytes.str().find("canary secret"), std::string::npos) << file.path();
    ++files;
  }
  EXPECT_GT(files, 5);
}

TEST_F(RocksLedgerFiles, ALostOwnerKeyIsToldApartFromAnErasedOne) {
  grow(1);
  fs::remove(path_ + "/keys/" + policy::to_hex(policy::sha256("tenant-0")) + ".key");
  auto const ledger = RocksLedger::open(options_, test::signer(), test::master_key);
  ASSERT_TRUE(ledger);
  auto const part = (*ledger)->private_part(log::PrivateKind::payload, "tenant-0", test::full_group_payload(0).key);
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().kind, log::LedgerError::Kind::damaged);
  EXPECT_THAT(part.error().message, HasSubstr("lost, not erased"));
  EXPECT_FALSE((*ledger)->scan_private_parts(log::PrivateKind::payload, [](log::PrivatePart const&) { return true; }));
}

}  // namespace
}  // namespace sluice::rocks
