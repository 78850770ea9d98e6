// Against starvation: which cards are kept back, as they drain, for gangs that have waited long.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::assignment {

/// A gang that waits.
struct WaitingGang {
  std::int64_t cards = 0;  ///< > 0
  std::int64_t waited_ms = 0;
  std::uint64_t lot = 0;              ///< orders gangs that have waited equally long
  std::vector<std::uint32_t> offers;  ///< where it may run, in order of preference
  std::optional<std::uint32_t>
      reserved;  ///< the offer that earlier rounds reserved for it: a reservation is never moved while it can be kept
};

/// Cards that some running attempt gives back at the latest then: its granted limit, which is never raised.
struct Draining {
  std::int64_t ends_at_ms = 0;
  std::int64_t cards = 0;
};

struct OfferCards {
  std::int64_t total = 0;  ///< of our own use: free plus draining
  std::int64_t free = 0;
  std::vector<Draining> draining;
};

struct ReservationOptions {
  std::int64_t age_ms = 4 * 3'600'000;  ///< gangs younger than this get none
};

struct Reservation {
  std::uint32_t gang = 0;  ///< index into the gangs given
  std::uint32_t offer = 0;
  std::int64_t held = 0;         ///< free cards kept from everybody else now
  std::int64_t ready_at_ms = 0;  ///< when enough cards are held at the latest
};

/// Reserves for gangs older than age_ms, the longest waiting first: each gets one offer where, counting older reservations, its cards
/// become free soonest, and holds there every free card until it has enough. A gang that finds no offer with total − reserved ≥ cards gets
/// none yet.
///
/// The bound: let L be the longest granted limit. Call every round, hold what is reserved back from all other jobs, start a gang when
/// `held` reaches its cards. Then a reserved gang starts within L of its reservation, whatever else arrives: no card that drains at its
/// offer goes to anybody but it or older reserved gangs, and those fit beside it. A gang with q older gangs that compete for its offers
/// starts within age_ms + (q + 1) × 2 L.
std::vector<Reservation> reserve_for_aged(std::vector<WaitingGang> const& gangs, std::vector<OfferCards> const& offers, std::int64_t now_ms,
                                          ReservationOptions const& options);

}  // namespace sluice::assignment
