// Faults on demand: what each leaves behind for the writer and for the next one.
#include "storage/log/memory_ledger.hpp"

#include "tests/storage/groups.hpp"

#include <gtest/gtest.h>

namespace sluice::log {
namespace {

using Kind = AppendError::Kind;

struct Outcome {
  AppendFault fault;
  Kind reported;
  bool goes_on;                 ///< the same ledger takes the next append
  std::uint64_t after_restart;  ///< entries found, of 3 before and 4 in the failed Group
};

std::ostream& operator<<(std::ostream& out, Outcome const& outcome) { return out << "fault " << static_cast<int>(outcome.fault); }

class Faults : public ::testing::TestWithParam<Outcome> {};

TEST_P(Faults, LeaveWhatTheySay) {
  Outcome const expected = GetParam();
  auto const disk = make_memory_disk();
  {
    MemoryLedger ledger(test::signer(), disk);
    ASSERT_TRUE(ledger.append(5, 0, test::group(0, 3), {}));
    ledger.fail_append(0, expected.fault);
    Group group = test::group(3, 4);
    group.private_parts = {{PrivateKind::idempotency, "tenant", "key", "answer", 1'000}};
    auto const failed = ledger.append(5, 3, group, {.state = {{"row", "value"}}, .history = {}});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, expected.reported);
    // Readers see nothing of it.
    EXPECT_EQ(ledger.size(), 3u);
    EXPECT_EQ(ledger.checkpoint().size, 3u);
    EXPECT_EQ(*ledger.row(Table::state, "row"), std::nullopt);
    EXPECT_FALSE(*ledger.private_part(PrivateKind::idempotency, "tenant", "key"));
    auto const next = ledger.append(6, 3, test::group(3, 1), {});
    EXPECT_EQ(next.has_value(), expected.goes_on);
    if (!next && expected.reported == Kind::unknown) {
      EXPECT_EQ(next.error().kind, Kind::poisoned);
      EXPECT_FALSE(ledger.erase_owner("tenant"));
      EXPECT_FALSE(ledger.purge_expired(1'000, 10));
    }
    EXPECT_EQ(ledger.append_attempts(), 3u);
    if (expected.goes_on) return;
  }
  MemoryLedger again(test::signer(), disk);
  EXPECT_EQ(again.size(), expected.after_restart);
  EXPECT_EQ(again.row(Table::state, "row")->has_value(), expected.after_restart == 7);
  EXPECT_EQ(again.private_part(PrivateKind::idempotency, "tenant", "key")->has_value(), expected.after_restart == 7);
  EXPECT_TRUE(again.append(7, expected.after_restart, test::group(expected.after_restart, 1), {}));
}

INSTANTIATE_TEST_SUITE_P(All, Faults,
                         ::testing::Values(Outcome{AppendFault::before_write, Kind::unknown, false, 3},
                                           Outcome{AppendFault::torn, Kind::unknown, false, 3},
                                           Outcome{AppendFault::after_write, Kind::unknown, false, 7},
                                           Outcome{AppendFault::fenced, Kind::fenced, true, 3},
                                           Outcome{AppendFault::no_space, Kind::no_space, true, 3}));

TEST(MemoryLedgerFaults, ComeAtTheStepTheyWereSetFor) {
  MemoryLedger ledger;
  ledger.fail_append(2, AppendFault::no_space);
  EXPECT_TRUE(ledger.append(1, 0, test::group(0, 1), {}));
  EXPECT_TRUE(ledger.append(1, 1, test::group(1, 1), {}));
  EXPECT_EQ(ledger.append(1, 2, test::group(2, 1), {}).error().kind, Kind::no_space);
  EXPECT_TRUE(ledger.append(1, 2, test::group(2, 1), {}));
}

TEST(MemoryLedgerFaults, AFencedWriterStaysFenced) {
  MemoryLedger ledger;
  ledger.fail_append(0, AppendFault::fenced);
  EXPECT_EQ(ledger.append(4, 0, test::group(0, 1), {}).error().kind, Kind::fenced);
  EXPECT_EQ(ledger.append(4, 0, test::group(0, 1), {}).error().kind, Kind::fenced);
  EXPECT_TRUE(ledger.append(ledger.epoch() + 1, 0, test::group(0, 1), {}));
}

}  // namespace
}  // namespace sluice::log
