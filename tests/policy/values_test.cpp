// Names, times, money and reasons: exact, strict, and complete.
#include "policy/identifiers.hpp"
#include "policy/lot.hpp"
#include "policy/money.hpp"
#include "policy/reason.hpp"
#include "policy/time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace sluice::policy {
namespace {

TEST(Names, AreShortAsciiWordsThatStartWithALetterOrDigit) {
  for (auto const* good : {"a", "A100", "t-7k3m9q2x", "wuhan.2026_x", "9"}) EXPECT_TRUE(is_name(good)) << good;
  for (auto const* bad : {"", "-a", ".a", "_a", "a b", "a/b", "城", "a\n"}) EXPECT_FALSE(is_name(bad)) << bad;
  EXPECT_TRUE(is_name(std::string(63, 'a')));
  EXPECT_FALSE(is_name(std::string(64, 'a')));
}

TEST(Names, AttemptsReadBackOnlyWhatTheyWrite) {
  AttemptId const id{{18'446'744'073'709'551'615u}, 4'294'967'295u};
  EXPECT_EQ(to_string(id), "18446744073709551615-4294967295");
  EXPECT_EQ(attempt_from_string(to_string(id)), id);
  for (auto const* bad : {"", "1", "-1", "1-", "1-0", "01-1", "1-01", "1-1 ", "+1-1", "1--1", "18446744073709551616-1", "1-4294967296"})
    EXPECT_FALSE(attempt_from_string(bad)) << bad;
}

TEST(Regions, ContainTheirPrefecturesAndDistricts) {
  EXPECT_TRUE(lies_in({420'106}, {420'000}));
  EXPECT_TRUE(lies_in({420'106}, {420'100}));
  EXPECT_TRUE(lies_in({420'106}, {420'106}));
  EXPECT_FALSE(lies_in({420'100}, {420'106}));
  EXPECT_FALSE(lies_in({430'100}, {420'000}));
  EXPECT_FALSE(lies_in({0}, {0}));
  EXPECT_FALSE(lies_in({420'100}, {0}));
}

TEST(Times, ReadRfc3339Strictly) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), Timestamp{0});
  EXPECT_EQ(parse_rfc3339("2026-12-01T00:00:00+08:00"), Timestamp{1'796'054'400'000});
  EXPECT_EQ(parse_rfc3339("2024-02-29T12:30:45.25-03:30"), Timestamp{1'709'222'445'250});
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59.999Z"), Timestamp{253'402'300'799'999});
  for (auto const* bad : {"", "2026-12-01", "2026-12-01 00:00:00Z", "2026-12-01T00:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                          "2026-12-01T24:00:00Z", "2026-12-01T00:60:00Z", "2026-12-01T00:00:60Z", "2026-12-01T00:00:00.Z",
                          "2026-12-01T00:00:00.1234Z", "2026-12-01T00:00:00+24:00", "2026-12-01T00:00:00+08:60", "2026-12-01T00:00:00Zx",
                          "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+08:00", "+2026-12-01T00:00:00Z", "2026-12-01t00:00:00z"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

TEST(Times, WriteWhatTheyRead) {
  EXPECT_EQ(format_rfc3339({1'796'054'400'000}), "2026-11-30T16:00:00.000Z");
  for (std::int64_t const ms : {std::int64_t{0}, std::int64_t{951'782'399'999}, std::int64_t{253'402'300'799'999}})
    EXPECT_EQ(parse_rfc3339(format_rfc3339({ms})), Timestamp{ms});
}

TEST(Times, TheRulesDayAndYearTurnAtMidnightInShanghai) {
  Timestamp const last = *parse_rfc3339("2026-12-31T23:59:59.999+08:00");
  EXPECT_EQ(shanghai_year(last), 2026);
  EXPECT_EQ(shanghai_year({last.ms + 1}), 2027);
  EXPECT_EQ(shanghai_day({last.ms + 1}), shanghai_day(last) + 1);
}

TEST(MoneyTest, ArithmeticIsCheckedAtTheEdges) {
  Money const most{INT64_MAX};
  EXPECT_EQ(checked_add(most, {1}), std::nullopt);
  EXPECT_EQ(checked_add({INT64_MIN}, {-1}), std::nullopt);
  EXPECT_EQ(checked_add(most, {-1}), Money{INT64_MAX - 1});
  EXPECT_EQ(checked_subtract({INT64_MIN}, {1}), std::nullopt);
  EXPECT_EQ(checked_subtract({0}, {INT64_MIN}), std::nullopt);
  EXPECT_EQ(checked_multiply({INT64_MAX / 2}, 3), std::nullopt);
  EXPECT_EQ(checked_multiply(yuan(3), -2), yuan(-6));
}

TEST(MoneyTest, EachRoundingRuleRoundsAsItsNameSays) {
  struct Case {
    Int128 numerator;
    Int128 denominator;
    std::array<std::int64_t, 6> expected;  // floor_fen, ceil_fen, half_up_fen, floor_micro, ceil_micro, half_up_micro
  };
  for (auto const& [numerator, denominator, expected] : {
           Case{0, 7, {0, 0, 0, 0, 0, 0}},
           Case{20'000, 1, {20'000, 20'000, 20'000, 20'000, 20'000, 20'000}},
           Case{24'999, 1, {20'000, 30'000, 20'000, 24'999, 24'999, 24'999}},
           Case{25'000, 1, {20'000, 30'000, 30'000, 25'000, 25'000, 25'000}},
           Case{49'999, 2, {20'000, 30'000, 20'000, 24'999, 25'000, 25'000}},  // 24,999.5
           Case{1, 3, {0, 10'000, 0, 0, 1, 0}},
           Case{1, 2, {0, 10'000, 0, 0, 1, 1}},
           Case{2, 3, {0, 10'000, 0, 0, 1, 1}},
       }) {
    for (std::size_t rule = 0; rule < expected.size(); ++rule)
      EXPECT_EQ(round_ratio(numerator, denominator, static_cast<Rounding>(rule)), Money{expected[rule]})
          << static_cast<std::int64_t>(numerator) << '/' << static_cast<std::int64_t>(denominator) << " rule " << rule;
  }
  EXPECT_EQ(round_ratio(Int128{INT64_MAX} * 10, 10, Rounding::floor_micro), Money{INT64_MAX});
  EXPECT_EQ(round_ratio(Int128{INT64_MAX} * 10 + 1, 10, Rounding::ceil_micro), std::nullopt);
  EXPECT_EQ(round_ratio(Int128{INT64_MAX}, 1, Rounding::ceil_fen), std::nullopt);
}

TEST(MoneyTest, ARateNeverGivesMoreThanItsShareWhenFloored) {
  EXPECT_EQ(apply_rate(Money{99'999}, 3'000, Rounding::floor_fen), Money{20'000});
  EXPECT_EQ(apply_rate(yuan(100), 10'000, Rounding::floor_fen), yuan(100));
  EXPECT_EQ(apply_rate(yuan(100), 0, Rounding::ceil_fen), Money{0});
  EXPECT_EQ(apply_rate(Money{1}, 1, Rounding::ceil_micro), Money{1});
}

TEST(MoneyTest, TextIsExactDecimalYuan) {
  EXPECT_EQ(parse_yuan("5000.00"), yuan(5'000));
  EXPECT_EQ(parse_yuan("0.000001"), Money{1});
  EXPECT_EQ(parse_yuan("0"), Money{0});
  EXPECT_EQ(parse_yuan("1000000000000"), money_max);
  EXPECT_EQ(parse_yuan("1000000000000.000000"), money_max);
  for (auto const* bad : {"", ".5", "5.", "05", "-1", "+1", "1e3", "1,000", " 1", "1 ", "0.0000001", "1000000000000.000001",
                          "9999999999999.999999", "10000000000000", "五", "1.2.3", "0x10"})
    EXPECT_FALSE(parse_yuan(bad)) << bad;
  EXPECT_EQ(format_yuan(yuan(5'000)), "5000.00");
  EXPECT_EQ(format_yuan({1}), "0.000001");
  EXPECT_EQ(format_yuan({-3'500'000}), "-3.50");
  EXPECT_EQ(format_yuan({1'230'000}), "1.23");
  EXPECT_EQ(format_yuan({INT64_MIN}), "-9223372036854.775808");
  for (std::int64_t const micro : {0LL, 1LL, 10LL, 123'456'789LL, 1'000'000'000'000'000'000LL})
    EXPECT_EQ(parse_yuan(format_yuan({micro})), Money{micro});
}

TEST(Reasons, EachHasItsOwnCodeAndTwoTexts) {
  std::set<std::string_view> codes;
  for (Reason const reason : all_reasons()) {
    EXPECT_TRUE(codes.insert(code(reason)).second) << code(reason);
    EXPECT_EQ(reason_from_code(code(reason)), reason);
    EXPECT_TRUE(is_reason(reason));
    std::string_view const english = text_english(reason);
    EXPECT_TRUE(english.size() > 15 && english.ends_with('.')) << code(reason);
    EXPECT_TRUE(std::ranges::all_of(english, [](char c) { return c >= ' ' && c <= '~'; })) << code(reason);
    EXPECT_TRUE(text_chinese(reason).size() > 9 && text_chinese(reason).ends_with("。")) << code(reason);
  }
  EXPECT_FALSE(reason_from_code("no_such_reason"));
}

// Counts numbers that the codes' ranges could hold: an enumerator without a row in the table would leave a gap here.
TEST(Reasons, NoEnumeratorIsForgotten) {
  auto const last_of = [](Reason last, int first) { return static_cast<int>(last) - first + 1; };
  int const expected = 1 + last_of(Reason::wrong_rules_version, 100) + last_of(Reason::runtime_limit_exceeds_site, 200) +
                       last_of(Reason::rate_unknown, 300) + last_of(Reason::run_limit_reached, 400) +
                       last_of(Reason::settlement_mismatch, 500) + last_of(Reason::allocation_not_in_plan, 600);
  EXPECT_EQ(static_cast<int>(all_reasons().size()), expected);
  EXPECT_FALSE(is_reason(static_cast<Reason>(99)));
  EXPECT_FALSE(is_reason(static_cast<Reason>(65'535)));
  EXPECT_EQ(code(static_cast<Reason>(65'535)), "unknown");
}

TEST(Lots, AreTheFirstEightBytesOfTheStatedHash) {
  Hash const secret = sha256("a day's secret");
  Hash const idempotency = sha256("key-1");
  std::string bytes(reinterpret_cast<char const*>(secret.bytes.data()), 32);
  bytes += "t-7k3m";
  bytes.append(reinterpret_cast<char const*>(idempotency.bytes.data()), 32);
  std::string const hex = to_hex(sha256(bytes));
  EXPECT_EQ(lot_of(secret, {"t-7k3m"}, idempotency), std::stoull(hex.substr(0, 16), nullptr, 16));
  EXPECT_NE(lot_of(secret, {"t-7k3n"}, idempotency), lot_of(secret, {"t-7k3m"}, idempotency));
  EXPECT_EQ(lot_secret_hash(secret), sha256(Bytes{secret.bytes}));
}

}  // namespace
}  // namespace sluice::policy
