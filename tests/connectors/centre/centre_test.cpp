// The centre protocol's conversations, as scripts: what is asked, what is understood, and every fault at every step.
#include "connectors/centre/centre.hpp"

#include "connectors/centre/reading.hpp"
#include "tests/connectors/script.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::connectors {
namespace {

using test::answered;
using test::Exchange;

policy::Timestamp const now = *policy::parse_rfc3339("2026-11-22T01:00:10Z");
AttemptName const attempt{"sluice-4711-1"};

ClusterOptions cluster_options() {
  ClusterOptions options;
  options.cluster = "qingyang";
  options.site.base_url = "https://api.qingyang.example";
  options.accelerators = {{"ASCEND-910B3", "Ascend910B"}};
  return options;
}

Call call() {
  auto credentials = std::make_shared<Credentials>();
  credentials->values.emplace("token", Secret("canary-token"));
  return {credentials, now};
}

DispatchOrder order() {
  DispatchOrder order;
  order.attempt = attempt;
  order.accelerator.text = "Ascend910B";
  order.cards = 8;
  order.framework.text = "cann";
  order.image = "hub.example/ft:1";
  order.command = {"bash", "train.sh"};
  order.environment = {{"K", "V"}};
  order.secrets.emplace_back("HF_TOKEN", Secret("canary-secret"));
  order.run_limit_ms = 90'999;
  order.agreed_price = Price{policy::yuan(12), PriceUnit::card_hour};
  order.programme.emplace("qingyang-2024");
  return order;
}

char const* const running_job =
    R"({"id":"17","attempt":"sluice-4711-1","state":"running","cards":8,"started_at":"2026-11-22T01:00:00Z","card_milliseconds":"80000","new":1})";
char const* const offered = R"({"as_of":"2026-11-22T01:00:00Z","offers":[
  {"accelerator":"ASCEND-910B3","cards_total":64,"cards_free":40,"attempts":["sluice-4711-1","Someone Else","sluice-2-1"],"queue_delay_s":30,
   "price":{"unit":"card_hour","list_yuan":"12.50","voucher_yuan":"11.00"},"valid_until":"2026-11-22T01:05:00Z"},
  {"accelerator":"A100","cards_total":8,"cards_free":9,"price":{"unit":"card_hour","list_yuan":"0.00"}},
  {"accelerator":"H800","cards_total":null,"price":null}],
 "programmes":[{"programme":"qingyang-2024","rate_bp":5000,"remaining_yuan":"0.00"},{"programme":"new-2026","rate_bp":0}]})";

class CentreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Protocol> protocol = *centre::make_protocol(cluster_options());

  template <class Result>
  Result succeed(Conversation<Result> conversation, std::vector<Exchange> const& script) {
    auto step = test::run(conversation, script);
    if (auto* fault = std::get_if<Fault>(&step)) {
      ADD_FAILURE() << fault->what;
      return Result{};
    }
    EXPECT_EQ(conversation.raw().size(), script.size());
    return std::get<Result>(std::move(step));
  }
  template <class Result>
  Fault fail(Conversation<Result> conversation, std::vector<Exchange> const& script) {
    auto step = test::run(conversation, script);
    auto* fault = std::get_if<Fault>(&step);
    EXPECT_NE(fault, nullptr);
    return fault == nullptr ? Fault{} : *fault;
  }
};

TEST_F(CentreTest, OffersSayWhatIsKnownAndNothingElse) {
  OfferReport const report = succeed(protocol->offers(call()), {{"GET /v1/capacity", answered(200, offered)}});
  ASSERT_EQ(report.offers.size(), 3u);
  Offer const& broken = report.offers[0];
  EXPECT_EQ(broken.accelerator.text, "A100");
  EXPECT_EQ(broken.cards_total, 8);
  EXPECT_EQ(broken.cards_free, std::nullopt) << "more free than there are: unknown";
  EXPECT_FALSE(broken.list_price.has_value()) << "a zero price is unknown, not free";
  Offer const& known = report.offers[1];
  EXPECT_EQ(known.accelerator.text, "Ascend910B") << "the site's name is mapped to ours";
  EXPECT_EQ(known.cards_free, 40);
  EXPECT_EQ(known.attempts_counted, (std::vector<AttemptName>{{"sluice-2-1"}, {"sluice-4711-1"}}));
  EXPECT_EQ(known.list_price, (Price{{12'500'000}, PriceUnit::card_hour}));
  EXPECT_EQ(known.discounted_price, (Price{{11'000'000}, PriceUnit::card_hour}));
  EXPECT_EQ(known.queue_delay_ms, 30'000);
  EXPECT_EQ(known.freshness, Freshness::fresh);
  Offer const& unknown = report.offers[2];
  EXPECT_EQ(unknown.cards_total, std::nullopt);
  EXPECT_EQ(unknown.cards_free, std::nullopt);
  EXPECT_EQ(unknown.attempts_counted, std::nullopt);
  EXPECT_FALSE(unknown.list_price || unknown.discounted_price || unknown.queue_delay_ms || unknown.cpus_free);
  EXPECT_EQ(report.doubts.size(), 2u);
}

TEST_F(CentreTest, AgeIsStated) {
  auto const freshness_at = [&](char const* as_of, char const* more) {
    std::string const body = std::string("{") + as_of + R"("offers":[{"accelerator":"A100"})" + more + "]}";
    return succeed(protocol->offers(call()), {{"GET /v1/capacity", answered(200, body)}}).offers.at(0).freshness;
  };
  EXPECT_EQ(freshness_at(R"("as_of":"2026-11-22T00:59:10Z",)", ""), Freshness::fresh);
  EXPECT_EQ(freshness_at(R"("as_of":"2026-11-22T00:59:09Z",)", ""), Freshness::stale);
  EXPECT_EQ(freshness_at(R"("as_of":"2026-11-22T01:00:15Z",)", ""), Freshness::fresh);
  EXPECT_EQ(freshness_at(R"("as_of":"2026-11-22T01:00:16Z",)", ""), Freshness::unknown) << "a moment that has not come yet";
  EXPECT_EQ(freshness_at("", ""), Freshness::unknown);
  std::string const past = R"({"as_of":"2026-11-22T01:00:00Z","offers":[{"accelerator":"A100","valid_until":"2026-11-22T01:00:10Z"}]})";
  EXPECT_EQ(succeed(protocol->offers(call()), {{"GET /v1/capacity", answered(200, past)}}).offers.at(0).freshness, Freshness::stale);
}

TEST_F(CentreTest, VoucherTermsKeepAnEmptyPurseApartFromAnUnknownOne) {
  VoucherReport const report = succeed(protocol->voucher_terms(call()), {{"GET /v1/capacity", answered(200, offered)}});
  ASSERT_EQ(report.terms.size(), 2u);
  EXPECT_EQ(report.terms[0].programme.text, "new-2026");
  EXPECT_EQ(report.terms[0].rate_bp, std::nullopt);
  EXPECT_EQ(report.terms[0].remaining_purse, std::nullopt);
  EXPECT_EQ(report.terms[1].rate_bp, 5'000);
  EXPECT_EQ(report.terms[1].remaining_purse, policy::Money{0});
  EXPECT_EQ(report.freshness, Freshness::fresh);
}

TEST_F(CentreTest, ADispatchCarriesTheWholeOrderOnce) {
  auto conversation = protocol->dispatch(call(), order());
  auto step = conversation.resume();
  auto const& request = std::get<http_client::HttpRequest>(step);
  EXPECT_EQ(request.repeatable, std::nullopt) << "a POST is never repeated by itself";
  auto const body = nlohmann::json::parse(request.body);
  EXPECT_EQ(body, nlohmann::json::parse(
                      R"({"accelerator":"ASCEND-910B3","agreed_price":{"unit":"card_hour","yuan":"12.00"},"attempt":"sluice-4711-1",
    "cards":8,"checkpoint_grace_s":0,"command":["bash","train.sh"],"environment":{"HF_TOKEN":"canary-secret","K":"V"},"framework":"cann",
    "image":"hub.example/ft:1","inputs":[],"outputs":[],"programme":"qingyang-2024","run_limit_s":90})"));
  EXPECT_TRUE(std::any_of(request.headers.begin(), request.headers.end(),
                          [](auto const& header) { return header.name == "Authorization" && header.value == "Bearer canary-token"; }));
  step = conversation.resume(answered(201, running_job));
  auto const& receipt = std::get<DispatchReceipt>(step);
  EXPECT_FALSE(receipt.existed);
  EXPECT_EQ(receipt.status.handle.id, "17");
  EXPECT_EQ(receipt.status.card_ms, 80'000);

  EXPECT_TRUE(succeed(protocol->dispatch(call(), order()), {{"POST /v1/jobs", answered(200, running_job)}}).existed);
}

TEST_F(CentreTest, RefusalsAreToldApart) {
  auto const refusal = [&](int status, char const* code) {
    return fail(protocol->dispatch(call(), order()),
                {{"POST /v1/jobs", answered(status, std::string(R"({"status":1,"code":")") + code + R"("})")}});
  };
  EXPECT_EQ(name_of(refusal(409, "no_capacity").refusal), "no_capacity");
  EXPECT_EQ(name_of(refusal(409, "no_capacity").kind), "refused");
  EXPECT_EQ(name_of(refusal(409, "price_changed").refusal), "price_changed");
  EXPECT_EQ(name_of(refusal(409, "attempt_conflict").kind), "conflict");
  EXPECT_EQ(name_of(refusal(422, "image_unreachable").refusal), "image_unreachable");
  EXPECT_EQ(name_of(refusal(422, "tea_break").refusal), "other");
  EXPECT_EQ(name_of(refusal(403, "not_open").refusal), "not_open");
  EXPECT_FALSE(refusal(422, "invalid_order").outcome_unknown);
  EXPECT_TRUE(refusal(500, "no_capacity").outcome_unknown) << "a failing site's words decide nothing";
}

TEST_F(CentreTest, ALookUpTellsAbsenceFromIgnorance) {
  std::string const request = "GET /v1/jobs?attempt=sluice-4711-1";
  EXPECT_FALSE(succeed(protocol->look_up(call(), attempt), {{request, answered(200, R"({"jobs":[]})")}}).has_value());
  auto const found =
      succeed(protocol->look_up(call(), attempt), {{request, answered(200, std::string(R"({"jobs":[)") + running_job + "]}")}});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->phase, RemotePhase::running);
  Fault const twice = fail(protocol->look_up(call(), attempt),
                           {{request, answered(200, std::string(R"({"jobs":[)") + running_job + "," + running_job + "]}")}});
  EXPECT_NE(twice.what.find("more than one"), std::string::npos);
  std::string other(running_job);
  other.replace(other.find("4711"), 4, "4712");
  EXPECT_EQ(name_of(fail(protocol->look_up(call(), attempt), {{request, answered(200, R"({"jobs":[)" + other + "]}")}}).kind), "malformed");
}

TEST_F(CentreTest, EveryStateHasItsMeaning) {
  auto const read = [](std::string const& state) {
    return *centre::read_job(R"({"id":"1","attempt":"a-1-1","state":")" + state + R"(","exit_code":3})");
  };
  for (auto const* alive : {"queued", "starting", "running", "stopping"}) EXPECT_EQ(name_of(read(alive).phase), alive);
  std::vector<std::pair<char const*, RemoteEnd>> const ends{
      {"completed", RemoteEnd::own_exit},       {"failed", RemoteEnd::own_exit},     {"timed_out", RemoteEnd::run_limit},
      {"cancelled", RemoteEnd::cancelled},      {"preempted", RemoteEnd::preempted}, {"cluster_failed", RemoteEnd::cluster_fault},
      {"start_failed", RemoteEnd::start_failed}};
  for (auto const& [word, end] : ends) {
    EXPECT_EQ(name_of(read(word).phase), "ended") << word;
    EXPECT_EQ(read(word).end, end) << word;
  }
  EXPECT_EQ(read("hibernating").phase, RemotePhase::unknown) << "neither alive nor ended may be assumed";
  EXPECT_EQ(read("failed").exit_code, 3);
}

TEST_F(CentreTest, HoweverManyUnknownMembersAreIgnored) {
  nlohmann::json page{{"jobs", nlohmann::json::array()}, {"more", 1}};
  nlohmann::json offers{{"offers", nlohmann::json::array()}, {"programmes", nlohmann::json::array()}};
  for (int index = 0; index < 200; ++index) {
    page["jobs"].push_back(
        {{"id", std::to_string(index)}, {"attempt", "a-1-1"}, {"state", "queued"}, {"newer", {{"x", 1}}}, {"newest", 2}});
    offers["offers"].push_back(
        {{"accelerator", std::to_string(index)}, {"newer", 1}, {"price", {{"unit", "card_hour"}, {"list_yuan", "1.00"}, {"tax", 1}}}});
    offers["programmes"].push_back({{"programme", std::to_string(index)}, {"newer", 1}});
  }
  auto const jobs = centre::read_jobs(page.dump());
  ASSERT_TRUE(jobs.has_value()) << jobs.error();
  EXPECT_EQ(jobs->jobs.size(), 200u);
  auto const report = centre::read_offers(offers.dump(), cluster_options(), now);
  ASSERT_TRUE(report.has_value()) << report.error();
  EXPECT_TRUE(report->offers[199].list_price.has_value());
  EXPECT_EQ(centre::read_voucher_terms(offers.dump(), cluster_options(), now)->terms.size(), 200u);
}

TEST_F(CentreTest, WordsFromOutsideAreMadeSafe) {
  auto const status = centre::read_job(R"({"id":"1","attempt":"a-1-1","state":"failed","reason":"a\n\u001b[31m\u2028b\u0000c 卡"})");
  ASSERT_TRUE(status.has_value()) << status.error();
  EXPECT_EQ(status->reason, "a\\x0a\\x1b[31m\\xe2\\x80\\xa8b\\x00c 卡");
}

TEST_F(CentreTest, CancelUsageAndLogs) {
  std::string const running(running_job);
  CancelReceipt const stopping = succeed(protocol->cancel(call(), {"17"}),
                                         {{"DELETE /v1/jobs/17", answered(202, R"({"id":"17","attempt":"a-1-1","state":"stopping"})")}});
  EXPECT_EQ(stopping.phase, RemotePhase::stopping);
  EXPECT_FALSE(stopping.was_gone);
  EXPECT_TRUE(succeed(protocol->cancel(call(), {"17"}), {{"DELETE /v1/jobs/17", answered(404, R"({"code":"job_not_found"})")}}).was_gone);
  EXPECT_EQ(name_of(fail(protocol->cancel(call(), {"17"}), {{"DELETE /v1/jobs/17", answered(404, "nginx")}}).kind), "not_found");

  Usage const usage =
      succeed(protocol->usage(call(), {"a/b"}),
              {{"GET /v1/jobs/a%2Fb/usage", answered(200, R"({"job":"a/b","card_milliseconds":"9223372036854775807","final":true})")}});
  EXPECT_EQ(usage.card_ms, INT64_MAX);
  EXPECT_TRUE(usage.final);
  for (auto const* bad : {"-1", "1.5", "9223372036854775808", "1e3", ""}) {
    std::string const body = R"({"job":"17","final":false,"card_milliseconds":")" + std::string(bad) + "\"}";
    EXPECT_EQ(name_of(fail(protocol->usage(call(), {"17"}), {{"GET /v1/jobs/17/usage", answered(200, body)}}).kind), "malformed") << bad;
  }

  LogTail const tail = succeed(protocol->log_tail(call(), {"17"}, 5),
                               {{"GET /v1/jobs/17/logs?tail=5", answered(200, "0123456789", {{"sluice-log-bytes", "10"}})}});
  EXPECT_EQ(tail.bytes, "56789");
  EXPECT_EQ(tail.total_bytes, 10u);
}

TEST_F(CentreTest, TheListOfAttemptsIsReadToItsEnd) {
  std::string const one = std::string(R"({"jobs":[)") + running_job + R"(],"next":"c/1"})";
  std::vector<Exchange> const script{
      {"GET /v1/jobs?alive=true&limit=100", answered(200, one)},
      {"GET /v1/jobs?alive=true&limit=100&cursor=c%2F1", answered(200, R"({"jobs":[{"id":"9","attempt":"x-1-2","state":"queued"}]})")}};
  AttemptList const list = succeed(protocol->attempts(call()), script);
  EXPECT_TRUE(list.complete);
  EXPECT_EQ(list.attempts.size(), 2u);
  EXPECT_EQ(name_of(fail(protocol->attempts(call()), {script[0], {script[1].request, answered(200, one)}}).kind), "malformed")
      << "a cursor that circles";

  auto endless = protocol->attempts(call());
  auto step = endless.resume();
  int pages = 0;
  while (std::holds_alternative<http_client::HttpRequest>(step)) {
    step = endless.resume(answered(200, R"({"jobs":[],"next":")" + std::to_string(++pages) + "\"}"));
  }
  ASSERT_TRUE(std::holds_alternative<AttemptList>(step));
  EXPECT_FALSE(std::get<AttemptList>(step).complete);
  EXPECT_EQ(pages, 1'000);
}

// "jobs": [] is a sound answer to a look-up and a listing, so there the empty-list fault must be an error status.
TEST_F(CentreTest, EveryFaultAtEveryStep) {
  std::string const page = std::string(R"({"jobs":[)") + running_job + R"(],"next":"2"})";
  constexpr std::size_t none = SIZE_MAX;
  test::fail_at_every_step<OfferReport>([&] { return protocol->offers(call()); }, {{"", answered(200, offered)}}, none);
  test::fail_at_every_step<DispatchReceipt>([&] { return protocol->dispatch(call(), order()); }, {{"", answered(201, running_job)}}, 0);
  test::fail_at_every_step<std::optional<RemoteStatus>>([&] { return protocol->look_up(call(), attempt); }, {{"", answered(200, page)}},
                                                        none);
  test::fail_at_every_step<RemoteStatus>([&] { return protocol->status(call(), {"17"}); }, {{"", answered(200, running_job)}}, none);
  test::fail_at_every_step<CancelReceipt>([&] { return protocol->cancel(call(), {"17"}); }, {{"", answered(202, running_job)}}, 0);
  test::fail_at_every_step<Usage>([&] { return protocol->usage(call(), {"17"}); }, {{"", answered(200, "")}}, none);
  test::fail_at_every_step<AttemptList>([&] { return protocol->attempts(call()); },
                                        {{"", answered(200, page)}, {"", answered(200, R"({"jobs":[]})")}}, none);
}

TEST_F(CentreTest, NoSecretReachesFaultsOrRawReplies) {
  for (test::ScriptedFault const& fault : test::every_fault()) {
    auto conversation = protocol->dispatch(call(), order());
    conversation.resume();
    auto const step = conversation.resume(fault.answer);
    auto const& ended = std::get<Fault>(step);
    std::string all = ended.what + ended.to_do + ended.cluster;
    for (RawReply const& raw : ended.raw) all += raw.request + raw.body;
    EXPECT_EQ(all.find("canary"), std::string::npos) << fault.name;
  }
}

TEST_F(CentreTest, RetryAfterIsPassedOn) {
  EXPECT_EQ(fail(protocol->offers(call()), {{"GET /v1/capacity", answered(429, "", {{"retry-after", "7"}})}}).retry_after_ms, 7'000);
  EXPECT_EQ(fail(protocol->offers(call()), {{"GET /v1/capacity", answered(429, "", {{"retry-after", "Sun, 22 Nov 2026 01:00:20 GMT"}})}})
                .retry_after_ms,
            10'000);
  EXPECT_EQ(
      fail(protocol->offers(call()), {{"GET /v1/capacity", answered(429, "", {{"retry-after", "99999999999999999999"}})}}).retry_after_ms,
      std::nullopt);
  EXPECT_EQ(fail(protocol->offers(call()), {{"GET /v1/capacity", answered(429, "", {{"retry-after", "999999999"}})}}).retry_after_ms,
            86'400'000);
}

TEST(CentreOptions, WhatIsNotKnownIsNamed) {
  ClusterOptions options = cluster_options();
  options.settings["partition"] = "x";
  EXPECT_NE(centre::make_protocol(options).error().find("partition"), std::string::npos);
  options = cluster_options();
  options.site.base_url.clear();
  EXPECT_NE(centre::make_protocol(options).error().find("base_url"), std::string::npos);
  options = cluster_options();
  options.protocol = "carrier-pigeon";
  EXPECT_NE(built_in_protocols().make(options).error().find("there are: centre"), std::string::npos);
}

}  // namespace
}  // namespace sluice::connectors
