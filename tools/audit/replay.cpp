// From entries to a verdict.
#include "tools/audit/replay.hpp"

#include "policy/apply.hpp"
#include "policy/entry_check.hpp"
#include "policy/invariants.hpp"
#include "policy/lot.hpp"
#include "policy/market.hpp"
#include "policy/round_problem.hpp"
#include "policy/state/rows.hpp"
#include "storage/log/event_codec.hpp"
#include "tools/audit/commitments.hpp"
#include "tools/audit/foretold.hpp"

#include <map>
#include <memory>
#include <optional>

namespace sluice::audit {
namespace {

constexpr std::uint64_t progress_every = 4'096;

/// The state machine's half of a replay: one entry after another. Findings say what is wrong; the caller knows where.
class Replayer {
 public:
  Replayer(ReplayOptions const& options, log::BlobSource blobs, Foretold foretold, Figures& figures)
      : options_(options), decoder_(std::move(blobs)), foretold_(std::move(foretold)), figures_(figures) {}

  /// nullopt when the entry is as it must be.
  std::optional<Finding> take(std::uint64_t sequence, std::string_view entry) {
    auto const stamped = decoder_.decode(entry);
    if (!stamped) return wrong(Class::policy, "canonical_form", "a canonical entry of a known type", stamped.error());
    if (auto finding = before(*stamped)) return finding;
    if (auto const transition = policy::apply(state_, stamped->at, stamped->event); !transition) {
      policy::Refusal const& refusal = transition.error();
      return wrong(Class::policy, "apply", "an entry that the state machine accepts",
                   std::string(policy::type_of(stamped->event)) + " is refused: " + std::string(policy::code(refusal.reason)) + " (" +
                       refusal.where + ")");
    }
    auto const touched = policy::take_changed_keys(state_);
    static_cast<void>(policy::take_history_rows(state_));
    if (auto const broken = policy::check_touched(state_, touched)) return broken_invariant(*broken);
    if (auto const broken = policy::check_entry(state_, stamped->at, stamped->event)) return broken_invariant(*broken);
    if ((sequence + 1) % options_.full_check_every == 0) {
      if (auto finding = check_everything()) return finding;
    }
    after(sequence, *stamped);
    return std::nullopt;
  }

  /// When the last entry is applied.
  std::optional<Finding> finish() {
    if (!foretold_.secrets.empty()) return changed_meanwhile();
    if (state_.governance.sequence == 0) return std::nullopt;
    figures_.state_digest = policy::to_hex(policy::digest(state_));
    return check_everything();
  }

 private:
  static Finding broken_invariant(std::string const& what) { return wrong(Class::policy, "invariants", "invariants that hold", what); }

  std::optional<Finding> check_everything() {
    if (auto const broken = policy::check_all(state_)) return broken_invariant(*broken);
    return std::nullopt;
  }

  /// What is checked on the state before the entry: a digest recorded of it, a round's proof on the view it pinned, a lot.
  std::optional<Finding> before(policy::Stamped const& stamped) {
    if (auto const* digested = std::get_if<policy::StateDigested>(&stamped.event)) return check_digest(*digested);
    if (auto const* decided = std::get_if<policy::RoundDecided>(&stamped.event)) return check_round(*decided);
    if (auto const* accepted = std::get_if<policy::JobAccepted>(&stamped.event)) return check_lot(stamped.at, *accepted);
    if (auto const* closed = std::get_if<policy::LotDayClosed>(&stamped.event)) return check_secret(*closed);
    return std::nullopt;
  }

  std::optional<Finding> check_round(policy::RoundDecided const& decided) {
    if (!decided.plan.bytes || !decided.prices.bytes)
      return wrong(Class::incomplete, "missing", "plan and prices of the round as blobs", "they are not in the tree: cannot tell");
    if (!pinned_) return std::nullopt;  // no round is open, which apply() refuses; or nobody asked, which the report says
    if (auto const proven = policy::check_decision(*pinned_, decided); !proven)
      return wrong(Class::round, "round", "a decision whose plan, cost and bound the prices prove", proven.error());
    return std::nullopt;
  }

  std::optional<Finding> check_digest(policy::StateDigested const& digested) {
    auto const known = digests_.find(digested.sequence);
    if (known == digests_.end()) {
      ++figures_.digests_untold;
      return std::nullopt;
    }
    ++figures_.digests;
    if (known->second == digested.digest) return std::nullopt;
    return wrong(Class::policy, "digest", policy::to_hex(known->second), policy::to_hex(digested.digest));
  }

  std::optional<Finding> check_lot(policy::Timestamp at, policy::JobAccepted const& accepted) {
    auto const secret = foretold_.secrets.find(policy::shanghai_day(at));
    if (secret == foretold_.secrets.end()) {
      ++figures_.lots_untold;
      return std::nullopt;
    }
    ++figures_.lots_drawn_again;
    std::uint64_t const lot = policy::lot_of(secret->second, accepted.tenant, accepted.idempotency);
    if (lot == accepted.lot) return std::nullopt;
    return wrong(Class::policy, "lot", std::to_string(lot), std::to_string(accepted.lot));
  }

  /// The day's lots were drawn again with a secret that nothing had proved yet.
  std::optional<Finding> check_secret(policy::LotDayClosed const& closed) {
    auto const used = foretold_.secrets.find(closed.day);
    if (used == foretold_.secrets.end()) return std::nullopt;
    if (used->second != closed.secret) return changed_meanwhile();
    foretold_.secrets.erase(used);
    return std::nullopt;
  }

  static Finding changed_meanwhile() {
    return wrong(Class::incomplete, "changed", "a tree that stays as it is while it is read",
                 "the secret of a day's lots is not the one of a moment ago: cannot tell");
  }

  void after(std::uint64_t sequence, policy::Stamped const& stamped) {
    policy::Event const& event = stamped.event;
    figures_.last_at_ms = stamped.at.ms;
    figures_.private_parts += private_commitments(event);
    if (std::holds_alternative<policy::RoundOpened>(event)) {
      if (options_.rounds) pinned_ = std::make_unique<policy::PinnedMarket>(state_, stamped.at);
    } else if (std::holds_alternative<policy::RoundDecided>(event)) {
      ++figures_.rounds_decided;
      if (!pinned_) ++figures_.rounds_unproven;
      pinned_.reset();
    } else if (std::holds_alternative<policy::RoundAbandoned>(event)) {
      ++figures_.rounds_abandoned;
      pinned_.reset();
    } else if (auto const* accepted = std::get_if<policy::JobAccepted>(&event)) {
      ++figures_.jobs;
      figures_.reaches_untold += accepted->unreachable.size();
    } else if (std::holds_alternative<policy::AllocationMade>(event)) {
      ++figures_.allocations;
    } else if (std::holds_alternative<policy::AttemptSettled>(event)) {
      ++figures_.settlements;
    }
    if (foretold_.digested.contains(sequence)) digests_.emplace(sequence, policy::digest(state_));
  }

  ReplayOptions const& options_;
  log::EntryDecoder decoder_;
  Foretold foretold_;
  Figures& figures_;
  policy::State state_;
  std::unique_ptr<policy::PinnedMarket> pinned_;
  std::map<std::uint64_t, policy::Hash> digests_;  ///< of the states that later entries name
};

/// Where each entry stands: the bundle that a tree of this size holds it in, and the offset of its length prefix there.
class Places {
 public:
  explicit Places(std::uint64_t size) : size_(size) {}
  /// REQUIRES: called for every entry in order.
  void next(std::uint64_t sequence, std::string_view entry) {
    if (sequence % log::tile_width == 0) end_ = 0;
    offset_ = end_;
    end_ += 2 + entry.size();
  }
  void put(std::uint64_t sequence, Finding& finding) const {
    finding.entry = sequence;
    if (!finding.file.empty()) return;  // of a blob
    std::uint64_t const bundle = sequence / log::tile_width;
    finding.file = log::bundle_path(bundle, log::tile_width_at(size_, 0, bundle));
    finding.offset = offset_;
  }

 private:
  std::uint64_t size_;
  std::uint64_t offset_ = 0;
  std::uint64_t end_ = 0;
};

/// Every blob that an entry names, when nobody replays the entries.
std::optional<Finding> check_blobs(log::VerifiedTree& tree, log::BlobSource const& blobs, std::optional<Finding> const& bad_blob,
                                   Figures& figures, Progress const& progress) {
  log::EntryDecoder decoder(blobs);
  std::optional<Finding> found;
  auto const read = tree.entries(0, tree.size(), [&](log::Sequence sequence, std::string_view entry) {
    ++figures.entries;
    if (progress && figures.entries % progress_every == 0) progress(figures.entries, tree.size());
    if (!entry.starts_with(R"({"@":"round.decided/)")) return true;
    static_cast<void>(decoder.decode(entry));  // what is wrong with the entry itself is for a replay to say
    if (!bad_blob) return true;
    found = bad_blob;
    found->entry = sequence;
    return false;
  });
  if (!read) return finding_of(read.error());
  return found;
}

}  // namespace

Report replay(log::TreeSource& source, log::NoteVerifier const& key, ReplayOptions const& options, Progress const& progress) {
  Report report;
  report.replayed = options.apply;
  auto opened = log::VerifiedTree::open(source, {&key, 1});
  if (!opened) {
    report.finding = finding_of(opened.error());
    return report;
  }
  log::VerifiedTree tree = std::move(*opened);
  report.origin = tree.checkpoint().origin;
  report.figures.root = policy::to_hex(tree.checkpoint().root);
  if (auto const tiles = tree.check_tiles(); !tiles) {
    report.finding = finding_of(tiles.error());
    return report;
  }

  // Entries are read through one tree and their blobs through another: a visitor must not call the tree that calls it.
  auto blobs_tree = log::VerifiedTree::open(source, tree.checkpoint());
  if (!blobs_tree) {
    report.finding = finding_of(blobs_tree.error());
    return report;
  }
  std::optional<Finding> bad_blob;
  log::BlobSource const blobs = [&](policy::Hash const& hash) -> std::shared_ptr<std::string const> {
    auto bytes = blobs_tree->blob(hash);
    if (bytes) return std::make_shared<std::string const>(std::move(*bytes));
    if (!bad_blob) bad_blob = finding_of(bytes.error());
    return nullptr;
  };
  if (!options.apply) {
    report.finding = check_blobs(tree, blobs, bad_blob, report.figures, progress);
    return report;
  }

  Replayer replayer(options, blobs, foretell(tree), report.figures);
  Places places(tree.size());
  auto const scanned = tree.entries(0, tree.size(), [&](log::Sequence sequence, std::string_view entry) {
    places.next(sequence, entry);
    report.finding = replayer.take(sequence, entry);
    if (bad_blob) report.finding = bad_blob;
    if (report.finding) {
      places.put(sequence, *report.finding);
      return false;
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
  report.finding = replayer.finish();
  if (report.finding && tree.size() > 0) places.put(tree.size() - 1, *report.finding);
  return report;
}

}  // namespace sluice::audit
