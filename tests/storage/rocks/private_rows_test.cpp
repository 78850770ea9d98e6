// Rows of private parts: keys that read back, values that open only where they belong.
#include "storage/rocks/private_rows.hpp"

#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::rocks {
namespace {

using log::PrivateKind;
using ::testing::HasSubstr;

TEST(PrivateRowKey, ReadsBack) {
  std::string const key("\0k\xff", 3);
  std::string const row_key = private_row_key(PrivateKind::evidence, "owner", key);
  EXPECT_TRUE(row_key.starts_with(private_prefix(PrivateKind::evidence, "owner")));
  EXPECT_TRUE(row_key.starts_with(private_prefix(PrivateKind::evidence)));
  auto const name = parse_private_row_key(row_key);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->kind, PrivateKind::evidence);
  EXPECT_EQ(name->owner, "owner");
  EXPECT_EQ(name->key, key);
  for (char const* bad : {"", "p", "x", "p\1owner", "q\1owner"}) EXPECT_FALSE(parse_private_row_key(bad)) << bad;
}

TEST(ExpiryIndex, ReadsBackInOrderOfExpiry) {
  EXPECT_EQ(parse_expiry_index_key(expiry_index_key(1'234, 7)), 1'234);
  EXPECT_LT(expiry_index_key(255, 9), expiry_index_key(256, 1));
  EXPECT_LT(expiry_index_key(255, 1), expiry_index_key(255, 256));
  for (char const* bad : {"", "x1234567", "p1234567812345678", "x12345678123456789"}) EXPECT_FALSE(parse_expiry_index_key(bad)) << bad;

  std::string value;
  for (std::string const& row_key : {std::string("one"), std::string(300, 'k'), std::string("\0x", 2)}) append_expiring(value, row_key);
  std::string_view left = value;
  EXPECT_EQ(take_expiring(left), "one");
  EXPECT_EQ(take_expiring(left), std::string(300, 'k'));
  EXPECT_EQ(take_expiring(left), std::string("\0x", 2));
  EXPECT_TRUE(left.empty());
  EXPECT_FALSE(take_expiring(left));
  std::string_view cut = std::string_view(value).substr(0, 6);
  EXPECT_FALSE(take_expiring(cut));
}

TEST(PrivateValue, OpensOnlyWhereItBelongs) {
  test::TemporaryDirectory const directory;
  auto const keys = std::move(*KeyStore::open(directory.path() + "/keys", *SecretKey::from_bytes(std::string(32, 'M')), true));
  OwnerKey const key = *keys->key_for_writing("owner");
  log::PrivatePart const part{PrivateKind::payload, "owner", "key", "secret", 7};
  std::string const row_key = private_row_key(part.kind, part.owner, part.key);
  std::string const value = seal_private_part(key, part, row_key);
  EXPECT_EQ(value.find("secret"), std::string::npos);
  EXPECT_EQ(expiry_of(value), 7);
  PrivateRowName const name{part.kind, part.owner, part.key};
  EXPECT_EQ((*open_private_part(*keys, name, row_key, value))->bytes, "secret");
  // Moved to another key or kind.
  for (std::string const& moved : {private_row_key(part.kind, "owner", "other"), private_row_key(PrivateKind::evidence, "owner", "key")}) {
    EXPECT_THAT(open_private_part(*keys, name, moved, value).error(), HasSubstr("does not open under its key"));
  }
  for (std::size_t byte = 0; byte < value.size(); ++byte) {
    std::string bad = value;
    bad[byte] ^= 1;
    auto const opened = open_private_part(*keys, name, row_key, bad);
    ASSERT_FALSE(opened) << byte;
    EXPECT_THAT(opened.error(), HasSubstr("owner"));
  }
  EXPECT_THAT(open_private_part(*keys, name, row_key, value.substr(0, 20)).error(), HasSubstr("malformed"));
  EXPECT_FALSE(expiry_of(""));
  // Another owner's row, erased and lost keys.
  EXPECT_THAT(open_private_part(*keys, {part.kind, "stranger", "key"}, row_key, value).error(), HasSubstr("lost, not erased"));
  ASSERT_TRUE(keys->erase("owner"));
  EXPECT_EQ(*open_private_part(*keys, name, row_key, value), std::nullopt);
}

}  // namespace
}  // namespace sluice::rocks
