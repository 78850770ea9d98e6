// The golden log: this build reads it, replays it, and comes to the very state that was written down.
#include "storage/log/event_codec.hpp"
#include "storage/log/verified_tree.hpp"
#include "tests/golden/signed_tree.hpp"
#include "tests/golden/story.hpp"
#include "tests/storage/temporary_directory.hpp"
#include "tools/audit/replay.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice::golden {
namespace {

constexpr std::string_view root = "d503227f2f5339b3d3a42801a4c3a0dafc1ffb6223cf51b93448843b58adc3b5";
constexpr std::string_view state = "c822f21a4f7db3be8f6795756944e4d4ff1bccea1a57496a97e4b9b87e1c6bac";

audit::Report replayed(std::string const& directory, audit::ReplayOptions const& options = {}) {
  log::DirectorySource source(directory);
  return audit::replay(source, signer().verifier(), options);
}

TEST(GoldenLog, ReplaysToTheStateThatIsWrittenDown) {
  audit::Report const report = replayed(SLUICE_GOLDEN_LOG);
  ASSERT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(report.figures.root, root);
  EXPECT_EQ(report.figures.state_digest, state);
  EXPECT_EQ(report.figures.digests, 2u);
  EXPECT_EQ(report.figures.digests_untold, 0u);
  EXPECT_EQ(report.figures.rounds_unproven, 0u);
  EXPECT_GE(report.figures.rounds_decided, 4u);
}

TEST(GoldenLog, HasEveryTypeOfEntry) {
  log::DirectorySource source(SLUICE_GOLDEN_LOG);
  log::NoteVerifier const key = signer().verifier();
  auto tree = log::VerifiedTree::open(source, {&key, 1});
  ASSERT_TRUE(tree);
  EXPECT_GT(tree->size(), 256u) << "a full tile and a partial one";
  log::EntryDecoder decoder;
  std::set<std::size_t> seen;
  auto const read = tree->entries(0, tree->size(), [&](log::Sequence sequence, std::string_view entry) {
    auto const stamped = decoder.decode(entry);
    EXPECT_TRUE(stamped) << sequence << ": " << stamped.error();
    if (stamped) seen.insert(stamped->event.index());
    return stamped.has_value();
  });
  ASSERT_TRUE(read);
  EXPECT_EQ(seen.size(), std::variant_size_v<policy::Event>);
}

// The invariants of the whole state behind every single entry, not only behind every hundred-thousandth.
TEST(GoldenLog, KeepsEveryInvariantBehindEveryEntry) {
  audit::ReplayOptions options;
  options.full_check_every = 1;
  EXPECT_FALSE(replayed(SLUICE_GOLDEN_LOG, options).finding);
}

// What the story tells today replays as well, so the command that the README names can be run at any time.
TEST(GoldenLog, CanBeWrittenAnew) {
  test::TemporaryDirectory folder;
  write_tree(group_of(story()), folder.path() + "/log");
  audit::Report const report = replayed(folder.path() + "/log");
  EXPECT_FALSE(report.finding) << audit::to_text(report);
  EXPECT_EQ(report.figures.jobs, replayed(SLUICE_GOLDEN_LOG).figures.jobs);
}

}  // namespace
}  // namespace sluice::golden
