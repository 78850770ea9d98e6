// Every operation of the contract once with success, and the refusals that a client has to tell apart; the rig holds each answer to it.
#include "tests/contract/contract.hpp"
#include "tests/integration/held_to_contract.hpp"
#include "tests/integration/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace sluice::tests {
namespace {

using nlohmann::json;

class EveryOperation : public testing::Test {
 protected:
  EveryOperation() : rig_({"wuhan", "horinger"}, 3600) {
    rig_.start_daemon();
    rig_.open_accounts();
    token_ = rig_.add_tenant("acme", "1000");
    tenant_ = rig_.last_tenant();
  }
  ~EveryOperation() override { EXPECT_EQ(rig_.stop_daemon(), 0); }

  /// A status other than the one expected fails with the answer.
  Reply expect(int status, Reply reply) {
    EXPECT_EQ(reply.status, status) << reply.body;
    return reply;
  }
  /// Follows the tenant's events until one of that type is about the job.
  void wait_for(Client& client, std::string const& job, std::string const& type) {
    std::string next = "0";
    for (int polls = 0; polls < 200; ++polls) {
      Reply const page = client.get("/v1/events?since=" + next + "&wait=30&job=" + job + "&type=" + type);
      ASSERT_EQ(page.status, 200) << page.body;
      if (!page.body.at("data").empty()) return;
      next = page.body.at("next");
    }
    FAIL() << "no " << type << " of job " << job << '\n' << rig_.daemon_log();
  }
  void people();
  void money();
  void work();
  void controls();
  void log_and_health();

  Rig rig_;
  std::string token_;
  std::string tenant_;
};

void EveryOperation::people() {
  Client admin = rig_.local();
  std::string const body = R"({"name":"启明","class":"sme","region":"420100","contact":"ops@qiming.example"})";
  Reply const added = expect(201, admin.post("/v1/tenants", body, "people-1"));
  EXPECT_TRUE(expect(201, admin.post("/v1/tenants", body, "people-1")).replayed);
  EXPECT_EQ(expect(422, admin.post("/v1/tenants", R"({"name":"x","class":"sme"})", "people-1")).body.at("code"), "idempotency_key_reused");
  expect(400, admin.post("/v1/tenants", body, ""));
  expect(400, admin.post("/v1/tenants", body, std::string(256, 'k')));
  expect(422, admin.post("/v1/tenants", R"({"name":"","class":"other"})", "people-2"));
  expect(200, admin.get("/v1/tenants?limit=1"));
  std::string const path = "/v1/tenants/" + added.body.at("id").get<std::string>();
  Reply const shown = expect(200, admin.get(path));
  expect(304, admin.send("GET", path, "", "", {{"If-None-Match", shown.etag}}));
  std::string const suspend = R"({"status":"suspended","reason":"test"})";
  expect(428, admin.send("PATCH", path, suspend, ""));
  expect(412, admin.send("PATCH", path, suspend, "", {{"If-Match", "\"1\""}}));
  expect(200, admin.send("PATCH", path, suspend, "", {{"If-Match", shown.etag}}));
  Reply const now = expect(200, admin.get(path));
  expect(400, admin.send("DELETE", path, "", "", {{"If-Match", now.etag}}));
  expect(200, admin.send("DELETE", path + "?reason=asked", "", "", {{"If-Match", now.etag}}));
  // Again: whoever asked does not know whether the first time went through.
  EXPECT_EQ(expect(200, admin.del(path + "?reason=asked")).body.at("status"), "erased");
  EXPECT_EQ(expect(200, admin.get(path)).body.at("name"), nullptr);

  Reply const key = expect(201, admin.post("/v1/keys", json{{"role", "auditor"}, {"label", "night"}}.dump(), "people-3"));
  EXPECT_TRUE(key.body.contains("token"));
  Reply const again = expect(201, admin.post("/v1/keys", json{{"role", "auditor"}, {"label", "night"}}.dump(), "people-3"));
  EXPECT_FALSE(again.body.contains("token"));
  Reply const keys = expect(200, admin.get("/v1/keys?limit=1000"));
  std::vector<json> labels;
  for (auto const& each : keys.body.at("data")) labels.push_back(each.at("label"));
  EXPECT_THAT(labels, testing::Contains(json("night")));
  std::string const key_path = "/v1/keys/" + key.body.at("id").get<std::string>();
  expect(400, admin.del(key_path));
  expect(200, admin.del(key_path + "?reason=left"));
  EXPECT_EQ(rig_.client(key.body.at("token")).get("/v1/status").status, 401);

  json const account{{"cluster", "wuhan"}, {"holder", tenant_}, {"credential", "connector_wuhan"}, {"contract", "C-1"}, {"reason", "test"}};
  Reply const opened = expect(201, admin.post("/v1/accounts", account.dump(), "people-4"));
  expect(200, admin.get("/v1/accounts?tenant=" + tenant_));
  expect(200, admin.del("/v1/accounts/" + opened.body.at("id").get<std::string>() + "?reason=moved"));
  expect(200, admin.send("PUT", "/v1/quotas/" + tenant_, R"({"cluster":"wuhan","max_cards":16,"reason":"test"})", ""));
  expect(200, admin.get("/v1/quotas?tenant=" + tenant_));
  expect(404, admin.send("PUT", "/v1/quotas/nobody", R"({"cluster":"wuhan","max_cards":16,"reason":"test"})", ""));
}

void EveryOperation::money() {
  Client admin = rig_.local();
  Client proposer = rig_.client(rig_.add_key("operator"));
  Client approver = rig_.client(rig_.add_key("approver"));
  expect(201, proposer.post("/v1/deposits",
                            json{{"tenant", tenant_}, {"amount_yuan", "5.00"}, {"reference", "B-1"}, {"reason", "r"}}.dump(), "m1"));
  expect(200, rig_.client(token_).get("/v1/balances"));
  Reply const programmes = expect(200, admin.get("/v1/programmes"));
  ASSERT_FALSE(programmes.body.at("data").empty());
  json const& programme = programmes.body.at("data").at(0);
  json const voucher{{"programme", programme.at("name")},
                     {"version", programme.at("version")},
                     {"tenant", tenant_},
                     {"amount_yuan", "10.00"},
                     {"decision", "D-1"},
                     {"reason", "r"}};
  expect(201, admin.post("/v1/entitlements", voucher.dump(), "m2"));
  expect(200, admin.get("/v1/entitlements"));

  std::string const refund = json{{"kind", "refund"}, {"tenant", tenant_}, {"amount_yuan", "1.00"}, {"reason", "r"}}.dump();
  expect(403, admin.post("/v1/overrides", refund, "m3"));  // the socket is nobody in particular
  Reply const proposed = expect(202, proposer.post("/v1/overrides", refund, "m4"));
  std::string const path = "/v1/overrides/" + proposed.body.at("id").get<std::string>();
  expect(200, admin.get("/v1/overrides"));
  expect(200, admin.get(path));
  std::string const approve = R"({"decision":"approve","reason":"seen"})";
  expect(403, admin.post(path + "/approval", approve, "m5"));
  expect(403, proposer.post(path + "/approval", approve, "m6"));
  // A key that the proposer made is the proposer's other hand; so is one made by that hand.
  auto const made_by = [&](Client& maker, std::string const& role, std::string const& key) {
    return rig_.client(expect(201, maker.post("/v1/keys", json{{"role", role}, {"label", "x"}}.dump(), key)).body.at("token"));
  };
  Client other_hand = made_by(proposer, "approver", "m7");
  EXPECT_EQ(expect(403, other_hand.post(path + "/approval", approve, "m8")).body.at("code"), "approval_forbidden");
  Client puppet = made_by(proposer, "operator", "m9");
  Client puppets_hand = made_by(puppet, "approver", "m10");
  EXPECT_EQ(expect(403, puppets_hand.post(path + "/approval", approve, "m11")).body.at("code"), "approval_forbidden");
  expect(200, approver.post(path + "/approval", approve, "m12"));
  expect(404, approver.post(path + "/approval", approve, "m13"));
  std::string const disputed = R"({"liability":"centre","card_hours":"1","reason":"r"})";
  expect(404, proposer.post("/v1/attempts/999999/1/resolution", disputed, "m14"));
}

void EveryOperation::work() {
  Client client = rig_.client(token_);
  std::string const body = small_job("eval", "0.5", {"sleep", "1800"});
  expect(200, client.post("/v1/quotes", body, ""));
  Reply const submitted = expect(201, client.post("/v1/jobs", body, "w1"));
  std::string const job = submitted.body.at("id");
  EXPECT_EQ(expect(201, client.post("/v1/jobs", body, "w1")).body.at("id"), job);
  wait_for(client, job, "attempt.settled");
  std::string const path = "/v1/jobs/" + job;
  expect(200, client.get("/v1/jobs?state=completed"));
  expect(400, client.get("/v1/jobs?state=done"));
  expect(400, client.get("/v1/jobs?limit=1001"));
  expect(400, client.get("/v1/jobs?cursor=!"));
  Reply const done = expect(200, client.get(path));
  expect(304, client.send("GET", path, "", "", {{"If-None-Match", done.etag}}));
  expect(200, client.get(path + "/explain"));
  EXPECT_EQ(expect(200, client.get(path + "/explain?language=zh")).body.at("language"), "zh");
  Reply const output = expect(200, client.get(path + "/logs?lines=2"));
  if (output.body.at("next").is_string()) {
    Reply const more = expect(200, client.get(path + "/logs?after=" + output.body.at("next").get<std::string>()));
    EXPECT_EQ(more.body.at("text"), "");
  }
  expect(404, client.get(path + "/logs?attempt=9"));
  expect(200, client.get(path + "/receipt"));
  expect(400, client.get(path + "/logs?lines=0"));
  expect(200, client.del(path));  // ended: nothing to stop

  expect(200, client.get("/v1/offers"));
  expect(200, client.get("/v1/offers?cluster=wuhan&limit=1"));
  expect(200, client.get("/v1/clusters"));
  expect(200, client.get("/v1/clusters/wuhan"));
  expect(200, client.get("/v1/rounds?limit=2"));
  std::string const round = done.body.at("placement").at("round");
  Reply const whole = expect(200, client.get("/v1/rounds/" + round));
  EXPECT_EQ(whole.body.at("allocations").size(), 1U);
  expect(400, client.get("/v1/events?since=x"));
  expect(406, client.send("GET", "/v1/events", "", "", {{"Accept", "image/png"}}));

  json bad = json::parse(body);
  bad["deadline"] = "2020-01-01T00:00:00Z";
  Reply const late = expect(422, client.post("/v1/jobs", bad.dump(), "w2"));
  EXPECT_EQ(late.body.at("errors").at(0).at("pointer"), "/deadline");
  Reply const impossible = expect(422, client.post("/v1/jobs", small_job("big", "0.5", {"true"}, 5'000), "w3"));
  EXPECT_EQ(impossible.body.at("clusters").size(), 2U);
  expect(415, client.send("POST", "/v1/quotes", body, "", {{"Content-Encoding", "gzip"}}));
  Reply const chinese = expect(404, client.send("GET", "/v1/jobs/999999", "", "", {{"Accept-Language", "zh-CN"}}));
  EXPECT_EQ(chinese.body.at("title"), "找不到该对象");
}

void EveryOperation::controls() {
  Client admin = rig_.local();
  std::string const why = R"({"reason":"test"})";
  for (char const* path : {"/v1/rounds/pause", "/v1/rounds/resume", "/v1/dispatch/freeze", "/v1/dispatch/resume", "/v1/clock/accept",
                           "/v1/clusters/wuhan/cordon", "/v1/clusters/wuhan/drain", "/v1/clusters/wuhan/resume"})
    expect(200, admin.post(path, why, ""));
  expect(404, admin.post("/v1/clusters/nowhere/cordon", why, ""));
  expect(422, admin.post("/v1/rounds/pause", "{}", ""));
  expect(200, admin.get("/v1/status"));
}

void EveryOperation::log_and_health() {
  Client auditor = rig_.client(rig_.add_key("auditor"));
  for (char const* path :
       {"/livez", "/readyz", "/readyz?verbose", "/readyz?exclude=disk,clock", "/metrics", "/openapi.json", "/problems/disk_full",
        "/checkpoint", "/v1/log/key", "/tile/0/000.p/1", "/tile/entries/000.p/1", "/v1/log/blobs?limit=1", "/v1/entries/0/proof"})
    expect(200, auditor.get(path));
  Reply const blobs = expect(200, auditor.get("/v1/log/blobs"));
  ASSERT_FALSE(blobs.body.at("data").empty());
  expect(200, auditor.get("/blob/" + blobs.body.at("data").at(0).at("hash").get<std::string>()));
  for (char const* beyond :
       {"/v1/entries/999999/proof", "/v1/entries/00/proof", "/v1/entries/-1/proof", "/v1/entries/18446744073709551616/proof"})
    expect(404, auditor.get(beyond));
  expect(404, auditor.get("/problems/nothing"));
  EXPECT_EQ(auditor.send("PUT", "/v1/jobs", "{}", "").status, 405);
}

TEST_F(EveryOperation, IsAnsweredAsTheContractSays) {
  people();
  money();
  work();
  controls();
  log_and_health();
  std::set<std::string> const seen = answers_seen();
  // Its success needs a lost attempt: lost_cluster_test has one.
  std::set<std::string> const elsewhere{"resolveAttempt"};
  for (contract::Operation const& operation : contract::Contract::shared().operations()) {
    std::string const id = operation.node->at("operationId");
    bool const answered = std::ranges::any_of(seen, [&](std::string const& each) { return each.starts_with(id + " 2"); });
    EXPECT_TRUE(answered || elsewhere.contains(id)) << id << " was never answered with success";
  }
}

}  // namespace
}  // namespace sluice::tests
