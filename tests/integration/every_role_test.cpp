// Every operation of the contract × every kind of caller, each cell asserted: who may not gets 401 or 403, whose object it is not gets 404.
#include "tests/contract/contract.hpp"
#include "tests/integration/rig.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace sluice::tests {
namespace {

struct Who {
  std::string name;
  std::string role;  ///< as in x-sluice-roles; empty: none at all
  Client client;
};

/// The path of an operation with its parameters filled in, and what the query needs so that nothing waits.
std::string target_of(contract::Operation const& operation, std::map<std::string, std::string> const& parameters) {
  std::string path = operation.path;
  for (auto const& [name, value] : parameters) {
    std::string const braced = '{' + name + '}';
    if (auto const at = path.find(braced); at != std::string::npos) path.replace(at, braced.size(), value);
  }
  if (operation.path == "/v1/events") path += "?wait=0";
  return path;
}

bool listed(nlohmann::json const& list, std::string const& value) { return std::ranges::find(list, nlohmann::json(value)) != list.end(); }

class EveryRole : public testing::Test {
 protected:
  EveryRole() : rig_({"wuhan"}, 3600) {
    rig_.configure("requests_burst", "10000\nunauthenticated_per_minute = 6000");  // this test guesses more than an address may
    rig_.start_daemon();
    owner_ = rig_.add_tenant("acme", "1000");
    owner_tenant_ = rig_.last_tenant();
    other_ = rig_.add_tenant("other", "1000");
    Reply const submitted = rig_.client(owner_).post("/v1/jobs", small_job("mine", "0.1", {"sleep", "60"}), "mine");
    job_ = submitted.body.at("id");
    Reply const keys = rig_.client(owner_).get("/v1/keys");
    key_ = keys.body.at("data").at(0).at("id");
  }
  Rig rig_;
  std::string owner_, owner_tenant_, other_, job_, key_;
};

// No accounts are open, so the job waits and nothing moves. Bodies are empty objects: a caller who is let in fails on them, later.
TEST_F(EveryRole, EveryCellIsAnsweredAsTheContractSays) {
  std::string wrong = owner_;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  std::vector<Who> callers;
  callers.push_back({"no key", "", rig_.client("")});
  callers.push_back({"wrong key", "", rig_.client(wrong)});
  callers.push_back({"owner", "tenant", rig_.client(owner_)});
  callers.push_back({"other tenant", "tenant", rig_.client(other_)});
  callers.push_back({"operator", "operator", rig_.client(rig_.add_key("operator"))});
  callers.push_back({"approver", "approver", rig_.client(rig_.add_key("approver"))});
  callers.push_back({"auditor", "auditor", rig_.client(rig_.add_key("auditor"))});
  callers.push_back({"socket", "socket", rig_.local()});

  int cells = 0;
  for (contract::Operation const& operation : contract::Contract::shared().operations()) {
    nlohmann::json const& node = *operation.node;
    nlohmann::json const& roles = node.at("x-sluice-roles");
    bool const open = listed(roles, "public");
    bool const has_body = node.contains("requestBody");
    for (Who& who : callers) {
      // Things that are nowhere, so that whoever is let in changes nothing.
      std::map<std::string, std::string> const nowhere{
          {"id", "999999"},      {"name", "nowhere"}, {"n", "999999"},  {"job", "999999"},      {"number", "1"},
          {"code", "not_found"}, {"level", "0"},      {"index", "999"}, {"sequence", "999999"}, {"sha256", std::string(64, '0')}};
      std::string const target = target_of(operation, nowhere);
      Reply const reply = who.client.send(operation.method, target, has_body ? "{}" : "", has_body ? who.name.substr(0, 2) + "-k" : "");
      bool const may = open || (who.role == "socket" ? node.at("x-sluice-socket").get<bool>() : listed(roles, who.role));
      std::string const cell = operation.name() + " by " + who.name + ": " + std::to_string(reply.status) + ' ' + reply.body.dump();
      ++cells;
      if (!open && who.role.empty()) {
        EXPECT_EQ(reply.status, 401) << cell;
      } else if (!may) {
        EXPECT_EQ(reply.status, 403) << cell;
      } else {
        EXPECT_NE(reply.status, 401) << cell;
        EXPECT_NE(reply.status, 403) << cell;
        EXPECT_LT(reply.status, 500) << cell;
      }
    }
  }
  EXPECT_GT(cells, 400);
  EXPECT_EQ(rig_.stop_daemon(), 0);
}

// What belongs to another tenant looks exactly like what is not there.
TEST_F(EveryRole, AnotherTenantsThingsAreNotThere) {
  Client stranger = rig_.client(other_);
  auto const without_id = [](nlohmann::json document) {
    document.erase("request_id");
    document.erase("instance");
    return document;
  };
  struct Thing {
    std::string method, mine, nowhere;
  };
  for (Thing const& thing : {Thing{"GET", "/v1/jobs/" + job_, "/v1/jobs/999999"}, Thing{"DELETE", "/v1/jobs/" + job_, "/v1/jobs/999999"},
                             Thing{"GET", "/v1/jobs/" + job_ + "/explain", "/v1/jobs/999999/explain"},
                             Thing{"GET", "/v1/jobs/" + job_ + "/logs", "/v1/jobs/999999/logs"},
                             Thing{"GET", "/v1/jobs/" + job_ + "/receipt", "/v1/jobs/999999/receipt"},
                             Thing{"GET", "/v1/tenants/" + owner_tenant_, "/v1/tenants/nobody"},
                             Thing{"DELETE", "/v1/keys/" + key_ + "?reason=x", "/v1/keys/nowhere?reason=x"}}) {
    Reply const theirs = stranger.send(thing.method, thing.mine, "", "");
    Reply const nowhere = stranger.send(thing.method, thing.nowhere, "", "");
    EXPECT_EQ(theirs.status, 404) << thing.mine;
    EXPECT_EQ(without_id(theirs.body), without_id(nowhere.body)) << thing.mine;
  }
  // Lists, cursors of the owner's, filters that name the owner, and the owner's Idempotency-Key.
  Reply const page = rig_.client(owner_).get("/v1/jobs?limit=1");
  EXPECT_EQ(page.body.at("data").size(), 1U);
  for (std::string const& target :
       {std::string("/v1/jobs"), "/v1/jobs?tenant=" + owner_tenant_, std::string("/v1/jobs?cursor=czzzzzz"),
        "/v1/keys?tenant=" + owner_tenant_, "/v1/balances?tenant=" + owner_tenant_, "/v1/entitlements?tenant=" + owner_tenant_,
        "/v1/quotas?tenant=" + owner_tenant_, "/v1/accounts?tenant=" + owner_tenant_, std::string("/v1/events?since=0&wait=0"),
        "/v1/events?since=0&wait=0&job=" + job_}) {
    Reply const reply = stranger.get(target);
    EXPECT_EQ(reply.status, 200) << target;
    std::string const shown = reply.body.at("data").dump();
    EXPECT_EQ(shown.find(owner_tenant_), std::string::npos) << target << ' ' << shown;
    EXPECT_EQ(shown.find("\"id\":\"" + job_ + '"'), std::string::npos) << target << ' ' << shown;
    EXPECT_EQ(shown.find("\"job\":\"" + job_ + '"'), std::string::npos) << target << ' ' << shown;
  }
  Reply const own = stranger.post("/v1/jobs", small_job("theirs", "0.1", {"sleep", "60"}), "mine");
  EXPECT_EQ(own.status, 201) << own.body;
  EXPECT_FALSE(own.replayed);
  EXPECT_NE(own.body.at("id"), job_);
  EXPECT_EQ(rig_.stop_daemon(), 0);
}

}  // namespace
}  // namespace sluice::tests
