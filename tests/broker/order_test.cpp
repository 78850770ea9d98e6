// What a site is sent: the allocation joined with what only tenant and site may see.
#include "broker/dispatch/order.hpp"

#include "broker/payload.hpp"
#include "broker/secrets.hpp"
#include "storage/log/event_codec.hpp"
#include "storage/log/memory_ledger.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace sluice::broker {
namespace {

/// A job of one variant, allocated with a voucher; entry 0 of the log issued it.
class OrderTest : public testing::Test {
 protected:
  void SetUp() override {
    JobPayload payload;
    payload.name = "llama-ft";
    payload.variants = {{.image = "hub.example/ft:1", .command = {"bash", "train.sh"}, .environment = {{"K", "V"}}}};
    payload.inputs = {"obs://b/in/"};
    Sealed job_part = seal(log::PrivateKind::payload, "t", encode_payload(payload));
    Sealed decision = seal(log::PrivateKind::payload, "t", "decision-2026-17");

    policy::EntitlementIssued issued;
    issued.by = {{"ann"}, std::nullopt, policy::Role::operator_};
    issued.decision = decision.commitment;
    issued.holder = {"t"};
    issued.programme = {"qingyang-2024"};
    log::Group group;
    group.entries = {log::encode_entry({{0}, issued})};
    group.private_parts = {job_part.part, decision.part};
    ASSERT_TRUE(ledger_.append(1, 0, group, {}));

    policy::JobSpec spec;
    spec.variants = {{.accelerators = {}, .framework = {"cuda"}, .porting_ms = 0}};
    policy::Job job;
    job.id = {1};
    job.payload = job_part.commitment;
    job.spec = std::make_shared<policy::JobSpec const>(spec);
    job.tenant = {"t"};
    state_.jobs.emplace(job.id, std::make_shared<policy::Job const>(job));
    policy::Entitlement entitlement;
    entitlement.holder = {"t"};
    entitlement.programme = {"qingyang-2024"};
    state_.catalogue->entitlements.emplace(policy::EntitlementId{0}, entitlement);

    attempt_.id = {{1}, 1};
    attempt_.tenant = {"t"};
    attempt_.allocation.type = {"A100"};
    attempt_.allocation.cards = 8;
    attempt_.allocation.limit_ms = 3'600'000;
    attempt_.allocation.entitlement = policy::EntitlementId{0};
  }
  auto order() { return order_for_attempt(state_, ledger_, site_, attempt_, "sluice", 0); }

  log::MemoryLedger ledger_;
  policy::State state_;
  policy::Attempt attempt_;
  Site site_;
};

TEST_F(OrderTest, CarriesTheVouchersProgrammeAndDecision) {
  auto const sent = order();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->image, "hub.example/ft:1");
  EXPECT_EQ(sent->cards, 8);
  EXPECT_EQ(sent->inputs, std::vector<std::string>{"obs://b/in/"});
  ASSERT_TRUE(sent->programme);
  EXPECT_EQ(sent->programme->text, "qingyang-2024");
  EXPECT_EQ(sent->voucher, "decision-2026-17");
}

TEST_F(OrderTest, WithoutAVoucherNamesNone) {
  attempt_.allocation.entitlement.reset();
  auto const sent = order();
  ASSERT_TRUE(sent);
  EXPECT_FALSE(sent->programme);
  EXPECT_FALSE(sent->voucher);
}

TEST_F(OrderTest, IsRefusedWhenThePayloadWasErased) {
  ASSERT_TRUE(ledger_.erase_owner("t"));
  auto const sent = order();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), policy::Reason::payload_missing);
}

TEST_F(OrderTest, IsRefusedWhenTheSiteReachesTheImageNoLonger) {
  site_.registries = {"other.example/"};
  auto const sent = order();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), policy::Reason::image_unreachable);
}

}  // namespace
}  // namespace sluice::broker
