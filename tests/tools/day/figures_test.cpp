// Reading the contract's answers, and summing them up by hand-computed examples.
#include "tools/day/figures.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::day {
namespace {

nlohmann::json job_body() {
  return nlohmann::json::parse(R"({"id":"7","state":"completed","accepted_at":"2026-01-01T00:00:00.000Z","reason":null,"attempts":[
    {"id":"7-1","state":"failed","liability":"nobody","allocated_at":"2026-01-01T00:00:01.000Z","started_at":"2026-01-01T00:00:02.000Z",
     "ended_at":"2026-01-01T00:00:12.000Z","exit_code":null,"metered_card_hours":"2","settled":{"gross_yuan":"0.00","voucher_yuan":"0.00",
     "fee_yuan":"0.00","tenant_paid_yuan":"0.00","released_yuan":"40.00"},
     "placement":{"cluster":"wuhan","accelerator":"A100","cards":2,"programme":null,"price":{"list_yuan_per_card_hour":"12.00"}}},
    {"id":"7-2","state":"completed","liability":"tenant","allocated_at":"2026-01-01T00:00:13.000Z","started_at":"2026-01-01T00:00:14.000Z",
     "ended_at":"2026-01-01T00:00:34.000Z","exit_code":0,"metered_card_hours":"4","settled":{"gross_yuan":"40.00","voucher_yuan":"12.00",
     "fee_yuan":"0.60","tenant_paid_yuan":"28.60","released_yuan":"10.00"},
     "placement":{"cluster":"guiyang","accelerator":"A100","cards":2,"programme":"p","price":{"list_yuan_per_card_hour":"10.00"}}}]})");
}

DayRecord day_with(JobRecord job) {
  DayRecord day;
  day.places = {{.cluster = "guiyang", .english = "Guiyang", .chinese = "", .hub = "", .longitude = 106, .latitude = 26, .credential = ""}};
  day.tenants = {{.name = "a", .kind = TenantClass::sme, .region = "", .weight = 1, .vouchers = {}, .deposit_yuan = 0}};
  day.cards[{"guiyang", "A100"}] = 4;
  day.began_ms = job.accepted_ms;
  day.ended_ms = job.accepted_ms + 60'000;
  day.compression = 1'440;  // a day in a minute
  day.averages["A100"] = {{day.began_ms - 1, {15'000'000}}, {day.began_ms + 13'500, {99'000'000}}};
  day.jobs.push_back(std::move(job));
  return day;
}

TEST(DayFigures, MoneyWaitsAndUseOfOneJob) {
  auto const job = read_job(job_body());
  ASSERT_TRUE(job) << job.error();
  Figures const figures = figures_of(day_with(*job));
  EXPECT_EQ(figures.total.card_ms, 4 * 3'600'000) << "what nobody pays for is left out";
  EXPECT_EQ(figures.total.list, 40'000'000);
  EXPECT_EQ(figures.total.market, 60'000'000) << "4 hours at the average of the time of allocation, not a later one";
  EXPECT_EQ(figures.total.gross, 40'000'000);
  EXPECT_EQ(figures.total.voucher, 12'000'000);
  EXPECT_EQ(figures.total.paid, 28'600'000);
  EXPECT_EQ(figures.by_class[1].paid, 28'600'000);
  EXPECT_EQ(figures.waits[1].p50_ms, 2'000);
  EXPECT_EQ(figures.waits_all.started, 1);
  EXPECT_EQ(figures.jobs_retried, 1);
  EXPECT_EQ(figures.moved, 1);
  EXPECT_EQ(figures.retries.at("cluster's fault or preemption: nobody pays"), 1);
  // 20 of 60 seconds on 2 of 4 cards.
  ASSERT_EQ(figures.utilisation.size(), 1U);
  EXPECT_NEAR(figures.utilisation[0].mean, 1.0 / 6, 1e-9);
  EXPECT_EQ(figures.not_final, 0);
}

TEST(DayFigures, AnOpenJobWithoutReasonIsUnexplained) {
  auto body = job_body();
  body["state"] = "queued";
  body["attempts"] = nlohmann::json::array();
  Figures const silent = figures_of(day_with(read_job(body).value()));
  EXPECT_EQ(silent.not_final, 1);
  EXPECT_EQ(silent.unexplained, 1);
  body["reason"] = {{"code", "capacity_short"}};
  Figures const told = figures_of(day_with(read_job(body).value()));
  EXPECT_EQ(told.not_final, 1);
  EXPECT_EQ(told.unexplained, 0);
  EXPECT_EQ(told.reasons.at("queued: capacity_short"), 1);
}

TEST(DayFigures, AnAnswerThatIsNoJobIsRefused) {
  EXPECT_FALSE(read_job(nlohmann::json::array()));
  EXPECT_FALSE(read_job({{"id", "7"}, {"state", "queued"}}));
}

TEST(DayFigures, PercentilesAreNearestRank) {
  EXPECT_EQ(percentile({}, 50), 0);
  EXPECT_EQ(percentile({5}, 95), 5);
  EXPECT_EQ(percentile({1, 2, 3, 4}, 50), 2);
  EXPECT_EQ(percentile({1, 2, 3, 4}, 95), 4);
}

}  // namespace
}  // namespace sluice::day
