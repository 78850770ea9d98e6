// From entries to a verdict.
#include "tools/audit/replay.hpp"

#include "policy/apply.hpp"
#include "policy/invariants.hpp"
#include "policy/market.hpp"
#include "policy/round_problem.hpp"
#include "policy/state/rows.hpp"
#include "storage/log/event_codec.hpp"

#include <map>
#include <memory>
#include <optional>

namespace sluice::audit {
namespace {

constexpr std::uint64_t progress_every = 4'096;

/// The state machine's half of a replay: one entry after another.
class Replayer {
 public:
  Replayer(ReplayOptions const& options, log::BlobSource blobs, Report& report)
      : options_(options), decoder_(std::move(blobs)), report_(report) {}

  /// nullopt when the entry is as it must be.
  std::optional<Finding> take(std::uint64_t sequence, std::string_view entry) {
    auto stamped = decoder_.decode(entry);
    if (!stamped) return wrong(Class::policy, "canonical_form", sequence, "a canonical entry of a known type", stamped.error());
    if (auto finding = before(sequence, stamped->event)) return finding;
    if (auto const transition = policy::apply(state_, stamped->at, stamped->event); !transition) {
      policy::Refusal const& refusal = transition.error();
      return wrong(Class::policy, "apply", sequence, "an entry that the state machine accepts",
                   std::string(policy::type_of(stamped->event)) + " is refused: " + std::string(policy::code(refusal.reason)) + " (" +
                       refusal.where + ")");
    }
    auto const rows = policy::take_changed_rows(state_);
    static_cast<void>(policy::take_history_rows(state_));
    if (auto const broken = policy::check_touched(state_, rows))
      return wrong(Class::policy, "invariants", sequence, "invariants that hold", *broken);
    if ((sequence + 1) % options_.full_check_every == 0) {
      if (auto finding = check_everything(sequence)) return finding;
    }
    after(stamped->at, stamped->event);
    return std::nullopt;
  }

  /// When the last entry is applied.
  std::optional<Finding> finish() {
    if (state_.governance.sequence == 0) return std::nullopt;
    report_.figures.state_digest = policy::to_hex(policy::digest(state_));
    return check_everything(state_.governance.sequence - 1);
  }

 private:
  static Finding wrong(Class kind, std::string check, std::uint64_t sequence, std::string expected, std::string actual) {
    Finding finding;
    finding.kind = kind;
    finding.check = std::move(check);
    finding.entry = sequence;
    finding.expected = std::move(expected);
    finding.actual = std::move(actual);
    return finding;
  }

  std::optional<Finding> check_everything(std::uint64_t sequence) {
    if (auto const broken = policy::check_all(state_)) return wrong(Class::policy, "invariants", sequence, "invariants that hold", *broken);
    return std::nullopt;
  }

  /// What is checked on the state before the entry: a digest recorded for it, and a round's proof on the view it pinned.
  std::optional<Finding> before(std::uint64_t sequence, policy::Event const& event) {
    if (auto const* digested = std::get_if<policy::StateDigested>(&event)) return check_digest(sequence, *digested);
    if (auto const* decided = std::get_if<policy::RoundDecided>(&event)) {
      if (!decided->plan.bytes || !decided->prices.bytes)
        return wrong(Class::incomplete, "missing", sequence, "plan and prices of the round as blobs",
                     "they are not in the tree: cannot tell");
      if (!options_.rounds || !pinned_) return std::nullopt;
      if (auto const proven = policy::check_decision(*pinned_, *decided); !proven)
        return wrong(Class::round, "round", sequence, "a decision whose plan, cost and bound the prices prove", proven.error());
    }
    return std::nullopt;
  }

  // A digest is recorded some entries after the state it is about, so the digests of recent states are not known here: the broker states
  // which entry it means, and only one that stands right behind it can be compared without keeping every state.
  std::optional<Finding> check_digest(std::uint64_t sequence, policy::StateDigested const& digested) {
    auto const known = digests_.find(digested.sequence);
    if (known == digests_.end()) return std::nullopt;
    ++report_.figures.digests;
    if (known->second == digested.digest) return std::nullopt;
    return wrong(Class::policy, "digest", sequence, policy::to_hex(known->second), policy::to_hex(digested.digest));
  }

  void after(policy::Timestamp at, policy::Event const& event) {
    Figures& f = report_.figures;
    f.last_at_ms = at.ms;
    if (std::holds_alternative<policy::RoundOpened>(event)) {
      if (options_.rounds) pinned_ = std::make_unique<policy::PinnedMarket>(state_, at);
    } else if (std::holds_alternative<policy::RoundDecided>(event)) {
      ++f.rounds_decided;
      pinned_.reset();
    } else if (std::holds_alternative<policy::RoundAbandoned>(event)) {
      ++f.rounds_abandoned;
      pinned_.reset();
    } else if (std::holds_alternative<policy::JobAccepted>(event)) {
      ++f.jobs;
    } else if (std::holds_alternative<policy::AllocationMade>(event)) {
      ++f.allocations;
    } else if (std::holds_alternative<policy::AttemptSettled>(event)) {
      ++f.settlements;
    }
  }

 public:
  /// The entries whose following state has to be digested, found by a first pass over the log.
  void expect_digest_after(std::uint64_t sequence) { wanted_.emplace(sequence, true); }
  void digest_if_wanted(std::uint64_t sequence) {
    if (wanted_.contains(sequence)) digests_.emplace(sequence, policy::digest(state_));
  }

 private:
  ReplayOptions const& options_;
  log::EntryDecoder decoder_;
  Report& report_;
  policy::State state_;
  std::unique_ptr<policy::PinnedMarket> pinned_;
  std::map<std::uint64_t, bool> wanted_;
  std::map<std::uint64_t, policy::Hash> digests_;
};

/// Which states the log's digests are about: read off the bytes first, since a digest stands behind the state it names.
std::optional<Finding> find_digests(log::VerifiedTree& tree, Replayer& replayer) {
  log::EntryDecoder decoder;
  auto const scanned = tree.entries(0, tree.size(), [&](log::Sequence, std::string_view entry) {
    if (!entry.starts_with(R"({"@":"state.digested/)")) return true;
    if (auto const stamped = decoder.decode(entry))
      if (auto const* digested = std::get_if<policy::StateDigested>(&stamped->event)) replayer.expect_digest_after(digested->sequence);
    return true;
  });
  if (!scanned) return finding_of(scanned.error());
  return std::nullopt;
}

}  // namespace

Report replay(log::TreeSource& source, log::NoteVerifier const& key, ReplayOptions const& options, Progress const& progress) {
  Report report;
  auto opened = log::VerifiedTree::open(source, {&key, 1});
  if (!opened) {
    report.finding = finding_of(opened.error());
    return report;
  }
  log::VerifiedTree tree = std::move(*opened);
  report.origin = tree.checkpoint().origin;
  report.figures.root = policy::to_hex(tree.checkpoint().root);

  // Entries are read through one tree and their blobs through another: a visitor must not call the tree that calls it.
  auto blobs_tree = log::VerifiedTree::open(source, tree.checkpoint());
  if (!blobs_tree) {
    report.finding = finding_of(blobs_tree.error());
    return report;
  }
  std::optional<Finding> bad_blob;
  log::BlobSource const blobs = [&](policy::Hash const& hash) -> std::shared_ptr<std::string const> {
    auto bytes = blobs_tree->blob(hash);
    if (!bytes) {
      bad_blob = finding_of(bytes.error());
      return nullptr;
    }
    return std::make_shared<std::string const>(std::move(*bytes));
  };
  Replayer replayer(options, blobs, report);
  if (options.apply) {
    if (auto finding = find_digests(tree, replayer)) {
      report.finding = std::move(finding);
      return report;
    }
  }
  auto const scanned = tree.entries(0, tree.size(), [&](log::Sequence sequence, std::string_view entry) {
    if (options.apply) {
      report.finding = replayer.take(sequence, entry);
      if (bad_blob) {
        bad_blob->entry = sequence;
        report.finding = bad_blob;
      }
      if (report.finding) return false;
      replayer.digest_if_wanted(sequence);
    }
    ++report.figures.entries;
    if (progress && report.figures.entries % progress_every == 0) progress(report.figures.entries, tree.size());
    return true;
  });
  if (report.finding) return report;
  if (!scanned) {
    report.finding = finding_of(scanned.error());
    return report;
  }
  if (auto const tiles = tree.check_tiles(); !tiles) {
    report.finding = finding_of(tiles.error());
    return report;
  }
  if (options.apply) report.finding = replayer.finish();
  return report;
}

}  // namespace sluice::audit
