// The connectors' small parts: names, secrets, credentials, safe text, back-off and breaker.
#include "connectors/answers.hpp"
#include "connectors/breaker.hpp"
#include "connectors/credentials.hpp"
#include "connectors/order.hpp"
#include "connectors/secret.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

namespace sluice::connectors {
namespace {

using std::chrono::milliseconds;

TEST(AttemptNames, GoThereAndBack) {
  policy::AttemptId const id{{UINT64_MAX}, UINT32_MAX};
  AttemptName const name = attempt_name("sluice01", id);
  EXPECT_EQ(name.text, "sluice01-18446744073709551615-4294967295");
  EXPECT_EQ(name.text.size(), 40u);
  EXPECT_TRUE(parse_attempt_name(name.text).has_value());
  EXPECT_EQ(attempt_of("sluice01", name), id);
  EXPECT_EQ(attempt_of("sluice", name), std::nullopt) << "another instance's";
  EXPECT_EQ(attempt_of("s", {"s-1-02"}), std::nullopt) << "not the one spelling";
  EXPECT_EQ(attempt_of("s", {"s-x"}), std::nullopt);
  for (auto const* bad : {"", "-a", "a-", "A", "1a", "a_b", "a b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    EXPECT_FALSE(parse_attempt_name(bad)) << bad;
}

TEST(PriceUnits, NamesGoThereAndBack) {
  for (auto const unit :
       {PriceUnit::card_second, PriceUnit::card_minute, PriceUnit::card_hour, PriceUnit::card_day, PriceUnit::card_month}) {
    EXPECT_EQ(price_unit_of(name_of(unit)), unit);
    EXPECT_GT(unit_ms(unit), 0);
  }
  EXPECT_EQ(unit_ms(PriceUnit::card_hour), 3'600'000);
  EXPECT_EQ(price_unit_of("fortnight"), std::nullopt);
}

TEST(Secrets, MoveLeavesNothingBehind) {
  Secret first("short");
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(second.reveal(), "short");
  Secret third(std::string(100, 'x'));
  third = second;
  EXPECT_EQ(third.reveal(), "short");
}

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-credentials-XXXXXX").string();
    directory = mkdtemp(pattern.data());
  }
  ~CredentialsTest() override { std::filesystem::remove_all(directory); }
  void write(std::string const& name, std::string const& text) const { std::ofstream(directory / name) << text; }
  std::filesystem::path directory;
};

TEST_F(CredentialsTest, OneLineIsATokenAndPairsAreNamed) {
  write("a", "abc==\n");
  write("b", "# Huawei\naccess_key = AK\nsecret_key =  s=k \n");
  auto const token = read_credentials(directory / "a");
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(token->find("token")->reveal(), "abc==");
  auto const pair = read_credentials(directory / "b");
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(pair->find("access_key")->reveal(), "AK");
  EXPECT_EQ(pair->find("secret_key")->reveal(), "s=k");
  EXPECT_EQ(pair->find("token"), nullptr);
  EXPECT_NE(token->version, pair->version);
}

TEST_F(CredentialsTest, ErrorsNameTheFileAndNeverAValue) {
  write("empty", "\n");
  write("twice", "canary1\ncanary2\n");
  write("control", "canary\x01\n");
  write("large", std::string(70'000, 'c'));
  for (auto const* name : {"empty", "twice", "control", "large", "absent"}) {
    auto const read = read_credentials(directory / name);
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_NE(read.error().find(name), std::string::npos);
    EXPECT_EQ(read.error().find("canary"), std::string::npos);
  }
}

TEST_F(CredentialsTest, ADirectoryNoticesReplacement) {
  CredentialDirectory source(directory);
  write("acme", "first");
  auto const first = source.credentials("acme");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(source.credentials("acme")->get(), first->get()) << "unchanged: not read again";
  write("acme", "second!");
  auto const second = source.credentials("acme");
  ASSERT_TRUE(second.has_value());
  EXPECT_NE((*second)->version, (*first)->version);
  EXPECT_EQ((*second)->find("token")->reveal(), "second!");
  std::filesystem::remove(directory / "acme");
  EXPECT_FALSE(source.credentials("acme").has_value());
  for (auto const* bad : {"", "..", "../x", "a/b", ".hidden"}) EXPECT_FALSE(source.credentials(bad).has_value()) << bad;
}

// A rotation that keeps size and time, as "mv" of a prepared file with the old one's time does.
TEST_F(CredentialsTest, ADirectoryNoticesAFileOfTheSameSizeAndTime) {
  CredentialDirectory source(directory);
  write("acme", "token-1");
  auto const first = source.credentials("acme");
  ASSERT_TRUE(first.has_value());
  write("acme.new", "token-2");
  std::filesystem::last_write_time(directory / "acme.new", std::filesystem::last_write_time(directory / "acme"));
  std::filesystem::rename(directory / "acme.new", directory / "acme");
  auto const second = source.credentials("acme");
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ((*second)->find("token")->reveal(), "token-2");
}

TEST(Shown, EscapesWhatWouldMoveCursorsOrBreakLines) {
  EXPECT_EQ(shown("a\r\n\x1b[2J\x7f"), "a\\x0d\\x0a\\x1b[2J\\x7f");
  EXPECT_EQ(shown("卡 é"), "卡 é");
  EXPECT_EQ(shown("\xc2\x85\xe2\x80\xae\xe2\x81\xa6"), "\\xc2\\x85\\xe2\\x80\\xae\\xe2\\x81\\xa6");
  EXPECT_EQ(shown("\xff\xc0\x80\xed\xa0\x80\xe5\x8d"), "\\xff\\xc0\\x80\\xed\\xa0\\x80\\xe5\\x8d");
  EXPECT_EQ(shown(std::string(1'000, 'x'), 10), "xxxxxxxxxx…");
}

TEST(FullJitter, StaysWithinItsCeilingAndReachesBothEnds) {
  BackoffOptions const options{milliseconds(100), milliseconds(1'000)};
  std::mt19937_64 chance(7);
  for (std::uint32_t failures = 0; failures < 70; ++failures) {
    std::int64_t const ceiling = failures < 4 ? 100 << failures : 1'000;
    std::int64_t least = INT64_MAX;
    std::int64_t most = 0;
    for (int draw = 0; draw < 2'000; ++draw) {
      std::int64_t const wait = full_jitter(options, failures, chance()).count();
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    EXPECT_GE(least, 1);
    EXPECT_LT(least, ceiling / 10);
    EXPECT_LE(most, ceiling);
    EXPECT_GT(most, ceiling - ceiling / 10);
  }
  EXPECT_EQ(full_jitter({milliseconds(0), milliseconds(0)}, 99, 12'345).count(), 1);
}

TEST(BreakerTest, OpensAfterFailuresInARowAndTriesOnceAtATime) {
  Breaker breaker({.failures_to_open = 3, .open_for = {milliseconds(100), milliseconds(400)}});
  milliseconds const start{1'000};
  breaker.failed(start, 0);
  breaker.failed(start, 0);
  breaker.succeeded();
  breaker.failed(start, 0);
  breaker.failed(start, 0);
  EXPECT_EQ(name_of(breaker.state()), "closed") << "only failures in a row count";
  breaker.failed(start, 99);  // open for the whole 100 ms
  EXPECT_EQ(name_of(breaker.state()), "open");
  EXPECT_FALSE(breaker.permit(start + milliseconds(99)));
  EXPECT_EQ(breaker.remaining(start + milliseconds(40)), milliseconds(60));
  EXPECT_TRUE(breaker.permit(start + milliseconds(100)));
  EXPECT_EQ(name_of(breaker.state()), "half_open");
  EXPECT_FALSE(breaker.permit(start + milliseconds(100))) << "one trial at a time";
  breaker.failed(start + milliseconds(100), 199);  // opens again, for up to twice as long
  EXPECT_FALSE(breaker.permit(start + milliseconds(299)));
  EXPECT_TRUE(breaker.permit(start + milliseconds(300)));
  breaker.abandoned();
  EXPECT_TRUE(breaker.permit(start + milliseconds(300))) << "a trial that told nothing is made again";
  breaker.succeeded();
  EXPECT_EQ(name_of(breaker.state()), "closed");
  EXPECT_TRUE(breaker.permit(start));
}

TEST(BreakerTest, ALateFailureOfAnOlderRequestDoesNotProlongTheRest) {
  Breaker breaker({.failures_to_open = 1, .open_for = {milliseconds(100), milliseconds(400)}});
  breaker.failed(milliseconds(0), 99);
  breaker.failed(milliseconds(90), 99);
  EXPECT_TRUE(breaker.permit(milliseconds(100)));
}

}  // namespace
}  // namespace sluice::connectors
