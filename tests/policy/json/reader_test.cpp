// Checked reading: every error at once, each with its pointer, and never a silent conversion.
#include "policy/json/reader.hpp"

#include "policy/json/strict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::json {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

nlohmann::json parsed(std::string_view text) {
  auto document = parse_strict(text);
  EXPECT_TRUE(document.has_value()) << text;
  return document ? std::move(*document) : nlohmann::json();
}

std::vector<std::string> summary(Errors const& errors) {
  std::vector<std::string> out;
  for (auto const& error : errors.list()) out.push_back(error.pointer + " " + std::string(error.code));
  return out;
}

TEST(Reader, readsASoundDocument) {
  auto const document = parsed(R"({"name":"训练","gang":{"cards":8},"price":"5000.00","hours":"96.5","id":"9223372036854775807",
      "command":["bash","train.sh"],"environment":{"K":"V"},"class":"general","preemptible":false,"deadline":"2026-12-01T00:00:00+08:00"})");
  Errors errors;
  {
    Reader job(document, errors);
    EXPECT_EQ(job.required_string("name"), "训练");
    Reader gang = job.required_object("gang");
    EXPECT_EQ(gang.required_integer("cards", {1, 1024}), 8);
    EXPECT_EQ(job.required_money("price"), policy::yuan(5000));
    EXPECT_EQ(job.required_decimal("hours", {.fraction_digits = 3}), 96'500);
    EXPECT_EQ(job.required_decimal("id", {}), INT64_MAX);
    EXPECT_THAT(job.required_strings("command", {.min = 1, .max = 8}), ElementsAre("bash", "train.sh"));
    EXPECT_THAT(job.optional_string_map("environment", {}), ElementsAre(std::pair<std::string, std::string>("K", "V")));
    EXPECT_EQ(job.required_enum<int>("class", {{"public", 1}, {"general", 2}}), 2);
    EXPECT_FALSE(job.required_boolean("preemptible"));
    EXPECT_EQ(job.required_time("deadline").ms, 1'796'054'400'000);
    EXPECT_FALSE(job.optional_object("retry").present());
    EXPECT_EQ(job.optional_integer("absent", {}), std::nullopt);
  }
  EXPECT_THAT(summary(errors), IsEmpty());
}

TEST(Reader, collectsEveryErrorWithItsPointer) {
  auto const document = parsed(R"({"gang":{"cards":0,"cardz":1},"name":7,"list":[1,"x",2000],"price":5,"class":"generl","extra/key":1})");
  Errors errors;
  {
    Reader job(document, errors);
    job.required_string("name");
    Reader gang = job.required_object("gang");
    EXPECT_EQ(gang.required_integer("cards", {1, 1024}), 1);
    gang.finish();
    ArrayReader list = job.required_array("list", {});
    for (std::size_t i = 0; i < list.size(); ++i) list.integer(i, {0, 100});
    job.required_money("price");
    job.required_enum<int>("class", {{"public", 1}, {"general", 2}});
    job.required_integer("missing", {});
  }
  EXPECT_THAT(summary(errors), ElementsAre("/name wrong_type", "/gang/cards out_of_range", "/gang/cardz unknown_key", "/list/1 wrong_type",
                                           "/list/2 out_of_range", "/price wrong_type", "/class not_allowed", "/missing required",
                                           "/extra~1key unknown_key"));
  EXPECT_THAT(errors.list()[2].detail, HasSubstr("did you mean \"cards\"?"));
  EXPECT_THAT(errors.list()[6].detail, HasSubstr("must be one of \"public\", \"general\"; did you mean \"general\"?"));
}

struct IntegerCase {
  std::string_view text;
  bool accepted;
  std::int64_t value;
};

TEST(Reader, neverConvertsNumbers) {
  for (auto const& c : {IntegerCase{"0", true, 0},
                        {"-1", true, -1},
                        {"2147483648", true, 2147483648},
                        {"4294967297", true, 4294967297},
                        {"9007199254740993", true, 9007199254740993},
                        {"9223372036854775807", true, INT64_MAX},
                        {"2.0", false, 0},
                        {"2.9", false, 0},
                        {"1e3", false, 0},
                        {"true", false, 0},
                        {"\"8\"", false, 0},
                        {"null", false, 0},
                        {"[]", false, 0},
                        {"{}", false, 0}}) {
    auto const document = parsed("{\"n\":" + std::string(c.text) + "}");
    Errors errors;
    {
      Reader reader(document, errors);
      auto const value = reader.optional_integer("n", {INT64_MIN, INT64_MAX});
      EXPECT_EQ(value.has_value(), c.accepted) << c.text;
      EXPECT_EQ(value.value_or(c.value), c.value);
    }
    EXPECT_EQ(errors.empty(), c.accepted) << c.text;
  }
}

TEST(Reader, takesUnsignedValuesBuiltByHand) {
  nlohmann::json const document{{"a", std::uint64_t{7}}, {"b", UINT64_MAX}};
  Errors errors;
  Reader reader(document, errors);
  EXPECT_EQ(reader.required_integer("a", {}), 7);
  EXPECT_EQ(reader.required_integer("b", {}), 0);
  EXPECT_THAT(summary(errors), ElementsAre("/b out_of_range"));
  reader.finish();
}

TEST(Reader, holdsTheRulesOfStringsAndArrays) {
  auto const document = parsed(
      "{\"long\":\"abcd\",\"short\":\"\",\"esc\":\"a\\u001bb\",\"c1\":\"\\u0085\",\"ls\":\"\\u2028\",\"multi\":\"a\\nb\","
      "\"many\":[1,2,3],\"few\":[],\"map\":{\"a\\nb\":\"x\",\"c\":1}}");
  Errors errors;
  {
    Reader reader(document, errors);
    reader.required_string("long", {.bytes_max = 3});
    reader.required_string("short", {.bytes_min = 1});
    reader.required_string("esc");
    reader.required_string("c1");
    reader.required_string("ls");
    EXPECT_EQ(reader.required_string("multi", {.single_line = false}), "a\nb");
    EXPECT_EQ(reader.required_array("many", {.max = 2}).size(), 0u);
    reader.required_array("few", {.min = 1});
    EXPECT_THAT(reader.optional_string_map("map", {}), IsEmpty());
  }
  EXPECT_THAT(summary(errors), ElementsAre("/long too_long", "/short too_short", "/esc bad_format", "/c1 bad_format", "/ls bad_format",
                                           "/many too_many", "/few too_few", "/map/(unprintable or long) bad_format", "/map/c wrong_type"));
}

TEST(Reader, wrongContainersAreReportedOnce) {
  auto const document = parsed(R"({"gang":[],"list":{}})");
  Errors errors;
  {
    Reader reader(document, errors);
    Reader gang = reader.required_object("gang");
    EXPECT_FALSE(gang.present());
    gang.required_integer("cards", {1, 2});
    gang.required_string("x");
    EXPECT_EQ(reader.required_array("list", {}).size(), 0u);
  }
  EXPECT_THAT(summary(errors), ElementsAre("/gang wrong_type", "/list wrong_type"));
  Errors top;
  {
    Reader const reader(document["gang"], top);
  }
  EXPECT_THAT(summary(top), ElementsAre(" wrong_type"));
}

TEST(Reader, stopsListingAfterSixtyFour) {
  nlohmann::json document = nlohmann::json::object();
  for (int i = 0; i < 1'000; ++i) document["key" + std::to_string(i)] = i;
  Errors errors;
  {
    Reader const reader(document, errors);
  }
  ASSERT_EQ(errors.list().size(), 65u);
  EXPECT_EQ(errors.list().back().code, "too_many_errors");
}

TEST(Decimal, isExactAndStrict) {
  EXPECT_EQ(parse_decimal("96.5", 3), 96'500);
  EXPECT_EQ(parse_decimal("0", 0), 0);
  EXPECT_EQ(parse_decimal("0.001", 3), 1);
  EXPECT_EQ(parse_decimal("9223372036854775807", 0), INT64_MAX);
  EXPECT_EQ(parse_decimal("9223372036.854775807", 9), INT64_MAX);
  for (char const* text :
       {"", ".", "1.", ".5", "-1", "+1", " 1", "1 ", "1e3", "00", "01", "0x1", "1.2345", "1,5", "١", "9223372036854775808", "NaN"}) {
    EXPECT_FALSE(parse_decimal(text, 3).has_value()) << text;
  }
  EXPECT_FALSE(parse_decimal("1.0", 0).has_value());
  EXPECT_FALSE(parse_decimal("9223372036.854775808", 9).has_value());
}

TEST(NearestName, suggestsOnlyWhatIsNear) {
  std::vector<std::string> const names{"max_runtime_s", "max_cost_yuan", "name", "gang"};
  EXPECT_EQ(nearest_name("max_runtime", names), "max_runtime_s");
  EXPECT_EQ(nearest_name("nmae", names), "name");
  EXPECT_EQ(nearest_name("completely_else", names), "");
  EXPECT_EQ(nearest_name(std::string(10'000, 'x'), names), "");
}

}  // namespace
}  // namespace sluice::json
