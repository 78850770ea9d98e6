// POST /v1/quotes: where could it go, at what price, with and without vouchers, and why not elsewhere. Changes nothing.
#include "broker/api/api.hpp"
#include "broker/api/job_request.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/means.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

Json start_json(policy::ClusterOffers const& seen, policy::AcceleratorType const& type, policy::Timestamp now) {
  auto const offer = std::ranges::find(seen.offers, type, &policy::Offer::type);
  if (offer == seen.offers.end() || !offer->queue_delay_ms) return nullptr;
  policy::Timestamp const earliest{now.ms + *offer->queue_delay_ms};
  return {{"earliest", policy::format_rfc3339(earliest)}, {"latest", nullptr}, {"basis", "queue_delay"}};
}

/// One option: a place with its best money, beside the same place without a voucher.
Json option_json(policy::Market const& market, policy::JobView const& job, policy::PricedBid const& bid, policy::PricedBid const& plain) {
  policy::Allocation const& a = bid.allocation;
  policy::ClusterOffers const& seen = *market.offers(a.cluster);
  Json out{{"cluster", a.cluster.text}, {"variant", a.variant}, {"accelerator", a.type.text}, {"account", std::to_string(a.account.value)}};
  out["entitlement"] = nullptr;
  out["programme"] = nullptr;
  if (a.entitlement) {
    out["entitlement"] = std::to_string(a.entitlement->value);
    out["programme"] = market.catalogue().entitlements.at(*a.entitlement).programme.text;
  }
  out["price"] = price_json(bid, seen.as_of, seen.valid_until);
  out["without_entitlement"] = price_json(plain, seen.as_of, seen.valid_until);
  out["start"] = start_json(seen, a.type, market.now());
  policy::BidKey const key{a.cluster, a.type, a.variant, a.account, a.entitlement};
  auto const now = policy::price_bid(market, job, key, true);
  out["startable"] = now.has_value();
  if (!now) out["reasons"] = Json::array({reason_value(now.error())});
  return out;
}

}  // namespace

asio::awaitable<Answer> quote_job(Api& api, Call& call) {
  auto read = read_job_request(call.request.body, api.sequencer.now());
  if (!read) co_return std::unexpected(std::move(read.error()));
  co_await api.sequencer.settled();
  policy::LiveMarket const market(api.state(), api.sequencer.now());
  auto const blocked = unreachable(*api.state().catalogue, api.sites, read->payload);
  policy::JobView const job{read->spec, *call.caller.tenant, blocked};
  auto places = policy::assess(market, job, false);
  // Prices are shown before the money is there; what is missing stands in the option's reasons.
  for (policy::Assessment& each : places) {
    if (each.bid) continue;
    if (auto priced = price_beyond_means(market, job, each.key, each.bid.error())) each.bid = std::move(*priced);
  }

  // By place (cluster, type, variant, account): the cheapest bid, and the one without a voucher.
  struct Place {
    policy::PricedBid const* best = nullptr;
    policy::PricedBid const* plain = nullptr;
  };
  std::map<std::tuple<policy::ClusterName, policy::AcceleratorType, std::int32_t, policy::AccountId>, Place> options;
  std::map<policy::ClusterName, std::map<std::pair<std::int32_t, policy::AcceleratorType>, policy::Reason>> refused;
  for (policy::Assessment const& each : places) {
    if (!each.bid) {
      if (!each.key.entitlement) refused[each.key.cluster].try_emplace({each.key.variant, each.key.type}, each.bid.error());
      continue;
    }
    Place& place = options[{each.key.cluster, each.key.type, each.key.variant, each.key.account}];
    if (!each.key.entitlement) place.plain = &*each.bid;
    if (place.best == nullptr || each.bid->objective < place.best->objective) place.best = &*each.bid;
  }
  std::vector<Place> sorted;
  for (auto const& [key, place] : options) {
    refused.erase(std::get<0>(key));
    sorted.push_back(place);
  }
  std::ranges::stable_sort(sorted, {}, [](Place const& place) { return place.best->objective; });

  Json body{{"at", policy::format_rfc3339(market.now())}, {"sequence", std::to_string(api.state().governance.sequence - 1)}};
  body["possible"] = !sorted.empty();
  body["options"] = Json::array();
  for (Place const& place : sorted)
    body["options"].push_back(option_json(market, job, *place.best, place.plain != nullptr ? *place.plain : *place.best));
  body["refused"] = Json::array();
  for (auto const& [cluster, reasons] : refused)
    for (auto const& [where, reason] : reasons)
      body["refused"].push_back({{"cluster", cluster.text},
                                 {"variant", where.first},
                                 {"accelerator", where.second.text},
                                 {"reasons", Json::array({reason_value(reason)})}});
  co_return http::json_response(200, body.dump());
}

}  // namespace sluice::broker::api
