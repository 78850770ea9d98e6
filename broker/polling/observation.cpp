// What a site says becomes what the log says.
#include "broker/polling/observation.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::broker {
namespace {

std::optional<policy::Money> per_card_hour(std::optional<connectors::Price> const& price) {
  if (!price || price->amount.micro_yuan <= 0) return std::nullopt;
  return policy::round_ratio(policy::Int128{price->amount.micro_yuan} * policy::ms_per_hour, connectors::unit_ms(price->unit),
                             policy::Rounding::ceil_micro);
}

/// Cards of our live attempts of this type that the site's free count already leaves out.
std::int32_t counted_cards(policy::State const& state, policy::ClusterName const& cluster, connectors::Offer const& offer,
                           std::string_view instance, policy::Timestamp as_of) {
  std::int64_t cards = 0;
  auto const counts = [&](policy::Attempt const& attempt) {
    return policy::is_live(attempt.status) && attempt.allocation.cluster == cluster && attempt.allocation.type == offer.accelerator;
  };
  if (offer.attempts_counted) {
    for (connectors::AttemptName const& name : *offer.attempts_counted) {
      auto const id = connectors::attempt_of(instance, name);
      if (!id) continue;
      auto const it = state.attempts.find(*id);
      if (it != state.attempts.end() && counts(it->second)) cards += it->second.allocation.cards;
    }
  } else {
    // A site that cannot name them has surely counted those it reported as running before it looked.
    for (auto const& [id, attempt] : state.attempts)
      if (counts(attempt) && attempt.started_at && *attempt.started_at < as_of) cards += attempt.allocation.cards;
  }
  return static_cast<std::int32_t>(std::min<std::int64_t>(cards, INT32_MAX));
}

bool moved(std::optional<policy::Money> const& before, std::optional<policy::Money> const& after, std::int32_t move_ppm) {
  if (before.has_value() != after.has_value()) return true;
  if (!before) return false;
  policy::Int128 const difference = policy::Int128{after->micro_yuan} - before->micro_yuan;
  return (difference < 0 ? -difference : difference) * 1'000'000 >= policy::Int128{before->micro_yuan} * move_ppm && difference != 0;
}

bool differs(policy::Offer const& before, policy::Offer const& after, std::int32_t move_ppm) {
  return before.type != after.type || before.total_cards != after.total_cards || before.free_cards != after.free_cards ||
         before.counted_cards != after.counted_cards || moved(before.price_per_card_hour, after.price_per_card_hour, move_ppm) ||
         moved(before.list_price_per_card_hour, after.list_price_per_card_hour, move_ppm);
}

}  // namespace

policy::OffersObserved observed(policy::State const& state, policy::ClusterName const& cluster, connectors::OfferReport const& offers,
                                connectors::VoucherReport const* terms, std::string_view instance, policy::Timestamp now,
                                std::int64_t valid_for_ms) {
  policy::OffersObserved seen;
  seen.cluster = cluster;
  seen.as_of = now;
  seen.valid_until = {now.ms + valid_for_ms};
  for (connectors::Offer const& offer : offers.offers) {
    if (!offer.cards_total || !offer.cards_free || !offer.as_of || offer.freshness != connectors::Freshness::fresh) continue;
    policy::Timestamp const as_of = std::min(*offer.as_of, now);  // their clock may be a little ahead of ours
    seen.as_of = std::min(seen.as_of, as_of);
    seen.valid_until = std::min(seen.valid_until, policy::Timestamp{as_of.ms + valid_for_ms});
    if (offer.valid_until) seen.valid_until = std::min(seen.valid_until, *offer.valid_until);
    policy::Offer entry;
    entry.type = offer.accelerator;
    entry.total_cards = *offer.cards_total;
    entry.free_cards = std::min(*offer.cards_free, *offer.cards_total);
    entry.counted_cards = counted_cards(state, cluster, offer, instance, as_of);
    entry.list_price_per_card_hour = per_card_hour(offer.list_price);
    entry.price_per_card_hour = per_card_hour(offer.discounted_price ? offer.discounted_price : offer.list_price);
    entry.queue_delay_ms = offer.queue_delay_ms;
    seen.offers.push_back(std::move(entry));
  }
  std::ranges::sort(seen.offers, {}, &policy::Offer::type);
  if (terms != nullptr) {
    for (connectors::VoucherTerms const& each : terms->terms)
      if (!each.valid_until || *each.valid_until > now) seen.terms.push_back({each.programme, each.rate_bp, each.remaining_purse});
    std::ranges::sort(seen.terms, {}, &policy::VoucherTerms::programme);
  }
  return seen;
}

bool worth_an_entry(policy::State const& state, policy::OffersObserved const& seen, policy::Timestamp now, std::int32_t move_ppm) {
  auto const it = state.offers.find(seen.cluster);
  if (it == state.offers.end() || it->second.stale) return true;
  policy::ClusterOffers const& before = it->second;
  if (before.terms != seen.terms || before.offers.size() != seen.offers.size()) return true;
  std::int64_t const validity = before.valid_until.ms - before.as_of.ms;
  if (seen.valid_until > before.valid_until && before.valid_until.ms - now.ms < validity / 2) return true;
  for (std::size_t i = 0; i < seen.offers.size(); ++i)
    if (differs(before.offers[i], seen.offers[i], move_ppm)) return true;
  return false;
}

}  // namespace sluice::broker
