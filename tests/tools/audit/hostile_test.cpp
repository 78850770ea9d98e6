// Entries that only an enemy with a key would sign: each ends in a report, none in a crash, and none writes to the reader's terminal.
#include "storage/log/checkpoint.hpp"
#include "storage/log/event_codec.hpp"
#include "storage/log/tile.hpp"
#include "storage/log/tree_hash.hpp"
#include "tests/golden/story.hpp"
#include "tests/storage/groups.hpp"
#include "tests/storage/temporary_directory.hpp"
#include "tests/tools/audit/map_source.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>
#include <cctype>
#include <random>

namespace sluice::audit {
namespace {

using testing::MapSource;
using testing::replayed;

MapSource tree_of(log::Group const& group) {
  test::TemporaryDirectory folder = test::TemporaryDirectory::in_memory();
  golden::write_tree(group, folder.path() + "/log");
  return MapSource::of(folder.path() + "/log");
}

/// A log of a few entries made without our ledger, which would refuse some of them. REQUIRES: at most 256.
MapSource tree_by_hand(std::vector<std::string> const& entries) {
  MapSource source;
  std::string bundle;
  std::string tile;
  std::vector<policy::Hash> leaves;
  for (std::string const& entry : entries) {
    log::append_to_bundle(bundle, entry);
    leaves.push_back(log::hash_leaf(entry));
    tile.append(leaves.back().bytes.begin(), leaves.back().bytes.end());
  }
  auto const width = static_cast<std::uint32_t>(entries.size());
  source.files[log::bundle_path(0, width)] = bundle;
  source.files[log::tile_path({0, 0, width})] = tile;
  policy::Hash const root = test::reference_root(leaves, 0, leaves.size());
  source.files["checkpoint"] = log::sign_checkpoint(golden::signer(), width, root);
  return source;
}

/// The story's entries as text.
log::Group const& truth() {
  static log::Group const group = golden::group_of(golden::story());
  return group;
}

void expect_harmless(Report const& report) {
  for (char const c : to_text(report)) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
  EXPECT_FALSE(nlohmann::json::parse(to_json(report), nullptr, false).is_discarded());
}

TEST(Hostile, TextsThatAreNoEntries) {
  std::string const start = R"({"@":")";
  std::string many_offers = R"({"@":"offers.observed/1","at_ms":5,"body":{"as_of_ms":5,"cluster":"x","offers":[)";
  while (many_offers.size() < 65'000) many_offers += "{},";
  std::vector<std::string> texts{
      "",
      "null",
      "[]",
      "{}",
      "{",
      std::string(65'535, '['),
      std::string(65'535, '{'),
      std::string(30'000, '[') + std::string(30'000, ']'),
      std::string(65'535, ' '),
      std::string(65'535, '\0'),
      std::string(40'000, '"'),
      "\xff\xfe\xfd",
      start + "\x1b[2J\x1b]0;owned\x07" + R"(","at_ms":5,"body":{}})",
      start + R"(\u001b[2J","at_ms":5,"body":{}})",
      start + "\xc2\x9b" + R"(31m","at_ms":5,"body":{}})",
      start + std::string(60'000, 'x') + R"(","at_ms":5,"body":{}})",
      R"({"@":"round.opened/1","at_ms":1e400,"body":{"round":"1"}})",
      R"({"@":"round.opened/1","at_ms":9223372036854775808,"body":{"round":"1"}})",
      R"({"@":"round.opened/1","at_ms":-1,"body":{"round":"1"}})",
      R"({"@":"round.opened/1","at_ms":5,"at_ms":5,"body":{"round":"1"}})",
      R"({"@":"round.opened/1","at_ms":5,"body":{"round":"99999999999999999999999999"}})",
      R"({"@":"round.opened/1","at_ms":5,"body":{"round":"18446744073709551615"}})",
      R"({"@":"round.decided/1","at_ms":5,"body":{}})",
      R"({"@":"genesis/1","at_ms":5,"body":{"origin":"again"}})",
      R"({"@":"state.digested/1","at_ms":5,"body":{"digest":")" + std::string(64, '0') + R"(","sequence":"18446744073709551615"}})",
      R"({"@":"lot.day_closed/1","at_ms":5,"body":{"day":-9007199254740991,"secret":")" + std::string(64, '0') + R"("}})",
      many_offers + "{}]}}",
  };
  std::string deep = R"({"@":"job.accepted/1","at_ms":5,"body":)";
  for (int i = 0; i < 9'000; ++i) deep += R"({"a":)";
  texts.push_back(deep + "1" + std::string(9'001, '}'));
  for (std::string const& text : texts) {
    MapSource source = tree_by_hand({truth().entries[0], truth().entries[1], text});
    Report const report = replayed(source);
    ASSERT_TRUE(report.finding) << text.substr(0, 80);
    EXPECT_EQ(report.finding->kind, Class::policy) << text.substr(0, 80);
    EXPECT_EQ(report.finding->entry, 2u) << text.substr(0, 80);
    expect_harmless(report);
  }
}

/// Puts `value` where the n-th number of an entry stands, be it a JSON integer or a decimal string; false when it has fewer.
bool replace_number(std::string& entry, std::size_t n, std::string const& value) {
  for (std::size_t at = 0; at < entry.size(); ++at) {
    bool const starts = std::isdigit(static_cast<unsigned char>(entry[at])) != 0 && at > 0 &&
                        (entry[at - 1] == ':' || (entry[at - 1] == '"' && at > 1 && entry[at - 2] == ':'));
    if (!starts) continue;
    std::size_t end = at;
    while (end < entry.size() && std::isdigit(static_cast<unsigned char>(entry[end])) != 0) ++end;
    if (entry[end] != ',' && entry[end] != '}' && entry[end] != '"') continue;
    if (n-- == 0) {
      entry.replace(at, end - at, value);
      return true;
    }
    at = end;
  }
  return false;
}

// Numbers at the ends of every range, in entries that were true: what is refused is refused, what is taken breaks nothing.
TEST(Hostile, NumbersAtTheEndsOfTheirRange) {
  static constexpr std::array values = {"0",
                                        "-1",
                                        "1",
                                        "2147483647",
                                        "-2147483648",
                                        "4294967296",
                                        "9007199254740991",
                                        "-9007199254740991",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "18446744073709551615"};
  std::mt19937_64 random(5);
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    log::Group group = truth();
    std::string& entry = group.entries[random() % group.entries.size()];
    if (!replace_number(entry, random() % 8, values[random() % values.size()])) continue;
    MapSource source = tree_of(group);
    Report const report = replayed(source);
    if (!report.finding) continue;
    ++refused;
    EXPECT_TRUE(report.finding->kind == Class::policy || report.finding->kind == Class::round || report.finding->kind == Class::incomplete);
    EXPECT_TRUE(report.finding->entry);
    expect_harmless(report);
  }
  EXPECT_GT(refused, 100);
}

TEST(Hostile, AChargeBeyondWhatAnyAttemptCanCost) {
  std::vector<policy::Stamped> entries = golden::story();
  policy::AttemptId const running = [&] {
    for (auto it = entries.rbegin();; ++it)
      if (auto const* started = std::get_if<policy::AttemptStarted>(&it->event)) return started->attempt;
  }();
  policy::AttemptEnded ended;
  ended.attempt = running;
  ended.card_ms = INT64_MAX >> 12;
  ended.outcome = policy::Outcome::broker_fault;
  entries.push_back({entries.back().at, ended});
  MapSource source = tree_of(golden::group_of(entries));
  Report const report = replayed(source);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->entry, entries.size() - 1);
  EXPECT_NE(report.finding->actual.find("amount_overflow"), std::string::npos) << report.finding->actual;
}

TEST(Hostile, BlobsThatAreNoPlanAndNoPrices) {
  std::vector<policy::Stamped> const story = golden::story();
  std::mt19937_64 random(9);
  for (int i = 0; i < 60; ++i) {
    std::vector<policy::Stamped> entries = story;
    for (policy::Stamped& entry : entries) {
      auto* decided = std::get_if<policy::RoundDecided>(&entry.event);
      if (decided == nullptr) continue;
      policy::SharedBytes& blob = i % 2 == 0 ? decided->plan : decided->prices;
      std::string bytes = *blob.bytes;
      for (std::uint64_t n = random() % 4 + 1; n-- > 0 && !bytes.empty();) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (i % 5 == 0) bytes += std::string(1'000'000, '\x7f');
      blob = policy::SharedBytes::of(bytes);
      break;
    }
    MapSource source = tree_of(golden::group_of(entries));
    Report const report = replayed(source);
    ASSERT_TRUE(report.finding) << i;
    expect_harmless(report);
  }
}

TEST(Hostile, CheckpointsOfTreesThatAreNotThere) {
  for (std::uint64_t const size : {std::uint64_t{1}, std::uint64_t{256}, std::uint64_t{1} << 32, (std::uint64_t{1} << 63) - 1}) {
    MapSource source;
    source.files["checkpoint"] = log::sign_checkpoint(golden::signer(), size, policy::sha256("a root"));
    for (bool const apply : {true, false}) {
      ReplayOptions options;
      options.apply = apply;
      Report const report = replayed(source, options);
      ASSERT_TRUE(report.finding) << size;
      EXPECT_EQ(report.finding->kind, Class::incomplete) << size;
    }
  }
}

// A file that claims a gigabyte costs no gigabyte: what is longer than it may be is not read.
TEST(Hostile, FilesFarLongerThanTheyMayBe) {
  test::TemporaryDirectory folder;
  golden::write_tree(truth(), folder.path() + "/log");
  std::string const bundle = folder.path() + "/log/" + log::bundle_path(0, log::tile_width);
  ASSERT_EQ(::truncate(bundle.c_str(), off_t{1} << 40), 0);
  log::DirectorySource source(folder.path() + "/log");
  Report const report = replayed(source);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->check, "unreadable");
  EXPECT_EQ(report.finding->kind, Class::incomplete);
}

}  // namespace
}  // namespace sluice::audit
