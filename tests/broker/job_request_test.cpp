// What a job's body may hold: the contract's ranges are the reader's, and nothing in it can climb, inject or be cut short.
#include "broker/api/job_request.hpp"

#include "broker/api/problems.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

constexpr policy::Timestamp today{1'795'000'000'000};  // November 2026

json sound() {
  return json::parse(R"({"name":"x","gang":{"cards":1,"min_memory_gib":1,"interconnect_min_gbps":1,"cpus":1,"memory_gib":1},
    "variants":[{"framework":"cuda","accelerators":[{"type":"A100","throughput_ppm":1000000}],"image":"hub.example/a:1","command":["a"],
                 "environment":{"K":"v"},"porting_hours":"1"}],
    "work":{"reference":"A100","card_hours":"1"},"max_runtime_s":60,"inputs":["obs://b/in/"],"outputs":["obs://b/out/"],"checkpoint":"obs://b/c/",
    "retry":{"max_attempts":1},"max_cost_yuan":"1.00","deadline":"2027-01-01T00:00:00+08:00","data":{"class":"general","gib":1}})");
}

/// Pointers of the wrong fields; empty when the body is taken.
std::vector<std::string> wrong_in(json const& body) {
  auto const read = read_job_request(body.dump(), today);
  std::vector<std::string> pointers;
  if (!read)
    for (auto const& error : read.error().errors) pointers.push_back(error.pointer);
  return pointers;
}

std::vector<std::string> wrong_with(char const* pointer, json const& value) {
  json body = sound();
  body[Pointer(pointer)] = value;
  return wrong_in(body);
}

TEST(JobRequest, TakesASoundBody) { EXPECT_EQ(wrong_in(sound()), std::vector<std::string>()); }

TEST(JobRequest, IntegersHaveTheRangesOfTheContract) {
  json const schemas = json::parse(openapi_text()).at("components").at("schemas");
  struct Field {
    char const* pointer;
    json schema;
  };
  json const& job = schemas.at("JobRequest").at("properties");
  json const& gang = schemas.at("Gang").at("properties");
  for (Field const& field :
       {Field{"/gang/cards", gang.at("cards")}, Field{"/gang/min_memory_gib", gang.at("min_memory_gib")},
        Field{"/gang/interconnect_min_gbps", gang.at("interconnect_min_gbps")}, Field{"/gang/cpus", gang.at("cpus")},
        Field{"/gang/memory_gib", gang.at("memory_gib")}, Field{"/max_runtime_s", job.at("max_runtime_s")},
        Field{"/variants/0/accelerators/0/throughput_ppm", schemas.at("VariantAccelerator").at("properties").at("throughput_ppm")},
        Field{"/retry/max_attempts", job.at("retry").at("properties").at("max_attempts")},
        Field{"/data/gib", job.at("data").at("properties").at("gib")}}) {
    auto const least = field.schema.at("minimum").get<std::int64_t>();
    auto const most = field.schema.at("maximum").get<std::int64_t>();
    std::vector<std::string> const itself{field.pointer};
    for (std::int64_t const good : {least, most})
      EXPECT_EQ(wrong_with(field.pointer, good), std::vector<std::string>()) << field.pointer << ' ' << good;
    for (json const& bad : {json(least - 1), json(most + 1), json(most + (std::int64_t{1} << 32)), json(9007199254740993), json(INT64_MAX),
                            json(INT64_MIN), json(2.0), json(true), json("8"), json(nullptr), json::array(), json::object()})
      EXPECT_EQ(wrong_with(field.pointer, bad), itself) << field.pointer << ' ' << bad;
  }
}

TEST(JobRequest, MoneyAndHoursArePlainDecimalText) {
  for (char const* bad : {"5000.0000001", "1e3", "-1", "+5", "５", "0", "0.00", "05", ".5", "5.", " 5", "5 ", "1,000", "1000000000001",
                          "99999999999999999999", ""})
    EXPECT_EQ(wrong_with("/max_cost_yuan", bad), std::vector<std::string>{"/max_cost_yuan"}) << bad;
  EXPECT_EQ(wrong_with("/max_cost_yuan", 5000), std::vector<std::string>{"/max_cost_yuan"});
  EXPECT_TRUE(wrong_with("/max_cost_yuan", "5000.001").empty());
  for (char const* bad : {"0", "0.000001", "1000000000", "-1", "1e2", "９", ""})
    EXPECT_EQ(wrong_with("/work/card_hours", bad), std::vector<std::string>{"/work/card_hours"}) << bad;
  EXPECT_TRUE(wrong_with("/work/card_hours", "999999999.99999").empty());
  EXPECT_EQ(wrong_with("/variants/0/porting_hours", "100000.00001"), std::vector<std::string>{"/variants/0/porting_hours"});
}

TEST(JobRequest, DeadlinesAreRfc3339WithOffsetAndInTheFuture) {
  for (char const* good :
       {"2027-01-01T00:00:00Z", "2027-01-01T00:00:00.123+08:00", "2027-01-01T00:00:00-00:00", "2028-02-29T23:59:59+23:59"})
    EXPECT_TRUE(wrong_with("/deadline", good).empty()) << good;
  for (char const* bad : {"2027-01-01T00:00:00", "2027-01-01", "2027-01-01t00:00:00z", "2027-01-01 00:00:00Z", "2027-06-30T23:59:60Z",
                          "2027-02-29T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:00:00+24:00", "2027-01-01T00:00:00+0800",
                          "2027-01-01T00:00:00.1234Z", "10000-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z ", ""})
    EXPECT_EQ(wrong_with("/deadline", bad), std::vector<std::string>{"/deadline"}) << bad;
}

TEST(JobRequest, PathsStayBelowTheirPrefix) {
  for (char const* bad : {"obs://b/../etc/", "obs://b/in/..", "..", "./x", "obs://b/./in/"}) {
    EXPECT_EQ(wrong_with("/inputs", json::array({bad})), std::vector<std::string>{"/inputs"}) << bad;
    EXPECT_EQ(wrong_with("/outputs", json::array({"obs://b/ok/", bad})), std::vector<std::string>{"/outputs"}) << bad;
    EXPECT_EQ(wrong_with("/checkpoint", bad), std::vector<std::string>{"/checkpoint"}) << bad;
  }
  for (char const* good : {"obs://b/..hidden/", "obs://b/a..b/", "obs://b/...", "obs://b//in/"})
    EXPECT_TRUE(wrong_with("/inputs", json::array({good})).empty()) << good;
}

TEST(JobRequest, NothingReachesACommandLineThatShouldNot) {
  std::string const nul("a\0b", 3);
  EXPECT_EQ(wrong_with("/variants/0/command", json::array({"sh", nul})), std::vector<std::string>{"/variants/0/command"});
  EXPECT_EQ(wrong_with("/variants/0/command", json::array()), std::vector<std::string>{"/variants/0/command"});
  EXPECT_TRUE(wrong_with("/variants/0/command", json::array({"sh", "-c", "echo a\necho b"})).empty());
  for (char const* bad : {"A=B", "A B", "1A", "A;rm", "Ä", ""})
    EXPECT_FALSE(wrong_with("/variants/0/environment", json{{bad, "v"}}).empty()) << bad;
  EXPECT_FALSE(wrong_with("/variants/0/environment", json{{"A", nul}}).empty());
  EXPECT_TRUE(wrong_with("/variants/0/environment", json{{"_A9", "line\nline"}}).empty());
  for (char const* bad : {"--privileged", "-v/:/host", "hub.example/../root/x", "hub.example/a b", "hub.example/a;b", "hub.example/a$(x)",
                          "hub.example/ä", ""})
    EXPECT_EQ(wrong_with("/variants/0/image", bad), std::vector<std::string>{"/variants/0/image"}) << bad;
  EXPECT_TRUE(wrong_with("/variants/0/image", "registry.example:5000/team/x@sha256:0123abc").empty());
}

}  // namespace
}  // namespace sluice::broker::api
