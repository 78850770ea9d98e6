// Order, commas, escapes and large ids of the writer of answers.
#include "policy/json/text_writer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>

namespace sluice::json {
namespace {

TEST(TextWriter, WritesInTheOrderGivenWithCommasWhereTheyBelong) {
  std::string out;
  TextWriter writer(out);
  writer.begin_object().key("z").integer(-1).key("a").begin_array().integer(1).string("x").begin_object().end_object().end_array();
  writer.key("empty").begin_array().end_array().key("no").null().key("yes").boolean(true).key("raw").raw(R"({"k":[]})").end_object();
  EXPECT_EQ(out, R"({"z":-1,"a":[1,"x",{}],"empty":[],"no":null,"yes":true,"raw":{"k":[]}})");
}

TEST(TextWriter, EscapesWhatJsonDemands) {
  std::string const text = "quote \" back \\ line \n bell \x07 汉";
  std::string out;
  TextWriter(out).string(text);
  EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), text);
}

TEST(TextWriter, WritesIdsOfAnySizeAsDecimalStrings) {
  std::string out;
  TextWriter(out).decimal(UINT64_MAX);
  EXPECT_EQ(out, R"("18446744073709551615")");
}

}  // namespace
}  // namespace sluice::json
