// Canonical text: RFC 8785's own examples where our subset reaches, and what the writer must refuse to write.
#include "policy/json/canonical_writer.hpp"

#include "policy/json/strict.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace sluice::json {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

TEST(CanonicalString, followsTheStandardsExample) {
  // RFC 8785 §3.2.2: "string" of the sample object, parsed and written again.
  auto const sample = parse_strict(R"({"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})");
  ASSERT_TRUE(sample.has_value());
  EXPECT_EQ(canonicalise(*sample), "{\"literals\":[null,true,false],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(CanonicalString, escapesExactlyTheControlsQuoteAndBackslash) {
  for (int byte = 0; byte < 0x80; ++byte) {
    std::string const text(1, static_cast<char>(byte));
    std::string wanted;
    switch (byte) {
      case 0x08:
        wanted = "\\b";
        break;
      case 0x09:
        wanted = "\\t";
        break;
      case 0x0a:
        wanted = "\\n";
        break;
      case 0x0c:
        wanted = "\\f";
        break;
      case 0x0d:
        wanted = "\\r";
        break;
      case '"':
        wanted = "\\\"";
        break;
      case '\\':
        wanted = "\\\\";
        break;
      default: {
        char buffer[8];
        if (byte < 0x20) {
          std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(byte));
          wanted = buffer;
        } else {
          wanted = text;
        }
      }
    }
    EXPECT_EQ(in_quotes(text), "\"" + wanted + "\"") << byte;
    EXPECT_EQ(in_quotes("a" + text + "b"), "\"a" + wanted + "b\"") << byte;
  }
  EXPECT_EQ(in_quotes("\xe2\x80\xa8\x7f\xf0\x9f\x98\x80"), "\"\xe2\x80\xa8\x7f\xf0\x9f\x98\x80\"");
}

TEST(CanonicalWriter, writesNestedValues) {
  std::string out = "before ";
  CanonicalWriter writer(out);
  writer.begin_object()
      .key("@")
      .string("job.accepted/1")
      .key("a")
      .begin_array()
      .integer(1)
      .integer(-2)
      .begin_object()
      .end_object()
      .end_array();
  EXPECT_FALSE(writer.complete());
  writer.key("b").boolean(false).key("c").null().key("d").decimal(INT64_MIN).key("e").decimal(UINT64_MAX).key("f").raw("[1]").end_object();
  EXPECT_TRUE(writer.complete());
  EXPECT_EQ(
      out,
      R"(before {"@":"job.accepted/1","a":[1,-2,{}],"b":false,"c":null,"d":"-9223372036854775808","e":"18446744073709551615","f":[1]})");
}

// RFC 8785 appendix B: the integers of its table that keep their value everywhere.
TEST(CanonicalWriter, writesIntegersUpToTheSafeOnes) {
  std::string out;
  CanonicalWriter(out).begin_array().integer(0).integer(9007199254740991).integer(-9007199254740991).end_array();
  EXPECT_EQ(out, "[0,9007199254740991,-9007199254740991]");
}

TEST(Canonicalise, sortsKeysAsTheStandardDoes) {
  // The ASCII part of RFC 8785 §3.2.3's sample, without the key that needs an escape.
  auto const sample = parse_strict(R"({"1":"One","</script>":"Browser","@":"x","Z":0,"a":0,"10":"Ten"})");
  EXPECT_EQ(canonicalise(*sample), R"({"1":"One","10":"Ten","</script>":"Browser","@":"x","Z":0,"a":0})");
}

TEST(Canonicalise, saysWhatItCannotWrite) {
  EXPECT_EQ(canonicalise(*parse_strict(R"({"a":[0,1.5]})")).error(), "/a/1: a number with a fraction or exponent has no place here");
  EXPECT_EQ(canonicalise(*parse_strict("[9007199254740992]")).error(), "/0: integer beyond 2^53 - 1");
  EXPECT_EQ(canonicalise(*parse_strict("[-9007199254740992]")).error(), "/0: integer beyond 2^53 - 1");
  EXPECT_FALSE(canonicalise(*parse_strict("{\"\\u00e9\":1}")).has_value());
  EXPECT_FALSE(canonicalise(*parse_strict("{\"\\n\":1}")).has_value());
  EXPECT_FALSE(canonicalise(nlohmann::json("\xff")).has_value());
  nlohmann::json deep = 1;
  for (int i = 0; i < 65; ++i) deep = nlohmann::json::array({deep});
  EXPECT_FALSE(canonicalise(deep).has_value());
  EXPECT_TRUE(canonicalise(deep[0]).has_value());
}

TEST(Canonicalise, isAFixedPoint) {
  std::string const once = canonicalise(*parse_strict(R"( {"b" : [ 1 , "\u00e9\u0001" ] , "a" : { "y" : null , "x" : -0 } } )")).value();
  EXPECT_EQ(once, "{\"a\":{\"x\":0,\"y\":null},\"b\":[1,\"\xc3\xa9\\u0001\"]}");
  EXPECT_EQ(canonicalise(*parse_strict(once)), once);
}

using CanonicalWriterDeathTest = testing::Test;

TEST(CanonicalWriterDeathTest, assertsOurOwnMistakes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::string out;
  EXPECT_DEATH(CanonicalWriter(out).begin_object().key("b").null().key("a"), "strictly ascending");
  EXPECT_DEATH(CanonicalWriter(out).begin_object().key("a").null().key("a"), "strictly ascending");
  EXPECT_DEATH(CanonicalWriter(out).begin_object().key("\xc3\xa9"), "ASCII");
  EXPECT_DEATH(CanonicalWriter(out).begin_object().integer(1), "needs its key");
  EXPECT_DEATH(CanonicalWriter(out).integer(integer_max + 1), "decimal strings");
  EXPECT_DEATH(CanonicalWriter(out).begin_array().end_object(), "ends must match");
  EXPECT_DEATH(CanonicalWriter(out).integer(1).integer(2), "one value");
  EXPECT_DEATH(CanonicalWriter(out).string("\xff"), "utf8");
}

}  // namespace
}  // namespace sluice::json
