// Every verb against a broker that keeps the contract: each request is valid, each answer can be shown.
#include "tests/tools/ctl/contract_broker.hpp"
#include "tests/tools/ctl/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sluice::ctl_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Case {
  std::vector<std::string> arguments;
  std::string operation;  ///< asked for last
  std::string shows;      ///< in standard output
};

void PrintTo(Case const& each, std::ostream* out) { *out << fmt::format("{}", fmt::join(each.arguments, " ")); }

std::vector<Case> const& cases() {
  static std::string const why = "--reason=because";
  static std::vector<Case> const list = {
      {{"submit",
        "--image=hub.example/eval:2",
        "--name=eval",
        "--accelerator=A100",
        "--accelerator=H800=1300000",
        "--reference=A100",
        "--card-hours=0.5",
        "--max-runtime=1h",
        "--max-cost=20.00",
        "--env=K=V",
        "--input=obs://b/in/",
        "--attempts=2",
        "--region=520000",
        "--data-gib=20",
        "--deadline=2026-12-01T00:00:00+08:00",
        "--cpus=8",
        "--preemptible",
        "--",
        "python",
        "eval.py",
        "--fast"},
       "POST /v1/jobs",
       "48213\n"},
      {{"submit", "-"}, "POST /v1/jobs", "48213\n"},
      {{"quote", "-"}, "POST /v1/quotes", "qingyang"},
      {{"list", "--state=running", "--tenant=t-7k3m9q2x"}, "GET /v1/jobs", "llama-ft"},
      {{"get", "48213"}, "GET /v1/jobs/{id}", "llama-ft"},
      {{"watch", "48213"}, "GET /v1/jobs/{id}", "Job 48213 completed. Paid: 667.97 yuan."},
      {{"logs", "48213", "--lines=5", "--attempt=1"}, "GET /v1/jobs/{id}/logs", "step 1210"},
      {{"cancel", "48213", why}, "DELETE /v1/jobs/{id}", "Job 48213"},
      {{"explain", "48213", "--details"}, "GET /v1/jobs/{id}/explain", "capacity_short"},
      {{"receipt", "48213"}, "GET /v1/jobs/{id}/receipt", "c2sp.org/tlog-proof@v1\n"},
      {{"offers", "--cluster=qingyang", "--accelerator=A100"}, "GET /v1/offers", "cluster_unreachable"},
      {{"clusters"}, "GET /v1/clusters", "qingyang"},
      {{"clusters", "qingyang"}, "GET /v1/clusters/{name}", "A100"},
      {{"programmes"}, "GET /v1/programmes", "qingyang-2024"},
      {{"rounds"}, "GET /v1/rounds", "911"},
      {{"rounds", "show", "911"}, "GET /v1/rounds/{n}", "48213-1"},
      {{"balances", "--tenant=t-7k3m9q2x"}, "GET /v1/balances", "9673.80"},
      {{"deposit", "t-7k3m9q2x", "10000.00", "--reference=B-1", why}, "POST /v1/deposits", "12345.67"},
      {{"refund", "t-7k3m9q2x", "500.00", why}, "POST /v1/overrides", "50122"},
      {{"entitlement", "issue", "qingyang-2024", "t-7k3m9q2x", "200000.00", "--decision=QY-1", why}, "POST /v1/entitlements", "371"},
      {{"entitlement", "list"}, "GET /v1/entitlements", "371"},
      {{"entitlement", "revoke", "371", why}, "POST /v1/overrides", "50122"},
      {{"quota", "set", "t-7k3m9q2x", "qingyang", "--max-cards=64", why}, "PUT /v1/quotas/{id}", "64"},
      {{"quota", "set", "t-7k3m9q2x", "qingyang", "--max-cards=none", why}, "PUT /v1/quotas/{id}", "qingyang"},
      {{"quota", "list"}, "GET /v1/quotas", "qingyang"},
      {{"tenant", "add", "--name=启明模型有限公司", "--class=startup", "--credit-code=91420100QAQA00010G", "--region=420100"},
       "POST /v1/tenants",
       "启明模型有限公司"},
      {{"tenant", "list"}, "GET /v1/tenants", "启明模型有限公司"},
      {{"tenant", "show", "t-7k3m9q2x"}, "GET /v1/tenants/{id}", "t-7k3m9q2x"},
      {{"tenant", "suspend", "t-7k3m9q2x", why}, "PATCH /v1/tenants/{id}", "suspended"},
      {{"tenant", "reinstate", "t-7k3m9q2x", why}, "PATCH /v1/tenants/{id}", "t-7k3m9q2x"},
      {{"tenant", "erase", "t-7k3m9q2x", why, "--yes"}, "DELETE /v1/tenants/{id}", "erased"},
      {{"key", "issue", "--tenant=t-7k3m9q2x", "--label=ci", "--expires-at=2027-01-01T00:00:00Z"}, "POST /v1/keys", "slk_k5fj2q0d_"},
      {{"key", "list"}, "GET /v1/keys", "k5fj2q0d"},
      {{"key", "revoke", "k5fj2q0d", why}, "DELETE /v1/keys/{id}", "revoked"},
      {{"account", "open", "qingyang", "--credential=qingyang-token", "--approved-from=2026-11-22T08:00:00Z", "--contract=C-4", why},
       "POST /v1/accounts",
       "120"},
      {{"account", "list"}, "GET /v1/accounts", "qingyang-token"},
      {{"account", "close", "120", why}, "DELETE /v1/accounts/{id}", "closed"},
      {{"override", "propose", "correct_deposit", "--tenant=t-7k3m9q2x", "--yuan=12.50", why}, "POST /v1/overrides", "50122"},
      {{"override", "propose", "settle_disputed", "--attempt=48213-1", "--liability=operator", "--card-hours=3.5", why},
       "POST /v1/overrides",
       "50122"},
      {{"override", "list"}, "GET /v1/overrides", "48213-1"},
      {{"override", "show", "50122"}, "GET /v1/overrides/{id}", "48213-1"},
      {{"override", "approve", "50122", why}, "POST /v1/overrides/{id}/approval", "approved"},
      {{"override", "reject", "50122", why}, "POST /v1/overrides/{id}/approval", "50122"},
      {{"attempt", "resolve", "48213-1", "--liability=centre", "--card-hours=0", why},
       "POST /v1/attempts/{job}/{number}/resolution",
       "50122"},
      {{"cluster", "cordon", "qingyang", why}, "POST /v1/clusters/{name}/cordon", "cordoned"},
      {{"cluster", "drain", "qingyang", why}, "POST /v1/clusters/{name}/drain", "draining"},
      {{"cluster", "resume", "qingyang", why}, "POST /v1/clusters/{name}/resume", "open"},
      {{"rounds", "pause", why}, "POST /v1/rounds/pause", "paused"},
      {{"rounds", "resume", why}, "POST /v1/rounds/resume", "running"},
      {{"dispatch", "freeze", why}, "POST /v1/dispatch/freeze", "frozen"},
      {{"dispatch", "resume", why}, "POST /v1/dispatch/resume", "running"},
      {{"clock", "accept", why}, "POST /v1/clock/accept", "open"},
      {{"status"}, "GET /v1/status", "50240"},
      {{"log", "key"}, "GET /v1/log/key", "sluice.example/log+"},
      {{"log", "proof", "1"}, "GET /v1/entries/{sequence}/proof", "c2sp.org/tlog-proof@v1\n"},
  };
  return list;
}

std::string job_example() {
  auto const operation = contract::Contract::shared().match("POST", "/v1/jobs");
  return operation->node->at("requestBody").at("content").at("application/json").at("examples").at("two_variants").at("value").dump();
}

class EveryVerb : public testing::TestWithParam<Case> {
 protected:
  Folder folder;
  std::string token = folder.file("token", "slk_test\n");
};

TEST_P(EveryVerb, AsksAsTheContractSaysAndShowsTheAnswer) {
  ContractBroker broker;
  std::vector<std::string> arguments = {"--server", broker.url(), "--token-file", token};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  auto const ran = run(arguments, {.environment = {}, .input = job_example()});
  EXPECT_THAT(broker.breaches(), IsEmpty());
  ASSERT_FALSE(broker.asked().empty()) << ran.err;
  EXPECT_EQ(broker.asked().back(), GetParam().operation);
  EXPECT_THAT(ran.out, HasSubstr(GetParam().shows));
  EXPECT_EQ(ran.status, 0) << ran.err;
}

TEST_P(EveryVerb, PrintsTheServersJson) {
  if (GetParam().arguments.front() == "watch") return;  // a document per event, tested apart
  ContractBroker broker;
  std::vector<std::string> arguments = {"--json", "--server", broker.url(), "--token-file", token};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  auto const ran = run(arguments, {.environment = {}, .input = job_example()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_FALSE(nlohmann::json::parse(ran.out, nullptr, false).is_discarded()) << ran.out;
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

INSTANTIATE_TEST_SUITE_P(Sluicectl, EveryVerb, testing::ValuesIn(cases()), [](auto const& tested) {
  std::string name = fmt::format("{:02}", tested.index);
  for (auto const& word : tested.param.arguments) {
    if (word.starts_with('-') || !std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalnum(c) != 0; })) break;
    name += "_" + word;
  }
  return name;
});

TEST(Sluicectl, HasAVerbForEveryOperationOfThePeople) {
  // What is left to machines, and what watch and log export ask for (tested apart).
  std::set<std::string> const apart = {"GET /v1/events",
                                       "GET /livez",
                                       "GET /readyz",
                                       "GET /metrics",
                                       "GET /openapi.json",
                                       "GET /problems/{code}",
                                       "GET /checkpoint",
                                       "GET /tile/{level}/{index}",
                                       "GET /tile/entries/{index}",
                                       "GET /blob/{sha256}",
                                       "GET /v1/log/blobs"};
  std::set<std::string> covered = apart;
  for (auto const& each : cases()) covered.insert(each.operation);
  for (auto const& operation : contract::Contract::shared().operations())
    EXPECT_TRUE(covered.contains(operation.name())) << operation.name();
}

TEST(Sluicectl, TheExampleJobIsAsTheContractSays) {
  ContractBroker broker;
  Folder folder;
  auto const ran = run({"--server", broker.url(), "--token-file", folder.file("token", "slk_test\n"), "submit", EXAMPLE_JOB});
  EXPECT_THAT(broker.breaches(), IsEmpty());
  EXPECT_EQ(ran.status, 0) << ran.err;
}

TEST(Sluicectl, ContractBrokerNoticesBreaches) {
  ContractBroker broker;
  Folder folder;
  auto const file = folder.file("job.json", R"({"name":"x","gang":{"cards":0}})");
  run({"--server", broker.url(), "submit", file});
  EXPECT_GE(broker.breaches().size(), 3U) << "a body without variants, a card count of 0 and a missing key";
  EXPECT_THAT(broker.asked(), ElementsAre("POST /v1/jobs"));
}

}  // namespace
}  // namespace sluice::ctl_test
