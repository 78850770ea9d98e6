// Reservations in order of age, sticky once made.
#include "policy/assignment/reservation.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace sluice::assignment {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// When `cards` more than what is promised already will have drained.
std::int64_t ready_at(OfferCards const& offer, std::int64_t promised, std::int64_t cards, std::int64_t now_ms) {
  std::int64_t have = offer.free - promised;
  if (have >= cards) return now_ms;
  std::vector<Draining> draining = offer.draining;
  std::ranges::sort(draining, {}, &Draining::ends_at_ms);
  for (Draining const& end : draining) {
    have += end.cards;
    if (have >= cards) return std::max(now_ms, end.ends_at_ms);
  }
  return never;
}

}  // namespace

std::vector<Reservation> reserve_for_aged(std::vector<WaitingGang> const& gangs, std::vector<OfferCards> const& offers, std::int64_t now_ms,
                                          ReservationOptions const& options) {
  std::vector<std::uint32_t> order(gangs.size());
  std::iota(order.begin(), order.end(), 0U);
  std::erase_if(order, [&](std::uint32_t g) { return gangs[g].waited_ms < options.age_ms; });
  // Who has a reservation keeps it before anyone gets a new one; within each, the longest waiting first.
  std::ranges::sort(order, {},
                    [&](std::uint32_t g) { return std::tuple{!gangs[g].reserved.has_value(), -gangs[g].waited_ms, gangs[g].lot, g}; });
  std::vector<std::int64_t> promised(offers.size(), 0);
  std::vector<std::int64_t> held(offers.size(), 0);
  std::vector<Reservation> reservations;
  for (std::uint32_t const g : order) {
    WaitingGang const& gang = gangs[g];
    std::uint32_t chosen = 0;
    std::int64_t soonest = never;
    auto const consider = [&](std::uint32_t o) {
      if (o >= offers.size() || offers[o].total - promised[o] < gang.cards) return;
      std::int64_t const ready = ready_at(offers[o], promised[o], gang.cards, now_ms);
      if (ready >= soonest) return;
      soonest = ready;
      chosen = o;
    };
    if (gang.reserved) consider(*gang.reserved);
    if (soonest == never) std::ranges::for_each(gang.offers, consider);
    if (soonest == never) continue;
    std::int64_t const keep = std::clamp<std::int64_t>(offers[chosen].free - held[chosen], 0, gang.cards);
    promised[chosen] += gang.cards;
    held[chosen] += keep;
    reservations.push_back({g, chosen, keep, soonest});
  }
  return reservations;
}

}  // namespace sluice::assignment
