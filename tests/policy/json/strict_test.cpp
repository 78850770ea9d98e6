// What parse_strict refuses, where it says so, and what it accepts.
#include "policy/json/strict.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace sluice::json {
namespace {

using namespace std::string_literals;

struct Refusal {
  std::string name;
  std::string text;
  std::size_t offset;
  std::string pointer;
  std::string what;  ///< part of it
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, saysWhereAndWhy) {
  auto const& c = GetParam();
  auto const parsed = parse_strict(c.text);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().offset, c.offset);
  EXPECT_EQ(parsed.error().pointer, c.pointer);
  EXPECT_NE(parsed.error().what.find(c.what), std::string::npos) << parsed.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    strict, Refused,
    testing::Values(Refusal{"nothing", "", 0, "", "not JSON"}, Refusal{"bom", "\xef\xbb\xbf{}", 0, "", "byte order mark"},
                    Refusal{"nul_then_garbage", "{\"a\":1}\0x"s, 7, "", "NUL"}, Refusal{"nul_in_string", "\"a\0b\""s, 2, "", "NUL"},
                    Refusal{"duplicate", R"({"a":1,"b":{"c":1,"c":2}})", 20, "/b/c", "duplicate key \"c\""},
                    Refusal{"duplicate_by_escape", R"({"a":1,"\u0061":2})", 14, "/a", "duplicate key"},
                    Refusal{"two_to_the_63", R"([1,9223372036854775808])", 22, "/1", "64 bits"},
                    Refusal{"two_to_the_64", R"({"n":18446744073709551616})", 25, "/n", "64 bits"},
                    Refusal{"below_int64", R"([-9223372036854775809])", 21, "/0", "64 bits"},
                    Refusal{"too_large_for_a_double", "[1e400]", 5, "/0", "too large"}, Refusal{"nan", "[NaN]", 1, "/0", "not JSON"},
                    Refusal{"infinity", "[-Infinity]", 2, "/0", "not JSON"},
                    Refusal{"lone_surrogate", R"(["\ud800"])", 8, "/0", "surrogate"},
                    Refusal{"overlong_slash", "[\"\xc0\xaf\"]", 2, "/0", "UTF-8"},
                    Refusal{"utf8_surrogate", "[\"\xed\xa0\x80\"]", 3, "/0", "UTF-8"},
                    Refusal{"trailing_comma", "{\"a\":[1,]}", 8, "/a/1", "not JSON"}, Refusal{"comment", "[1/**/]", 2, "/1", "not JSON"},
                    Refusal{"two_values", "1 2", 2, "", "not JSON"}, Refusal{"single_quotes", "{'a':1}", 1, "", "not JSON"},
                    Refusal{"leading_zero", "[01]", 2, "/1", "not JSON"}, Refusal{"plus", "[+1]", 1, "/0", "not JSON"},
                    Refusal{"raw_newline_in_string", "[\"a\nb\"]", 3, "/0", "control character"}),
    [](auto const& c) { return c.param.name; });

TEST(Strict, locatesLinesAndColumns) {
  auto const parsed = parse_strict("{\n  \"gang\": {\n    \"cards\": 8,\n    \"cards\": 9\n  }\n}");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().line, 4u);
  EXPECT_EQ(parsed.error().pointer, "/gang/cards");
  EXPECT_EQ(to_string(parsed.error()), "line 4, column 11, at /gang/cards: duplicate key \"cards\"");
}

TEST(Strict, keepsIntegersExact) {
  auto const parsed = parse_strict("[0,-0,-1,2147483648,4294967297,9007199254740993,9223372036854775807,-9223372036854775808]");
  ASSERT_TRUE(parsed.has_value());
  std::vector<std::int64_t> const wanted{0, 0, -1, 2147483648, 4294967297, 9007199254740993, INT64_MAX, INT64_MIN};
  ASSERT_EQ(parsed->size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE((*parsed)[i].is_number_integer());
    EXPECT_EQ((*parsed)[i], wanted[i]);
  }
}

TEST(Strict, neverRepeatsTheInput) {
  std::string const secret(100'000, 's');
  auto const parsed = parse_strict("[\"" + secret + "\x01\"]");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().what.find("sss"), std::string::npos);
  auto const duplicate = parse_strict("{\"k" + std::string(900, 'k') + "\x1b\":1}");
  ASSERT_FALSE(duplicate.has_value());
  EXPECT_LT(duplicate.error().what.size(), 200u);
}

TEST(Strict, boundsDepthAtSixtyFour) {
  for (char const* pair : {"[]", "{}"}) {
    auto const nested = [&](std::size_t depth) {
      std::string text;
      for (std::size_t i = 0; i < depth; ++i) text += pair[0] == '[' ? "[" : i + 1 < depth ? "{\"a\":" : "{";
      return text + std::string(depth, pair[1]);
    };
    EXPECT_TRUE(parse_strict(nested(64)).has_value());
    for (std::size_t const depth : {65u, 1'000u, 100'000u}) {
      auto const parsed = parse_strict(nested(depth));
      ASSERT_FALSE(parsed.has_value()) << depth;
      EXPECT_NE(parsed.error().what.find("deeper than 64"), std::string::npos);
      EXPECT_EQ(parsed.error().offset, pair[0] == '[' ? 64u : 64u * 5u);
    }
  }
  // A million brackets never reach the parser's end either.
  auto const parsed = parse_strict(std::string(1'000'000, '['));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().offset, 64u);
}

TEST(Strict, holdsEveryLimitExactly) {
  Limits limits;
  limits.bytes_max = 20;
  EXPECT_TRUE(parse_strict("\"" + std::string(18, 'a') + "\"", limits).has_value());
  EXPECT_FALSE(parse_strict("\"" + std::string(19, 'a') + "\"", limits).has_value());

  limits = Limits{};
  limits.keys_max = 3;
  EXPECT_TRUE(parse_strict(R"({"a":{"b":1},"c":2})", limits).has_value());
  EXPECT_EQ(parse_strict(R"({"a":{"b":1},"c":2,"d":3})", limits).error().what, "more than 3 keys");

  limits = Limits{};
  limits.values_max = 3;
  EXPECT_TRUE(parse_strict("[1,2]", limits).has_value());
  EXPECT_EQ(parse_strict("[1,[],2]", limits).error().what, "more than 3 values");

  limits = Limits{};
  limits.string_bytes_max = limits.key_bytes_max = 3;
  EXPECT_TRUE(parse_strict(R"({"abc":"abc"})", limits).has_value());
  EXPECT_EQ(parse_strict(R"({"abc":"abcd"})", limits).error().pointer, "/abc");
  EXPECT_EQ(parse_strict(R"({"abcd":"a"})", limits).error().what, "key longer than 3 bytes");
}

TEST(Strict, refusesAHundredThousandKeysOfOneObject) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
  text.back() = '}';
  EXPECT_FALSE(parse_strict(text).has_value());
}

TEST(Strict, escapesPointers) {
  EXPECT_EQ(pointer_token("a/b~c"), "a~1b~0c");
  EXPECT_EQ(parse_strict(R"({"a/b~c":[0,{"x":tru}]})").error().pointer, "/a~1b~0c/1/x");
}

}  // namespace
}  // namespace sluice::json
