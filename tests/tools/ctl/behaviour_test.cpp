// What the program does when things are not as in the examples: refusals, broken answers, terminals, streams.
#include "tests/contract/contract.hpp"
#include "tests/tools/ctl/fake_broker.hpp"
#include "tests/tools/ctl/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <set>
#include <tuple>

namespace sluice::ctl_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

FakeReply json(std::string body) { return {.body = std::move(body), .headers = {}, .pieces = {}}; }

std::string job(std::string const& state, std::string const& name = "llama-ft") {
  return fmt::format(
      R"({{"id":"7","sequence":"7","changed_sequence":"9","tenant":"t-1","name":"{}","state":"{}","state_since":"2026-11-22T08:00:00.000Z",
                         "accepted_at":"2026-11-22T08:00:00.000Z","cost":{{"held_yuan":"0.00","settled_yuan":"1.50"}}}})",
      name, state);
}

TEST(Sluicectl, ExitStatusFollowsEveryProblemOfTheContract) {
  std::map<std::string, int> const special = {{"job_impossible", 6}, {"refused", 6}};
  std::map<int, int> const by_status = {{400, 5}, {401, 6}, {403, 6}, {404, 3}, {405, 1}, {406, 5}, {408, 7},
                                        {409, 4}, {411, 5}, {412, 4}, {413, 5}, {414, 5}, {415, 5}, {417, 5}, {422, 5},
                                        {428, 4}, {429, 7}, {431, 5}, {500, 1}, {501, 1}, {503, 7}, {505, 1}, {507, 7}};
  for (auto const& each : contract::Contract::shared().document().at("x-sluice-problems")) {
    auto const code = each.at("code").get<std::string>();
    auto const status = each.at("status").get<int>();
    FakeBroker broker([&](FakeRequest const&) { return problem(status, code); });
    auto const ran = run({"--server", broker.url(), "get", "7"});
    EXPECT_EQ(ran.status, special.contains(code) ? special.at(code) : by_status.at(status)) << code;
    // Who has no key is told where to put one, in the words of this program.
    auto const todo = status == 401 ? "  do:    Put the key into a file" : "  do:    Do this.";
    EXPECT_THAT(ran.err, AllOf(HasSubstr("Title of " + code), HasSubstr("  where: GET /v1/jobs/7\n"), HasSubstr(todo)));
    EXPECT_THAT(ran.out, IsEmpty());
  }
}

TEST(Sluicectl, SendsAJobFileByteForByteUnderAFreshKey) {
  FakeBroker broker([](FakeRequest const&) { return FakeReply{.status = 201, .body = job("queued"), .headers = {}, .pieces = {}}; });
  Folder const folder;
  std::string const text = "{ \"name\" : \"启明\",\n  \"n\": 1 }\n";
  auto const file = folder.file("job.json", text);
  auto const token = folder.file("token", "slk_secret\n");
  for (int i = 0; i < 2; ++i) {
    auto const ran = run({"--server", broker.url(), "submit", file}, {.environment = {{"SLUICE_TOKEN_FILE", token}}, .input = {}});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "7\n");
  }
  run({"--server", broker.url(), "submit", "-", "--idempotency-key", "mine"},
      {.environment = {{"SLUICE_TOKEN_FILE", token}}, .input = text});
  auto const requests = broker.requests();
  ASSERT_EQ(requests.size(), 3U);
  std::set<std::string> keys;
  for (auto const& request : requests) {
    EXPECT_EQ(request.body, text);
    EXPECT_EQ(request.header("authorization"), "Bearer slk_secret");
    EXPECT_EQ(request.header("accept-language"), "en");
    keys.insert(request.header("idempotency-key"));
  }
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_TRUE(keys.contains("mine"));
  EXPECT_EQ(requests[0].header("idempotency-key").size(), 32U);
}

TEST(Sluicectl, RefusesABadJobFileBeforeAsking) {
  FakeBroker broker([](FakeRequest const&) { return json("{}"); });
  Folder const folder;
  auto const file = folder.file("job.json", "{\"a\":1,\n \"a\":2}");
  auto const ran = run({"--server", broker.url(), "submit", file});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, HasSubstr(file + ":2:"));
  EXPECT_EQ(run({"--server", broker.url(), "submit", "-"}, {.environment = {}, .input = std::string((1 << 20) + 1, ' ')}).status, 5);
  EXPECT_EQ(run({"--server", broker.url(), "submit", (folder.path() / "none").string()}).status, 2);
  EXPECT_EQ(run({"--server", broker.url(), "submit", folder.path().string()}).status, 2) << "a folder is no file";
  EXPECT_EQ(run({"--server", broker.url(), "submit", "--image", "i", "--name", "n"}).status, 2);
  EXPECT_THAT(broker.requests(), IsEmpty());
}

TEST(Sluicectl, WrongCommandLinesAreUsage) {
  for (std::vector<std::string> const& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"fly"},
                                             {"get"},
                                             {"list", "--state=asleep"},
                                             {"list", "--limit=0"},
                                             {"--token", "slk_x", "list"},
                                             {"--server", "ftp://x", "list"},
                                             {"--server", "http://a", "--socket", "/b", "list"},
                                             {"tenant", "erase", "t-1", "--reason=x"},
                                             {"override", "propose", "gift", "--reason=x"},
                                             {"attempt", "resolve", "7", "--liability=tenant", "--card-hours=1", "--reason=x"},
                                             {"quota", "set", "t-1", "wuhan", "--reason=x"},
                                             {"quota", "set", "t-1", "wuhan", "--max-cards=many", "--reason=x"},
                                             {"deposit", "t-1", "1.00", "--reference=r"},
                                             {"--token-file", "/nonexistent/token", "list"}}) {
    auto const ran = run(wrong);
    EXPECT_EQ(ran.status, 2) << fmt::format("{}", fmt::join(wrong, " "));
    EXPECT_THAT(ran.out, IsEmpty()) << fmt::format("{}", fmt::join(wrong, " "));
    EXPECT_THAT(ran.err, Not(IsEmpty()));
    EXPECT_THAT(ran.err, Not(HasSubstr("slk_x"))) << "what may be a secret is not repeated";
  }
  EXPECT_EQ(run({"--help"}).status, 0);
  auto const help = run({"submit", "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("Examples:"), HasSubstr("sluicectl submit job.json")));
}

TEST(Sluicectl, AMisspeltVerbIsNotALongSearch) {
  EXPECT_THAT(run({"lst"}).err, HasSubstr("Did you mean \"sluicectl list\"?"));
  EXPECT_THAT(run({"key", "isue"}).err, HasSubstr("Did you mean \"sluicectl key issue\"?"));
  EXPECT_THAT(run({}).err, AllOf(HasSubstr("needs a verb"), HasSubstr("submit"), HasSubstr("sluicectl --help")));
  EXPECT_THAT(run({"get"}).err, AllOf(HasSubstr("JOB is required"), HasSubstr("sluicectl get --help")));
}

TEST(Sluicectl, ARefusedKeyIsNamedByItsFile) {
  FakeBroker broker([](FakeRequest const&) { return problem(401, "key_invalid"); });
  Folder const folder;
  auto const token = folder.file("token", "slk_secret\n");
  EXPECT_THAT(run({"--server", broker.url(), "--token-file", token, "list"}).err, HasSubstr("key of " + token));
  EXPECT_THAT(run({"--server", broker.url(), "list"}).err, HasSubstr("--token-file FILE"));
}

TEST(Sluicectl, CancellingSaysWhetherSomethingStillRuns) {
  for (auto const& [status, state, said] :
       std::vector<std::tuple<int, std::string, std::string>>{{202, "running", "Job 7 is running; its cluster is told to stop it.\n"},
                                                              {200, "completed", "Job 7 is completed; nothing of it runs.\n"}}) {
    FakeBroker broker([&](FakeRequest const&) { return FakeReply{.status = status, .body = job(state), .headers = {}, .pieces = {}}; });
    EXPECT_EQ(run({"--server", broker.url(), "cancel", "7"}).out, said);
  }
}

TEST(Sluicectl, AQuoteSaysEachReasonOnceAndUntilWhenPricesHold) {
  auto const option = [](char const* until) {
    return fmt::format(
        R"({{"cluster":"wuhan","accelerator":"A100","startable":true,"price":{{"valid_until":"{}","tenant_pays_yuan":"9.46"}}}})", until);
  };
  auto const refusal = [](char const* card, char const* code) {
    return fmt::format(R"({{"cluster":"tianfu","accelerator":"{}","reasons":[{{"code":"{}","en":"Not there.","zh":"不可。"}}]}})", card,
                       code);
  };
  std::string const body =
      fmt::format(R"({{"sequence":"5","possible":true,"options":[{},{}],"refused":[{},{},{}]}})", option("2026-11-22T08:05:00.000Z"),
                  option("2026-11-22T08:04:00.000Z"), refusal("A100", "region_excluded"), refusal("H800", "region_excluded"),
                  refusal("H800", "image_unknown"));
  FakeBroker broker([&](FakeRequest const&) { return json(body); });
  auto const ran = run({"--server", broker.url(), "quote", "-"}, {.environment = {}, .input = "{}"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("tianfu   A100, H800  Not there. (region_excluded)\n"),
                             HasSubstr("tianfu   H800        Not there. (image_unknown)\n")));
  EXPECT_THAT(ran.err, HasSubstr("until 2026-11-22 08:04:00Z"));
}

TEST(Sluicectl, PrintsReasonsInTheLanguageAskedFor) {
  std::string const clusters =
      R"(,"clusters":[{"cluster":"wuhan","reasons":[{"code":"gang_too_large","en":"The gang is too large.","zh":"卡数过多。","needed":"512 cards","offered":"256 cards"}]}])";
  FakeBroker broker([&](FakeRequest const&) { return problem(422, "job_impossible", clusters); });
  auto const english = run({"--server", broker.url(), "submit", "-"}, {.environment = {}, .input = "{}"});
  EXPECT_EQ(english.status, 6);
  EXPECT_THAT(english.err, HasSubstr("  where: wuhan: The gang is too large. [needed 512 cards, offered 256 cards] (gang_too_large)\n"));
  auto const chinese = run({"--server", broker.url(), "--language", "zh", "submit", "-"}, {.environment = {}, .input = "{}"});
  EXPECT_THAT(chinese.err, HasSubstr("wuhan: 卡数过多。"));
  EXPECT_EQ(broker.requests().back().header("accept-language"), "zh");
  auto const raw = run({"--server", broker.url(), "--json", "submit", "-"}, {.environment = {}, .input = "{}"});
  EXPECT_EQ(nlohmann::json::parse(raw.err).at("code"), "job_impossible");
  EXPECT_THAT(raw.out, IsEmpty());
}

TEST(Sluicectl, NamesTheKeyWhenAnAnswerIsLost) {
  FakeBroker broker([](FakeRequest const&) {
    FakeReply reply;
    reply.hang_up = true;
    return reply;
  });
  auto const ran = run({"--server", broker.url(), "submit", "-", "--idempotency-key", "k-1"}, {.environment = {}, .input = "{}"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err, HasSubstr("--idempotency-key k-1"));
}

TEST(Sluicectl, SurvivesAnswersThatAreNone) {
  for (std::string const& body : {std::string("{"), std::string("[1"), std::string("{\"a\":1,\"a\":2}"), std::string("\xff\xfe"),
                                  std::string(100'000, '['), std::string("{\"id\":\"\xed\xa0\x80\"}")}) {
    FakeBroker broker([&](FakeRequest const&) { return json(body); });
    auto const ran = run({"--server", broker.url(), "get", "7"});
    EXPECT_EQ(ran.status, 1) << body.substr(0, 20);
    EXPECT_THAT(ran.err, HasSubstr("is not strict JSON"));
  }
  // Well-formed, but of the wrong shape: shown as far as it goes.
  for (char const* const body :
       {"[]", "{}", "null", "{\"id\":{},\"attempts\":7,\"cost\":[],\"reason\":\"x\"}", "{\"data\":{\"a\":1},\"next\":5}"}) {
    FakeBroker broker([&](FakeRequest const&) { return json(body); });
    EXPECT_LT(run({"--server", broker.url(), "get", "7"}).status, 128) << body;
    EXPECT_LT(run({"--server", broker.url(), "list"}).status, 128) << body;
    EXPECT_LT(run({"--server", broker.url(), "explain", "7", "--details"}).status, 128) << body;
    EXPECT_LT(run({"--server", broker.url(), "status"}).status, 128) << body;
  }
  FakeBroker html([](FakeRequest const&) {
    return FakeReply{.status = 502, .content_type = "text/html", .body = "<html>\x1b[2J", .headers = {}, .pieces = {}};
  });
  auto const ran = run({"--server", html.url(), "get", "7"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err, HasSubstr("not with a problem document"));
}

TEST(Sluicectl, EscapesOnATerminalAndColoursOnlyThere) {
  FakeBroker broker([](FakeRequest const& request) {
    if (request.path.ends_with("/logs")) return json(R"({"attempt":"7-1","text":"a\u001b[2Jb\tc\n","next":null,"complete":true})");
    if (request.path == "/v1/jobs")
      return json(fmt::format(R"({{"data":[{}],"next":null}})", job("running", "x\\u001b]0;y\\u0007\\u202e")));
    return problem(404, "not_found", R"(,"reasons":[{"code":"x","en":"line\nsluicectl: forged\u001b[31m","zh":"x"}])");
  });
  auto const terminal = run({"--server", broker.url(), "list"}, {.environment = {}, .input = {}, .terminal = true});
  EXPECT_THAT(terminal.out, AllOf(HasSubstr("\x1b[1m"), HasSubstr("x\\x1b]0;y\\x07\\u202e"), Not(HasSubstr("\x1b]0"))));
  auto const plain = run({"--server", broker.url(), "list"}, {.environment = {{"NO_COLOR", "1"}}, .input = {}, .terminal = true});
  EXPECT_THAT(plain.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run({"--server", broker.url(), "--no-colour", "list"}, {.environment = {}, .input = {}, .terminal = true}).out,
              Not(HasSubstr("\x1b")));
  EXPECT_THAT(run({"--server", broker.url(), "list"}).out, Not(HasSubstr("\x1b")));
  auto const document = run({"--server", broker.url(), "--json", "list"}, {.environment = {}, .input = {}, .terminal = true});
  EXPECT_THAT(document.out, AllOf(Not(HasSubstr("\x1b")), HasSubstr("\\u202e")));
  auto const logs = run({"--server", broker.url(), "logs", "7"}, {.environment = {}, .input = {}, .terminal = true});
  EXPECT_THAT(logs.out, HasSubstr("a\\x1b[2Jb\tc"));
  EXPECT_EQ(run({"--server", broker.url(), "logs", "7"}).out, "a\x1b[2Jb\tc\n") << "into a pipe: byte for byte";
  auto const refused = run({"--server", broker.url(), "get", "7"}, {.environment = {}, .input = {}, .terminal = true});
  EXPECT_THAT(refused.out, AllOf(Not(HasSubstr("\x1b")), HasSubstr("line\\nsluicectl: forged\\x1b[31m")));
}

TEST(Sluicectl, ReadsAllPages) {
  FakeBroker broker([](FakeRequest const& request) {
    bool const second = request.query.contains("cursor=abc");
    return json(fmt::format(R"({{"data":[{}],"next":{}}})", job("running", second ? "second" : "启明"), second ? "null" : "\"abc\""));
  });
  auto const one = run({"--server", broker.url(), "list"});
  EXPECT_THAT(one.err, HasSubstr("--cursor abc or --all"));
  EXPECT_THAT(one.out, Not(HasSubstr("second")));
  auto const all = run({"--server", broker.url(), "list", "--all"});
  EXPECT_THAT(all.out, AllOf(HasSubstr("  7  启明    running"), HasSubstr("  7  second  running")));
  FakeBroker circle([](FakeRequest const&) { return json(R"({"data":[],"next":"abc"})"); });
  EXPECT_EQ(run({"--server", circle.url(), "list", "--all"}).status, 1) << "a cursor that leads to itself is not followed for ever";
}

TEST(Sluicectl, WatchResumesWithoutSkippingAndEndsWithTheJob) {
  int stream = 0;
  FakeBroker broker([&](FakeRequest const& request) {
    if (request.path != "/v1/events") return json(job(stream < 2 ? "running" : "completed"));
    FakeReply reply;
    reply.content_type = "text/event-stream";
    if (++stream == 1) {
      reply.pieces = {"retry: 1\n\nid: 10\nevent: attempt.started/1\nda",
                      "ta: "
                      "{\"sequence\":\"10\",\"at\":\"2026-11-22T08:00:00.000Z\",\"type\":\"attempt.started/"
                      "1\",\"job\":\"7\",\"state\":\"running\"}\n\nid: 11\ndata: {\"cut"};
    } else {
      reply.pieces = {
          ": heartbeat\n\nid: 12\ndata: {\"sequence\":\"12\",\"type\":\"job.completed/1\",\"job\":\"8\",\"state\":\"completed\"}\n\n",
          "id: 13\ndata: {\"sequence\":\"13\",\"type\":\"job.completed/1\",\"job\":\"7\",\"state\":\"completed\"}\n\nid: 14\ndata: "
          "{\"type\":\"late/1\"}\n\n"};
    }
    return reply;
  });
  auto const ran = run({"--server", broker.url(), "watch", "7"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Job 7 is running."), HasSubstr("attempt.started/1  job 7  state running"),
                             HasSubstr("Job 7 completed. Paid: 1.50 yuan."), Not(HasSubstr("late"))));
  std::vector<std::string> targets;
  for (auto const& request : broker.requests()) targets.push_back(request.target);
  ASSERT_EQ(targets.size(), 4U);
  EXPECT_EQ(targets[1], "/v1/events?job=7&since=9") << "from the state that was read, so nothing is missed in between";
  EXPECT_EQ(broker.requests()[2].header("last-event-id"), "11") << "an id counts when its line has been read";
}

TEST(Sluicectl, WatchEndsAlsoWhenEventsDoNotNameTheState) {
  bool settled = false;
  FakeBroker broker([&](FakeRequest const& request) {
    if (request.path != "/v1/events") return json(job(settled ? "completed" : "running"));
    FakeReply reply;
    reply.content_type = "text/event-stream";
    if (request.header("last-event-id") == "10") {
      settled = true;
      reply.pieces = {"id: 11\ndata: {\"sequence\":\"11\",\"type\":\"attempt.settled/1\",\"job\":\"7\"}\n\n: nothing more comes\n\n"};
    } else {
      reply.pieces = {"id: 10\ndata: {\"sequence\":\"10\",\"type\":\"attempt.started/1\",\"job\":\"7\"}\n\n"};
    }
    return reply;
  });
  auto const ran = run({"--server", broker.url(), "watch", "7"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("attempt.started/1"), HasSubstr("attempt.settled/1"), HasSubstr("Job 7 completed.")));
}

TEST(Sluicectl, WatchTellsFailureFromSuccess) {
  FakeBroker broker([](FakeRequest const&) { return json(job("failed")); });
  EXPECT_EQ(run({"--server", broker.url(), "watch", "7"}).status, 1);
  FakeBroker refusing(
      [](FakeRequest const& request) { return request.path == "/v1/events" ? problem(403, "role_forbidden") : json(job("running")); });
  auto const refused = run({"--server", refusing.url(), "watch", "7"});
  EXPECT_EQ(refused.status, 6);
  EXPECT_THAT(refused.err, HasSubstr("role_forbidden"));
}

TEST(Sluicectl, FollowsLogsUntilTheRunHasEnded) {
  int asked = 0;
  FakeBroker broker([&](FakeRequest const&) {
    ++asked;
    return json(
        fmt::format(R"({{"attempt":"7-1","text":"{}\n","next":"c{}","complete":{}}})", asked, asked, asked == 3 ? "true" : "false"));
  });
  auto const ran = run({"--server", broker.url(), "logs", "7", "-f"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "1\n2\n3\n");
  auto const requests = broker.requests();
  EXPECT_EQ(requests[0].target, "/v1/jobs/7/logs?lines=100");
  EXPECT_EQ(requests[1].target, "/v1/jobs/7/logs?after=c1&wait=30");
}

TEST(Sluicectl, QuoteThatOffersNothingIsARefusal) {
  FakeBroker broker([](FakeRequest const&) {
    return json(
        R"({"possible":false,"options":[],"refused":[{"cluster":"wuhan","reasons":[{"code":"price_unknown","en":"No price.","zh":"无价格。"}]}]})");
  });
  auto const ran = run({"--server", broker.url(), "quote", "-"}, {.environment = {}, .input = "{}"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("No cluster can run this job"), HasSubstr("No price. (price_unknown)")));
}

TEST(Sluicectl, ExplainsInTheServersFiveLines) {
  FakeBroker broker([](FakeRequest const&) { return json(R"({"summary":["one","two","three","four","five"],"details":{}})"); });
  EXPECT_EQ(run({"--server", broker.url(), "explain", "7"}).out, "one\ntwo\nthree\nfour\nfive\n");
}

TEST(Sluicectl, ChangesATenantOnlyAsItWasRead) {
  FakeBroker broker([](FakeRequest const& request) {
    FakeReply reply = json(R"({"id":"t-1","status":"suspended"})");
    if (request.method == "GET") reply.headers = {{"ETag", "\"77\""}};
    return reply;
  });
  EXPECT_EQ(run({"--server", broker.url(), "tenant", "suspend", "t-1", "--reason", "不付款"}).status, 0);
  EXPECT_EQ(run({"--server", broker.url(), "tenant", "erase", "t-1", "--reason", "wish", "--yes"}).status, 0);
  auto const requests = broker.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[1].header("if-match"), "\"77\"");
  EXPECT_EQ(requests[1].method, "PATCH");
  EXPECT_EQ(requests[3].method, "DELETE");
  EXPECT_EQ(requests[3].target, "/v1/tenants/t-1?reason=wish");
}

TEST(Sluicectl, KeepsAnIssuedKeyInAFileOfItsOwn) {
  FakeBroker broker([](FakeRequest const&) {
    return FakeReply{
        .status = 201, .body = R"({"id":"k1","token":"slk_canary","role":"auditor","principal":"p-2"})", .headers = {}, .pieces = {}};
  });
  Folder const folder;
  auto const path = (folder.path() / "key").string();
  auto const ran = run({"--server", broker.url(), "key", "issue", "--role", "auditor", "--label", "x", "--out", path});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(read_file(path), "slk_canary\n");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("slk_canary")));
  EXPECT_EQ(run({"--server", broker.url(), "key", "issue", "--role", "auditor", "--label", "x", "--out", path}).status, 2);
  EXPECT_EQ(broker.requests().size(), 1U) << "a key that could not be kept must not be issued";
  FakeBroker refusing([](FakeRequest const&) { return problem(403, "role_forbidden"); });
  auto const other = (folder.path() / "other").string();
  EXPECT_EQ(run({"--server", refusing.url(), "key", "issue", "--label", "x", "--out", other}).status, 6);
  EXPECT_FALSE(std::filesystem::exists(other));
  FakeBroker replaying([](FakeRequest const&) {
    return FakeReply{.status = 201, .body = R"({"id":"k1","role":"auditor","principal":"p-2"})", .headers = {}, .pieces = {}};
  });
  auto const replayed = run({"--server", replaying.url(), "key", "issue", "--label", "x", "--idempotency-key", "k"});
  EXPECT_EQ(replayed.status, 4);
  EXPECT_THAT(replayed.err, HasSubstr("key revoke k1"));
}

TEST(Sluicectl, SpeaksOverAUnixSocketWithoutAKey) {
  Folder const folder;
  auto const path = (folder.path() / "s").string();
  FakeBroker broker([](FakeRequest const&) { return json(R"({"version":"1"})"); }, path);
  folder.file("home/.config/sluice/token", "slk_canary");
  EXPECT_EQ(run({"--socket", path, "status"}, {.environment = {{"HOME", (folder.path() / "home").string()}}, .input = {}}).status, 0);
  EXPECT_EQ(run({"--server", "unix:" + path, "status"}).status, 0);
  EXPECT_EQ(run({"status"}, {.environment = {{"SLUICE_SERVER", "unix:" + path}}, .input = {}}).status, 0);
  for (auto const& request : broker.requests()) {
    EXPECT_EQ(request.header("authorization"), "");
    EXPECT_EQ(request.header("host"), "localhost");
  }
  EXPECT_EQ(broker.requests().size(), 6U) << "of each the status and the clusters";
}

TEST(Sluicectl, SaysWhenNobodyAnswers) {
  Folder const folder;
  auto const ran = run({"--socket", (folder.path() / "none").string(), "list"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err, AllOf(StartsWith("sluicectl: No answer from unix:"), HasSubstr("doctor")));
}

TEST(Sluicectl, ReportsThatItsOutputWasLost) {
  FakeBroker broker([](FakeRequest const&) { return json(job("running")); });
  auto const ran = run({"--server", broker.url(), "get", "7"}, {.environment = {}, .input = {}, .terminal = false, .output = "/dev/full"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("could not write everything"));
}

}  // namespace
}  // namespace sluice::ctl_test
