// The quick way never says anything else than the slow way.
#include "policy/json/quick_parse.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace sluice::json {
namespace {

/// An escape somewhere in a text leaves all of it to the slow way.
std::expected<nlohmann::json, ParseError> parse_slowly(std::string const& text) {
  std::string const pair = R"(["\u0041",)" + text + "]";
  EXPECT_FALSE(parse_quickly(pair, {}));
  auto parsed = parse_strict(pair);
  if (!parsed) return std::unexpected(parsed.error());
  return parsed->at(1);
}

std::string const sound_text = R"({"a":[1,-2.5e3,"é\n\\",-0,-0.0],"b":{"c":null,"d":true,"":9223372036854775807}})";

TEST(QuickParse, TakesTheCommonCase) {
  auto const quick = parse_quickly(sound_text, {});
  ASSERT_TRUE(quick);
  EXPECT_EQ(*quick, *parse_slowly(sound_text));
}

TEST(QuickParse, KeepsTheKindsOfNumbers) {
  auto const quick = parse_quickly("[0,-0,7,-7,1.0,1e2,-0.0,9223372036854775807,-9223372036854775808]", {});
  ASSERT_TRUE(quick);
  for (std::size_t i : {0u, 1u, 2u, 3u, 7u, 8u}) EXPECT_EQ((*quick)[i].type(), nlohmann::json::value_t::number_integer) << i;
  for (std::size_t i : {4u, 5u, 6u}) EXPECT_EQ((*quick)[i].type(), nlohmann::json::value_t::number_float) << i;
}

TEST(QuickParse, LeavesToTheSlowWayWhatMayBeRefused) {
  for (std::string const text : {R"(["\ud800"])", R"(["\udfff"])", R"(["\u0041"])", R"({"a":1,"a":2})", "[9223372036854775808]",
                                 "[18446744073709551616]", "[1e400]", "\xef\xbb\xbf{}", "[1] 2", "", " ", "[\"\xed\xa0\x80\"]"})
    EXPECT_FALSE(parse_quickly(text, {})) << text;
}

TEST(QuickParse, AgreesOnEveryByteChanged) {
  std::string const bytes("\x00\x01\x09\x0a\x1f !\"#+,-./01279:E[\\]aenu{}\x7f\x80\xbf\xc0\xc3\xed\xf4\xff", 38);
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < sound_text.size(); ++i) {
    for (char const byte : bytes) {
      std::string changed = sound_text;
      changed[i] = byte;
      auto const quick = parse_quickly(changed, {});
      if (!quick) continue;
      ++accepted;
      auto const slow = parse_slowly(changed);
      ASSERT_TRUE(slow) << changed;
      EXPECT_EQ(quick->dump(), slow->dump());
    }
  }
  EXPECT_GT(accepted, sound_text.size());
}

TEST(QuickParse, LeavesVeryLongTextsToTheSlowWay) {
  Limits const limits{.bytes_max = 4 * quick_bytes_max, .string_bytes_max = 2 * quick_bytes_max};
  std::string const text = '"' + std::string(quick_bytes_max - 2, 'a') + '"';
  EXPECT_TRUE(parse_quickly(text, limits));
  EXPECT_FALSE(parse_quickly(text + ' ', limits));
  EXPECT_TRUE(parse_strict(text + ' ', limits));
}

TEST(QuickParse, HoldsEveryLimitExactly) {
  auto const holds = [](Limits const& limits, std::string_view allowed, std::string_view beyond) {
    return parse_quickly(allowed, limits).has_value() && !parse_quickly(beyond, limits).has_value();
  };
  EXPECT_TRUE(holds({.bytes_max = 5}, R"("abc")", R"("abcd")"));
  EXPECT_TRUE(holds({.depth_max = 2}, "[[]]", "[[[]]]"));
  EXPECT_TRUE(holds({.keys_max = 2}, R"({"a":{"b":1}})", R"({"a":{"b":1},"c":2})"));
  EXPECT_TRUE(holds({.values_max = 3}, "[1,2]", "[1,[],2]"));
  EXPECT_TRUE(holds({.key_bytes_max = 3}, R"({"abc":1})", R"({"abcd":1})"));
  EXPECT_TRUE(holds({.string_bytes_max = 3}, R"(["abc"])", R"(["abcd"])"));
}

}  // namespace
}  // namespace sluice::json
