// Two questions about the state that many ask.
#include "policy/state/state.hpp"

#include <algorithm>

namespace sluice::policy {

Money balance(State const& state, BookAccount const& account) {
  auto const it = state.books.find(account);
  return it == state.books.end() ? Money{} : it->second;
}

std::optional<std::int32_t> sellable_cards(State const& state, ClusterName const& cluster, AcceleratorType const& type) {
  auto const seen = state.offers.find(cluster);
  if (seen == state.offers.end() || seen->second.stale) return std::nullopt;
  auto const offer = std::ranges::find(seen->second.offers, type, &Offer::type);
  if (offer == seen->second.offers.end()) return std::nullopt;
  auto const use = state.card_use.find({cluster, type});
  CardUse const ours = use == state.card_use.end() ? CardUse{} : use->second;
  // What the site's figure does not show as used yet: live cards it did not count, and cards it counted whose end it has not shown.
  std::int32_t const unseen = std::max(0, ours.live_cards + ours.ended_since_observation - offer->counted_cards);
  return std::max(0, offer->free_cards - unseen);
}

}  // namespace sluice::policy
