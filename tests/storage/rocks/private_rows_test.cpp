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
  std::string const index_key = expiry_index_key(1'234, row_key);
  auto const index = parse_expiry_index_key(index_key);
  ASSERT_TRUE(index);
  EXPECT_EQ(index->expires_at_ms, 1'234);
  EXPECT_EQ(index->row_key, row_key);
  EXPECT_LT(expiry_index_key(255, "b"), expiry_index_key(256, "a"));  // in order of expiry
  for (char const* bad : {"", "p", "x", "p\1owner", "q\1owner"}) EXPECT_FALSE(parse_private_row_key(bad)) << bad;
  for (char const* bad : {"", "x1234567", "p12345678"}) EXPECT_FALSE(parse_expiry_index_key(bad)) << bad;
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
