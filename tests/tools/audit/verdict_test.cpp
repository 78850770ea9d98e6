// What a dishonest owner of the log's key could sign: each lie is found at its entry, by the check that is for it.
#include "policy/round_problem.hpp"
#include "storage/log/tile.hpp"
#include "tests/golden/story.hpp"
#include "tests/storage/temporary_directory.hpp"
#include "tests/tools/audit/map_source.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace sluice::audit {
namespace {

using namespace policy;  // NOLINT: half of what is named here
using testing::MapSource;
using testing::replayed;

std::vector<Stamped> const& true_story() {
  static std::vector<Stamped> const entries = golden::story();
  return entries;
}

MapSource tree_of(std::vector<Stamped> const& entries) {
  test::TemporaryDirectory folder = test::TemporaryDirectory::in_memory();
  golden::write_tree(golden::group_of(entries), folder.path() + "/log");
  return MapSource::of(folder.path() + "/log");
}

/// The index of the n-th entry of this type.
template <class E>
std::size_t index_of(std::vector<Stamped> const& entries, std::size_t n = 0) {
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (std::holds_alternative<E>(entries[i].event) && n-- == 0) return i;
  throw std::out_of_range("the story has no such entry");
}

/// A lie told at the entry it returns.
struct Lie {
  char const* name;
  std::size_t (*tell)(std::vector<Stamped>&);
  Class kind;
  char const* check;
};

template <class E>
std::size_t changed(std::vector<Stamped>& entries, auto&& change, std::size_t n = 0) {
  std::size_t const at = index_of<E>(entries, n);
  change(std::get<E>(entries[at].event));
  return at;
}

class Lies : public ::testing::TestWithParam<Lie> {};

TEST_P(Lies, AreFoundAtTheirEntryByTheirCheck) {
  std::vector<Stamped> entries = true_story();
  std::size_t const at = GetParam().tell(entries);
  MapSource source = tree_of(entries);
  Report const report = replayed(source);
  ASSERT_TRUE(report.finding) << "nobody noticed";
  Finding const& finding = *report.finding;
  EXPECT_EQ(finding.kind, GetParam().kind) << to_text(report);
  EXPECT_EQ(finding.check, GetParam().check) << to_text(report);
  EXPECT_EQ(finding.entry, at) << to_text(report);
  EXPECT_EQ(report.exit_code(), static_cast<int>(GetParam().kind));
  // File and offset lead to the very entry.
  log::BundleCursor cursor(source.files.at(finding.file));
  for (std::size_t i = 0; i < at % log::tile_width; ++i) ASSERT_TRUE(cursor.next());
  EXPECT_EQ(finding.offset, cursor.offset());
}

INSTANTIATE_TEST_SUITE_P(
    Of, Lies,
    ::testing::Values(
        Lie{"ALotThatWasNotDrawn", [](auto& e) { return changed<JobAccepted>(e, [](auto& job) { ++job.lot; }, 3); }, Class::policy, "lot"},
        Lie{"AnotherTenantsLot", [](auto& e) { return changed<JobAccepted>(e, [](auto& job) { job.tenant = {"cedar"}; }); }, Class::policy,
            "lot"},
        Lie{"ASecretThatWasNotPromised",
            [](auto& e) {
              changed<LotDayClosed>(e, [](auto& day) { day.secret.bytes[0] ^= 1; });
              return index_of<JobAccepted>(e);  // its lot is the first that does not follow
            },
            Class::policy, "lot"},
        Lie{"AnotherState", [](auto& e) { return changed<StateDigested>(e, [](auto& d) { d.digest.bytes[31] ^= 1; }, 1); }, Class::policy,
            "digest"},
        Lie{"ExpiriesOutOfTurn",
            [](auto& e) {
              std::size_t const at = index_of<OffersExpired>(e);
              EXPECT_TRUE(std::holds_alternative<OffersExpired>(e[at + 1].event));
              std::swap(e[at], e[at + 1]);
              return at;
            },
            Class::policy, "apply"},
        Lie{"AnExpiryLeftOut",
            [](auto& e) {
              std::size_t const at = index_of<EntitlementExpired>(e);
              e.erase(e.begin() + static_cast<std::ptrdiff_t>(at));
              return at;
            },
            Class::policy, "apply"},
        Lie{"AnExpiryBeforeItsTime",
            [](auto& e) {
              std::size_t const at = index_of<EntitlementIssued>(e) + 1;
              e.insert(e.begin() + static_cast<std::ptrdiff_t>(at), {e[at - 1].at, EntitlementExpired{{at - 1}}});
              return at;
            },
            Class::policy, "apply"},
        Lie{"ACheaperBill",
            [](auto& e) {
              return changed<AttemptSettled>(e, [](auto& line) {
                line.net.micro_yuan -= 1;
                line.released.micro_yuan += 1;
              });
            },
            Class::policy, "apply"},
        Lie{"AHigherLimit", [](auto& e) { return changed<AllocationMade>(e, [](auto& made) { ++made.allocation.limit_ms; }); },
            Class::policy, "apply"},
        Lie{"AFavourWithASkip",
            [](auto& e) {
              std::size_t const at = index_of<AllocationMade>(e);
              auto const& made = std::get<AllocationMade>(e[at].event);
              e[at].event = AllocationSkipped{made.attempt.job, Reason::capacity_short, made.round};
              return at;
            },
            Class::policy, "apply"},
        Lie{"AHigherBound",
            [](auto& e) { return changed<RoundDecided>(e, [](auto& round) { round.bound.micro_yuan = round.cost.micro_yuan + 1; }); },
            Class::round, "round"},
        Lie{"ALowerCost",
            [](auto& e) {
              return changed<RoundDecided>(e, [](auto& round) {
                round.cost.micro_yuan -= 1;
                round.bound = {};
              });
            },
            Class::round, "round"},
        Lie{"AnotherProblem", [](auto& e) { return changed<RoundDecided>(e, [](auto& round) { round.problem.bytes[0] ^= 1; }); },
            Class::round, "round"},
        Lie{"AnotherOrder",
            [](auto& e) {
              return changed<RoundDecided>(e, [](auto& round) {
                auto plan = *decode_plan(*round.plan.bytes);
                std::swap(plan[0], plan[1]);
                round.plan = SharedBytes::of(encode_plan(plan));
              });
            },
            Class::round, "round"},
        Lie{"PricesOfNothing",
            [](auto& e) { return changed<RoundDecided>(e, [](auto& round) { round.prices = SharedBytes::of("SLC1"); }); }, Class::round,
            "round"},
        Lie{"TimeGoneBack",
            [](auto& e) {
              std::size_t const at = index_of<RoundOpened>(e);
              e[at].at.ms = e[at - 1].at.ms - 1;
              return at;
            },
            Class::policy, "apply"},
        Lie{"RulesNobodyKnows", [](auto& e) { return changed<EngineActivated>(e, [](auto& engine) { engine.rules_version = 2; }); },
            Class::policy, "apply"},
        Lie{"AnEntryTwice",
            [](auto& e) {
              std::size_t const at = index_of<DispatchIntended>(e) + 1;
              e.insert(e.begin() + static_cast<std::ptrdiff_t>(at), e[at - 1]);
              return at;
            },
            Class::policy, "apply"},
        Lie{"OneHandAlone", [](auto& e) { return changed<OverrideDecided>(e, [](auto& decided) { decided.by.principal = {"ann"}; }); },
            Class::policy, "apply"}),
    [](auto const& lie) { return lie.param.name; });

TEST(Verdict, OpensWithWhatAReplayCannotProveAndDoesNotCallTheUnopenedClean) {
  MapSource source = MapSource::of(SLUICE_GOLDEN_LOG);
  Report const report = replayed(source);
  std::string const text = to_text(report);
  EXPECT_TRUE(text.starts_with("What a replay cannot prove: ")) << text;
  EXPECT_NE(text.find("NO DIVERGENCE"), std::string::npos) << text;
  EXPECT_NE(text.find("CANNOT TELL"), std::string::npos) << text;
  EXPECT_EQ(text.find("CLEAN"), std::string::npos) << text;
  EXPECT_GT(report.figures.private_parts, 0u);
  EXPECT_EQ(report.figures.reaches_untold, 1u);
  EXPECT_GT(report.figures.lots_drawn_again, 20u);
  EXPECT_EQ(report.figures.lots_untold, 3u) << "the third day is not over";
  EXPECT_EQ(report.cannot_tell().size(), 3u) << text;
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(report.exit_code(true), 6);
  auto const json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json.at("result"), "no_divergence");
  EXPECT_EQ(json.at("cannot_tell").size(), 3u);
}

TEST(Verdict, SaysSoWhenNobodyAskedForRoundsOrForAReplay) {
  MapSource source = MapSource::of(SLUICE_GOLDEN_LOG);
  ReplayOptions no_rounds;
  no_rounds.rounds = false;
  Report const unproven = replayed(source, no_rounds);
  EXPECT_FALSE(unproven.finding);
  EXPECT_EQ(unproven.figures.rounds_unproven, unproven.figures.rounds_decided);
  EXPECT_EQ(to_text(unproven).find("round is proven"), std::string::npos);
  EXPECT_EQ(unproven.cannot_tell().size(), 4u);
  ReplayOptions bytes_only;
  bytes_only.apply = false;
  Report const bytes = replayed(source, bytes_only);
  EXPECT_FALSE(bytes.finding);
  EXPECT_EQ(bytes.figures.entries, unproven.figures.entries);
  EXPECT_EQ(to_text(bytes).find("applies"), std::string::npos);
  EXPECT_EQ(bytes.cannot_tell().size(), 1u);
}

TEST(Verdict, IsCleanOnlyWhenNothingIsLeftUntold) {
  MapSource source = tree_of({{{5}, Genesis{"sluice.example/log"}}, {{5}, EngineActivated{1}}});
  Report const report = replayed(source);
  EXPECT_NE(to_text(report).find("\nCLEAN: "), std::string::npos) << to_text(report);
  EXPECT_EQ(report.exit_code(true), 0);
  EXPECT_EQ(nlohmann::json::parse(to_json(report)).at("result"), "clean");
}

/// Shows a first reader of the entries another bundle than everyone after.
struct TwoFacedSource : log::TreeSource {
  MapSource truth;
  std::string first_bundle;
  bool shown = false;

  std::expected<std::optional<std::string>, std::string> read(std::string_view path, std::size_t max_bytes) override {
    if (!path.starts_with("tile/entries/") || std::exchange(shown, true)) return truth.read(path, max_bytes);
    return first_bundle;
  }
};

/// A log of one day, closed or not, its secret flipped in one bit or not.
MapSource day(bool closed, bool flipped = false) {
  std::vector<Stamped> const& story = true_story();
  std::vector<Stamped> entries{story[0], story[1], story[index_of<LotDayOpened>(story)]};
  if (closed) entries.push_back(story[index_of<LotDayClosed>(story)]);
  if (flipped) std::get<LotDayClosed>(entries.back().event).secret.bytes[0] ^= 1;
  return tree_of(entries);
}

TEST(Verdict, TrustsNoHintThatTheProvedLogDoesNotConfirm) {
  std::string const of_three = log::bundle_path(0, 3);
  std::string const of_four = log::bundle_path(0, 4);
  MapSource honest = day(true);
  ASSERT_FALSE(replayed(honest).finding) << to_text(replayed(honest));

  TwoFacedSource another_secret;
  another_secret.truth = day(true);
  another_secret.first_bundle = day(true, true).files.at(of_four);
  Report report = replayed(another_secret);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->kind, Class::incomplete);
  EXPECT_EQ(report.finding->check, "changed");
  EXPECT_EQ(report.finding->entry, 3u);

  // The entry that would have closed the day stands where the log has another, and is gone when it is proved.
  TwoFacedSource never_closed;
  never_closed.truth = day(false);
  log::BundleCursor cursor(honest.files.at(of_four));
  for (int i = 0; i < 4; ++i) {
    auto const entry = cursor.next();
    if (i != 1) log::append_to_bundle(never_closed.first_bundle, entry->bytes);
  }
  ASSERT_TRUE(never_closed.truth.files.contains(of_three));
  report = replayed(never_closed);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->kind, Class::incomplete);
  EXPECT_EQ(report.finding->check, "changed");
}

}  // namespace
}  // namespace sluice::audit
