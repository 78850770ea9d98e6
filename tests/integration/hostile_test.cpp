// Hostile input through the real daemon: a clear error each time, no crash, bounded memory, and the daemon goes on.
#include "tests/integration/rig.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace sluice::tests {
namespace {

/// Resident memory of a process in KiB.
long resident_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  return -1;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

class Hostile : public testing::Test {
 protected:
  Hostile() : rig_({"wuhan"}, 3600) {
    rig_.start_daemon();
    token_ = rig_.add_tenant("acme", "1000");
  }
  ~Hostile() override {
    Client probe = rig_.local();
    EXPECT_EQ(probe.get("/readyz").status, 200) << "the daemon did not survive";
    EXPECT_EQ(rig_.stop_daemon(), 0);
  }
  Rig rig_;
  std::string token_;
};

TEST_F(Hostile, BodiesThatAreNoStrictJsonGet400) {
  Client client = rig_.client(token_);
  std::vector<std::string> const bodies{
      "{",
      "{\"a\":1}x",
      std::string("{\"a\":1}\0x", 9),
      "\xef\xbb\xbf{}",
      "{\"a\":1,\"a\":2}",
      "{\"a\":NaN}",
      "{\"a\":01}",
      "{\"a\":\"\xff\"}",
      "{\"a\":\"\\ud800\"}",
      "{\"a\":18446744073709551616}",
      "{\"a\":1e999}",
      nested(65),
      nested(100'000),
      "{\"a\":" + nested(200'000) + "}",
  };
  long const before = resident_kib(rig_.daemon_pid());
  int number = 0;
  for (std::string const& body : bodies) {
    Reply const reply = client.post("/v1/jobs", body, "h" + std::to_string(number++));
    EXPECT_EQ(reply.status, 400) << body.substr(0, 60);
    EXPECT_EQ(reply.body.value("code", ""), "malformed_json") << body.substr(0, 60);
  }
  EXPECT_LT(resident_kib(rig_.daemon_pid()) - before, 50 * 1024);
}

TEST_F(Hostile, EveryWrongFieldIsNamedAtOnce) {
  Client client = rig_.client(token_);
  nlohmann::json job = nlohmann::json::parse(small_job("x", "0.1", {"true"}));
  job["gang"]["cards"] = 2147483648;
  job["max_runtime_s"] = 2.5;
  job["work"]["card_hours"] = 1;
  job["max_cost_yuan"] = "1e3";
  job["colour"] = "red";
  Reply const reply = client.post("/v1/jobs", job.dump(), "fields");
  EXPECT_EQ(reply.status, 422);
  std::vector<std::string> pointers;
  for (auto const& error : reply.body.at("errors")) pointers.push_back(error.at("pointer"));
  for (char const* wanted : {"/gang/cards", "/max_runtime_s", "/work/card_hours", "/max_cost_yuan", "/colour"})
    EXPECT_NE(std::ranges::find(pointers, wanted), pointers.end()) << wanted << " not in " << reply.body;
}

TEST_F(Hostile, IntegersAtEveryEdgeAreExactOrRefused) {
  Client client = rig_.client(token_);
  int number = 0;
  for (char const* value : {"-1", "0", "2147483647", "2147483648", "4294967297", "9007199254740993", "9223372036854775807",
                            "9223372036854775808", "18446744073709551617", "2.0", "true", "\"8\"", "null", "1e3"}) {
    std::string body = small_job("x", "0.1", {"true"});
    std::size_t const at = body.find("\"cards\":1");
    ASSERT_NE(at, std::string::npos);
    body.replace(at, 9, std::string("\"cards\":") + value);
    Reply const reply = client.post("/v1/jobs", body, "i" + std::to_string(number++));
    EXPECT_TRUE(reply.status == 400 || reply.status == 422) << value << " gave " << reply.status;
  }
}

TEST_F(Hostile, ALargeAnswerIsReplayedWhole) {
  Client client = rig_.client(token_);
  // Quotes grow twice on their way into the store: by being part of a body, and by that body being part of the stored answer.
  nlohmann::json job = nlohmann::json::parse(small_job("x", "0.1", {"true"}));
  job["variants"][0]["command"] = std::vector<std::string>(100, std::string(4'000, '"'));
  Reply const first = client.post("/v1/jobs", job.dump(), "large");
  ASSERT_EQ(first.status, 201) << first.body;
  Reply const again = client.post("/v1/jobs", job.dump(), "large");
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.body, first.body);
}

TEST_F(Hostile, AResumeBeyondTheEndOfCountingShowsNothing) {
  Client client = rig_.client(token_);
  Reply const page = client.get("/v1/events?since=18446744073709551615&wait=0");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.body.at("data").empty()) << page.body;
}

TEST_F(Hostile, WithoutTheRightKeyNothingIsTold) {
  Client nobody = rig_.client("");
  EXPECT_EQ(nobody.get("/v1/jobs").status, 401);
  Client wrong = rig_.client(token_.substr(0, token_.size() - 1) + (token_.back() == 'A' ? "B" : "A"));
  EXPECT_EQ(wrong.get("/v1/jobs").status, 401);
  Client tenant = rig_.client(token_);
  EXPECT_EQ(tenant.get("/v1/tenants").status, 403);
  EXPECT_EQ(tenant.post("/v1/deposits", "{}", "d").status, 403);
}

}  // namespace
}  // namespace sluice::tests
