// Why a job waits, and what would change that, read off the prices of the round.
#pragma once

#include "policy/assignment/certificate.hpp"

#include <cstdint>
#include <vector>

namespace sluice::assignment {

/// What stands between a waiting job and one of its bids.
enum class ObstacleKind : std::uint8_t {
  never_fits,  ///< it needs more of a row than there is in all
  too_dear,    ///< the bid alone costs more than waiting
  outbid,      ///< others use the row at a price this job does not reach
  full,        ///< at the prices it is worth a place, but what is left does not hold it: a matter of packing
};

struct Obstacle {
  std::uint32_t bid = 0;
  ObstacleKind kind = ObstacleKind::full;
  std::uint32_t row = 0;     ///< the row that blocks; of several the one that falls shortest. Not for too_dear
  std::int64_t needed = 0;   ///< units of that row the bid takes
  std::int64_t left = 0;     ///< units the plan leaves of it (never_fits: its capacity)
  std::int64_t raise = 0;    ///< micro-yuan by which the job's waiting cost (its price limit, its urgency) must rise to be placed here
  std::int64_t limit = 0;    ///< the waiting cost at which it would be: waiting cost + raise
  std::int64_t fit_ppm = 0;  ///< the job would fit at this part of its requirement (1,000,000: it fits as it is)
};

/// One obstacle per bid of the job, the smallest raise first, then the largest fit_ppm. Empty when the job is placed or has no bids.
/// The figures hold at the round's prices: other jobs may answer a raise with theirs. REQUIRES: a certificate that the check accepts.
std::vector<Obstacle> explain_waiting(Problem const& problem, Plan const& plan, Certificate const& certificate,
                                      std::vector<std::int64_t> const& row_use, std::uint32_t job);

/// Stable name of a kind, e.g. "outbid".
char const* name_of(ObstacleKind kind);

}  // namespace sluice::assignment
