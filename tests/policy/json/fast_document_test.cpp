// The fast reader: exact types, ascending keys, nothing unread, and views that hold until the next parse.
#include "policy/json/fast_document.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::json {
namespace {

TEST(FastDocument, readsTypedFields) {
  FastParser parser;
  auto entry = parser.parse_object(
      R"({"@":"job.accepted/1","at":1796054400000,"flag":true,"money":"-5000000000","n":-7,"o":{"x":1},"t":[1,"é",null],"u":"18446744073709551615"})");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->size(), 8u);
  EXPECT_EQ(entry->string("@"), "job.accepted/1");
  EXPECT_EQ(entry->integer("at"), 1796054400000);
  EXPECT_EQ(entry->boolean("flag"), true);
  EXPECT_EQ(entry->decimal("money"), -5000000000);
  EXPECT_EQ(entry->integer("n"), -7);
  auto object = entry->object("o");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(object->integer("x"), 1);
  EXPECT_TRUE(object->finish().has_value());
  auto array = entry->array("t");
  ASSERT_TRUE(array.has_value());
  EXPECT_EQ(array->size(), 3u);
  EXPECT_EQ(array->current().integer(), 1);
  array->advance();
  EXPECT_EQ(array->current().string(), "é");
  array->advance();
  EXPECT_TRUE(array->current().is_null());
  array->advance();
  EXPECT_TRUE(array->at_end());
  EXPECT_EQ(entry->unsigned_decimal("u"), UINT64_MAX);
  EXPECT_TRUE(entry->finish().has_value());
}

TEST(FastDocument, takesAnyOrderAndTellsWhatIsMissing) {
  FastParser parser;
  auto entry = parser.parse_object(R"({"a":1,"b":2,"d":4})");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->integer("d"), 4);
  EXPECT_TRUE(entry->has("a"));
  EXPECT_FALSE(entry->has("c"));
  auto const missing = entry->integer("c");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, FastErrc::missing);
  EXPECT_EQ(missing.error().key, "c");
  EXPECT_EQ(entry->integer("a"), 1);
  auto const unread = entry->finish();
  ASSERT_FALSE(unread.has_value());
  EXPECT_EQ(to_string(unread.error()), "b: unknown field");
  EXPECT_EQ(entry->integer("b"), 2);
  EXPECT_TRUE(entry->finish().has_value());
}

TEST(FastDocument, walksObjectsWhoseKeysAreData) {
  FastParser parser;
  auto map = parser.parse_object(R"({"":0,"é":1,"日":2})");
  ASSERT_TRUE(map.has_value());
  std::string seen;
  for (; !map->at_end(); map->advance())
    seen += std::string(map->current_key()) + "=" + std::to_string(map->current_value().integer().value()) + ";";
  EXPECT_EQ(seen, "=0;é=1;日=2;");
  EXPECT_TRUE(map->finish().has_value());
}

TEST(FastDocument, refusesKeysOutOfOrderAndDuplicates) {
  FastParser parser;
  for (char const* text : {R"({"b":1,"a":2})", R"({"a":1,"a":2})"}) {
    auto const entry = parser.parse_object(text);
    ASSERT_FALSE(entry.has_value());
    EXPECT_EQ(entry.error().code, FastErrc::key_order);
  }
  auto nested = parser.parse_object(R"({"o":{"b":1,"a":2}})");
  ASSERT_TRUE(nested.has_value());
  EXPECT_EQ(nested->object("o").error().code, FastErrc::key_order);
}

FastErrc code_of(char const* member, auto read) {
  FastParser parser;
  auto entry = parser.parse_object("{\"k\":" + std::string(member) + "}");
  EXPECT_TRUE(entry.has_value()) << member;
  auto const value = read(*entry);
  EXPECT_FALSE(value.has_value()) << member;
  return value ? FastErrc{255} : value.error().code;
}

TEST(FastDocument, neverConverts) {
  auto const integer = [](FastObject& o) { return o.integer("k"); };
  auto const decimal = [](FastObject& o) { return o.decimal("k"); };
  auto const natural = [](FastObject& o) { return o.unsigned_decimal("k"); };
  for (char const* text : {"1.0", "1e3", "true", "\"1\"", "null", "[]"}) EXPECT_EQ(code_of(text, integer), FastErrc::wrong_type) << text;
  for (char const* text : {"9007199254740992", "-9007199254740992", "18446744073709551615"})
    EXPECT_EQ(code_of(text, integer), FastErrc::out_of_range) << text;
  for (char const* text : {"\"\"", "\"-\"", "\"-0\"", "\"00\"", "\"01\"", "\"-01\"", "\"+1\"", "\" 1\"", "\"1 \"", "\"1.0\"", "\"1e3\""}) {
    EXPECT_EQ(code_of(text, decimal), FastErrc::not_decimal) << text;
  }
  EXPECT_EQ(code_of("\"9223372036854775808\"", decimal), FastErrc::out_of_range);
  EXPECT_EQ(code_of("\"18446744073709551616\"", natural), FastErrc::out_of_range);
  EXPECT_EQ(code_of("\"-1\"", natural), FastErrc::not_decimal);
  EXPECT_EQ(code_of("1", decimal), FastErrc::wrong_type);
  EXPECT_EQ(code_of("1", [](FastObject& o) { return o.string("k"); }), FastErrc::wrong_type);
  EXPECT_EQ(code_of("1", [](FastObject& o) { return o.boolean("k"); }), FastErrc::wrong_type);
  EXPECT_EQ(code_of("1", [](FastObject& o) { return o.object("k"); }), FastErrc::wrong_type);
  EXPECT_EQ(code_of("1", [](FastObject& o) { return o.array("k"); }), FastErrc::wrong_type);
}

TEST(FastDocument, refusesWhatIsNotJson) {
  FastParser parser(1'000);
  for (std::string const& text :
       {std::string(), std::string("{"), std::string("{\"a\":1}x"), std::string("[1,]"), std::string("\"\xff\""), std::string("[1e400]"),
        std::string("[100000000000000000000]"), std::string(65, '[') + '1' + std::string(65, ']'), std::string(1'001, ' ')}) {
    auto const value = parser.parse(text);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_EQ(value.error().code, FastErrc::not_json);
  }
  EXPECT_TRUE(parser.parse(std::string(64, '[') + '1' + std::string(64, ']')).has_value());
  EXPECT_EQ(parser.parse_object("[]").error().code, FastErrc::wrong_type);
}

TEST(FastDocument, growsAndIsReused) {
  FastParser parser;
  for (std::size_t const size : {10u, 5'000u, 100u, 500'000u, 20u}) {
    std::string const text = "{\"k\":\"" + std::string(size, 'x') + "\"}";
    auto entry = parser.parse_object(text);
    ASSERT_TRUE(entry.has_value()) << size;
    EXPECT_EQ(entry->string("k").value().size(), size);
  }
}

}  // namespace
}  // namespace sluice::json
