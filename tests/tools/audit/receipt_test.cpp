// Receipts: sound ones, changed ones, and a log that shows two histories.
#include "tools/audit/receipt.hpp"

#include "storage/log/memory_ledger.hpp"
#include "storage/log/tlog_proof.hpp"
#include "tests/tools/audit/map_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The golden log's entries as a ledger under the same key, `left_out` of them dropped from the end.
class Receipts : public ::testing::Test {
 protected:
  Receipts() {
    auto tree = log::VerifiedTree::open(source_, {&key_, 1});
    EXPECT_TRUE(tree);
    EXPECT_TRUE(tree->entries(0, tree->size(), [&](log::Sequence, std::string_view entry) {
      group_.entries.emplace_back(entry);
      return true;
    }));
  }
  /// A receipt of entry `index` as the log was when it held the first `size` entries.
  std::string receipt(log::Sequence index, std::size_t size) {
    log::MemoryLedger ledger(golden::signer(), log::make_memory_disk());
    log::Group part;
    part.entries.assign(group_.entries.begin(), group_.entries.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(ledger.append(1, 0, part, {}));
    auto proof = log::prove_entry(ledger, index);
    EXPECT_TRUE(proof);
    proof->extra = part.entries[index];
    return log::format_tlog_proof(*proof);
  }
  Class kind_of(std::string const& text, log::TreeSource* tree = nullptr) {
    ReceiptReport const report = check_receipt(text, key_, tree);
    return report.finding ? report.finding->kind : Class::clean;
  }

  testing::MapSource source_ = testing::MapSource::of(SLUICE_GOLDEN_LOG);
  log::NoteVerifier const key_ = golden::signer().verifier();
  log::Group group_;
};

TEST_F(Receipts, ASoundOneSaysWhatItProves) {
  ReceiptReport const report = check_receipt(receipt(5, 40), key_, &source_);
  ASSERT_FALSE(report.finding) << to_text(report);
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(report.entry, 5u);
  EXPECT_EQ(report.checkpoint.size, 40u);
  EXPECT_EQ(report.tree_size, group_.entries.size());
  EXPECT_EQ(report.bytes, group_.entries[5]);
  EXPECT_THAT(to_text(report), StartsWith("CLEAN: entry 5 is in the log "));
  auto const json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json.at("result"), "clean");
  EXPECT_EQ(json.at("bytes"), group_.entries[5]);
  EXPECT_EQ(json.at("tree_entries"), group_.entries.size());
}

TEST_F(Receipts, EachFailureHasItsClass) {
  std::string const sound = receipt(5, 40);
  EXPECT_EQ(kind_of("nonsense"), Class::tampered);
  EXPECT_EQ(kind_of(sound.substr(0, sound.size() - 3)), Class::tampered);
  auto proof = *log::parse_tlog_proof(sound);
  auto changed = proof;
  changed.extra = group_.entries[6];
  EXPECT_EQ(kind_of(log::format_tlog_proof(changed)), Class::tampered);
  changed = proof;
  changed.checkpoint = log::sign_checkpoint({"log.other.test", *log::Ed25519Key::from_seed(policy::bytes_of(std::string(32, 'O')))}, 40,
                                            policy::sha256("root"));
  EXPECT_EQ(kind_of(log::format_tlog_proof(changed)), Class::signature);
}

TEST_F(Receipts, AProvedEntryThatIsNoneOfOursIsNamed) {
  group_.entries[5] = "\x1b[2J not an entry";
  ReceiptReport const report = check_receipt(receipt(5, 40), key_, nullptr);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->kind, Class::policy);
  EXPECT_THAT(to_text(report), ::testing::Not(HasSubstr("\x1b")));
}

TEST_F(Receipts, ALogThatDroppedTheEntryIsCaught) {
  std::swap(group_.entries[5], group_.entries[6]);  // what the tenant was shown
  std::string const other_history = receipt(6, 40);
  EXPECT_EQ(kind_of(other_history), Class::clean) << "by itself it is sound";
  ReceiptReport const report = check_receipt(other_history, key_, &source_);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->kind, Class::tampered);
  EXPECT_EQ(report.finding->check, "consistency");
  EXPECT_EQ(report.finding->entry, 6u);
  EXPECT_THAT(to_text(report), HasSubstr("the log shows two histories"));
}

TEST_F(Receipts, ACopyOlderThanTheReceiptCannotTell) {
  group_.entries.push_back(group_.entries.back());
  EXPECT_EQ(kind_of(receipt(5, group_.entries.size()), &source_), Class::incomplete);
}

TEST_F(Receipts, ADamagedCopyIsNamedAsThat) {
  auto damaged = source_;
  for (auto& [path, bytes] : damaged.files)
    if (path.starts_with("tile/0/")) bytes[3] = static_cast<char>(bytes[3] ^ 1);
  EXPECT_EQ(kind_of(receipt(5, 40), &damaged), Class::tampered);
}

}  // namespace
}  // namespace sluice::audit
