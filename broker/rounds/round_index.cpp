// Reading a round's entries back.
#include "broker/rounds/round_index.hpp"

#include "policy/state/rows.hpp"
#include "storage/log/event_codec.hpp"

#include <algorithm>

namespace sluice::broker {
namespace {

/// Takes one entry into the round; false when it is surely the last one of it.
bool take(RoundEntries& round, log::Sequence sequence, policy::Stamped const& stamped) {
  if (auto const* opened = std::get_if<policy::RoundOpened>(&stamped.event)) {
    if (opened->round != round.number) return false;
    round.opened_at = stamped.at;
  } else if (auto const* abandoned = std::get_if<policy::RoundAbandoned>(&stamped.event)) {
    round.abandoned = abandoned->round == round.number;
    return false;
  } else if (auto const* decided = std::get_if<policy::RoundDecided>(&stamped.event)) {
    round.decided = sequence;
    round.decided_at = stamped.at;
    round.decision = *decided;
  } else if (auto const* made = std::get_if<policy::AllocationMade>(&stamped.event)) {
    policy::Allocation const& a = made->allocation;
    round.lines.push_back({sequence, made->attempt.job, made->attempt, a.cluster, a.type, a.cards, policy::Reason::none});
    ++round.made;
  } else if (auto const* skipped = std::get_if<policy::AllocationSkipped>(&stamped.event)) {
    round.lines.push_back({sequence, skipped->job, std::nullopt, {}, {}, 0, skipped->reason});
    ++round.skipped;
  }
  return !round.decision || round.made + round.skipped < round.decision->placed;
}

}  // namespace

std::optional<RoundEntries> read_round(log::LedgerReader const& ledger, policy::RoundNumber number, std::size_t entries_max) {
  auto const row = ledger.row(log::Table::history, policy::round_index_key(number));
  if (!row || !*row) return std::nullopt;
  auto const opened = policy::decode_round_index(**row);
  if (!opened) return std::nullopt;
  RoundEntries round;
  round.number = number;
  round.opened = *opened;
  std::size_t seen = 0;
  bool last = false;
  log::EntryDecoder decoder;
  auto const scanned = ledger.scan_entries(round.opened, entries_max, [&](log::Sequence sequence, std::string_view entry) {
    ++seen;
    auto const stamped = decoder.decode(entry);
    last = !stamped || !take(round, sequence, *stamped);
    return !last;
  });
  if (!scanned) return std::nullopt;
  round.cut = !last && seen == entries_max;
  return round;
}

std::int64_t gap_ppm(policy::Money cost, policy::Money bound) {
  if (cost.micro_yuan <= bound.micro_yuan) return 0;
  if (bound.micro_yuan <= 0) return 1'000'000;
  auto const ppm = policy::Int128{cost.micro_yuan - bound.micro_yuan} * 1'000'000 / bound.micro_yuan;
  return static_cast<std::int64_t>(std::min<policy::Int128>(ppm, 1'000'000));
}

}  // namespace sluice::broker
