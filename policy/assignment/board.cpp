// Constant-time changes to a plan.
#include "policy/assignment/board.hpp"

#include "policy/assignment/certificate.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::assignment {

Board::Board(Core const& core) : core_(core), left_(core.capacity) {
  class_of_.reserve(core.problem.jobs.size());
  for (std::uint32_t k = 0; k < core.class_total(); ++k) {
    class_of_.insert(class_of_.end(), core.copies(k), k);
    Job const& job = core.job_of_class(k);
    waiting_.push_back(job.waiting_cost);
    cost_ += job.waiting_cost * core.copies(k);
    if (!job.waiting_allowed) unplaced_ += core.copies(k);
  }
  choice_.assign(class_of_.size(), waiting);
  for (std::size_t r = 0; r < core.row_total(); ++r)
    if (core.is_minimum[r]) cost_ += core.shortfall_cost(r, 0);
}

void Board::set_waiting_cost(std::uint32_t k, std::int64_t cost) {
  std::int64_t waiters = 0;
  for (std::uint32_t p = core_.canonical.class_first[k]; p < core_.canonical.class_first[k + 1]; ++p) waiters += choice_[p] == waiting;
  cost_ += waiters * (cost - waiting_[k]);
  waiting_[k] = cost;
}

bool Board::fits(std::uint32_t bid) const {
  for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid]))
    if (core_.amount(bid, use) > left_[use.row] && !core_.is_minimum[use.row]) return false;
  return true;
}

void Board::change(std::uint32_t bid, std::int64_t direction) {
  std::uint32_t const bundle = core_.problem.bid_bundle[bid];
  cost_ += direction * core_.problem.cost(bid);
  if (!core_.bundle_minimum[bundle]) {
    for (CoreUse const& use : core_.uses_of_bundle(bundle)) left_[use.row] -= direction * core_.amount(bid, use);
    return;
  }
  for (CoreUse const& use : core_.uses_of_bundle(bundle)) {
    std::int64_t const before = left_[use.row];
    left_[use.row] -= direction * core_.amount(bid, use);
    if (!core_.is_minimum[use.row]) continue;
    std::int64_t const target = core_.capacity[use.row];
    cost_ += core_.shortfall_cost(use.row, target - left_[use.row]) - core_.shortfall_cost(use.row, target - before);
  }
}

std::int64_t Board::added_cost(std::uint32_t position, std::uint32_t bid) const {
  std::uint32_t const bundle = core_.problem.bid_bundle[bid];
  std::int64_t added = core_.problem.cost(bid) - waiting_[class_of_[position]];
  if (!core_.bundle_minimum[bundle]) return added;
  for (CoreUse const& use : core_.uses_of_bundle(bundle)) {
    if (!core_.is_minimum[use.row]) continue;
    std::int64_t const used = core_.capacity[use.row] - left_[use.row];
    added += core_.shortfall_cost(use.row, used + core_.amount(bid, use)) - core_.shortfall_cost(use.row, used);
  }
  return added;
}

void Board::place(std::uint32_t position, std::uint32_t bid) {
  assert(choice_[position] == waiting && fits(bid));
  std::uint32_t const k = class_of_[position];
  cost_ -= waiting_[k];
  unplaced_ -= !core_.job_of_class(k).waiting_allowed;
  change(bid, 1);
  choice_[position] = bid;
  if (tracking_) enlist(position, bid);
}

void Board::remove(std::uint32_t position) {
  assert(choice_[position] != waiting);
  std::uint32_t const k = class_of_[position];
  std::uint32_t const bid = choice_[position];
  if (tracking_) delist(position, bid);
  change(bid, -1);
  cost_ += waiting_[k];
  unplaced_ += !core_.job_of_class(k).waiting_allowed;
  choice_[position] = waiting;
}

void Board::track_occupants() {
  tracking_ = true;
  uses_max_ = 1;
  for (std::size_t b = 0; b < core_.problem.bundle_total(); ++b)
    uses_max_ = std::max(uses_max_, core_.problem.bundle_first[b + 1] - core_.problem.bundle_first[b]);
  occupants_.assign(core_.row_total(), {});
  slot_.assign(positions() * uses_max_, 0);
  for (std::uint32_t p = 0; p < positions(); ++p)
    if (choice_[p] != waiting) enlist(p, choice_[p]);
}

void Board::enlist(std::uint32_t position, std::uint32_t bid) {
  std::size_t slot = std::size_t{position} * uses_max_;
  for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid])) {
    slot_[slot++] = static_cast<std::uint32_t>(occupants_[use.row].size());
    occupants_[use.row].push_back(position);
  }
}

void Board::delist(std::uint32_t position, std::uint32_t bid) {
  std::size_t slot = std::size_t{position} * uses_max_;
  for (CoreUse const& use : core_.uses_of_bundle(core_.problem.bid_bundle[bid])) {
    std::vector<std::uint32_t>& list = occupants_[use.row];
    std::uint32_t const hole = slot_[slot++];
    std::uint32_t const moved = list.back();
    list.pop_back();
    if (moved == position) continue;
    list[hole] = moved;
    // The moved position's slot for this row: its uses are few and sorted.
    auto const moved_uses = core_.uses_of_bundle(core_.problem.bid_bundle[choice_[moved]]);
    for (std::size_t u = 0; u < moved_uses.size(); ++u)
      if (moved_uses[u].row == use.row) slot_[std::size_t{moved} * uses_max_ + u] = hole;
  }
}

}  // namespace sluice::assignment
