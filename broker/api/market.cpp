// What there is: clusters, their offers, and the programmes that pay a share.
#include "broker/api/api.hpp"
#include "broker/api/cluster_view.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/pages.hpp"
#include "broker/api/reasons.hpp"
#include "broker/api/values.hpp"
#include "policy/enum_names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

Json yuan_or_null(std::optional<policy::Money> const& amount) { return amount ? Json(policy::format_yuan(*amount)) : Json(nullptr); }
template <class T>
Json or_null(std::optional<T> const& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json hardware_json(policy::Hardware const& hardware) {
  Json out{{"accelerator", hardware.type.text},
           {"cards", hardware.cards},
           {"cards_per_node", hardware.cards_per_node},
           {"memory_gib", hardware.memory_gib},
           {"interconnect_gbps", or_null(hardware.interconnect_gbps)},
           {"cpus_per_node", or_null(hardware.cpus_per_node)},
           {"memory_gib_per_node", or_null(hardware.host_memory_gib_per_node)}};
  Json& frameworks = out["frameworks"] = Json::array();
  for (policy::FrameworkName const& framework : hardware.frameworks) frameworks.push_back(framework.text);
  out["origin"] = policy::name_of(hardware.origin);
  return out;
}

std::int64_t live_cards(policy::State const& state, policy::ClusterName const& name) {
  std::int64_t cards = 0;
  for (auto const& [key, use] : state.card_use)
    if (key.first == name) cards += use.live_cards;
  return cards;
}

Json capabilities_json(connectors::Capabilities const& can) {
  Json list = Json::array();
  for (auto const& [has, name] :
       {std::pair{can.look_up_by_attempt, "look_up"}, std::pair{can.cancels, "cancel"}, std::pair{can.meters_usage, "usage"},
        std::pair{can.tails_logs, "logs"}, std::pair{can.estimates_queue, "queue_delay"}, std::pair{can.quotes_prices, "quote_price"},
        std::pair{can.quotes_vouchers, "programme_terms"}})
    if (has) list.push_back(name);
  return list;
}

Json offer_json(Api const& api, policy::ClusterName const& cluster, policy::ClusterOffers const& seen, policy::Offer const& offer) {
  policy::State const& state = api.state();
  Json out{{"cluster", cluster.text}, {"accelerator", offer.type.text}};
  auto const known = state.catalogue->clusters.find(cluster);
  out["memory_gib"] = nullptr;
  if (known != state.catalogue->clusters.end())
    for (policy::Hardware const& hardware : known->second.definition.hardware)
      if (hardware.type == offer.type) out["memory_gib"] = hardware.memory_gib;
  out["total_cards"] = offer.total_cards;
  out["free_cards"] = offer.free_cards;
  auto const sellable = policy::sellable_cards(state, cluster, offer.type);
  out["sellable_cards"] = sellable.value_or(0);
  out["list_yuan_per_card_hour"] = yuan_or_null(offer.list_price_per_card_hour);
  out["unit_yuan_per_card_hour"] = yuan_or_null(offer.price_per_card_hour);
  out["queue_delay_s"] = offer.queue_delay_ms ? Json(*offer.queue_delay_ms / 1'000) : Json(nullptr);
  out["as_of"] = policy::format_rfc3339(seen.as_of);
  out["valid_until"] = policy::format_rfc3339(seen.valid_until);
  bool const fresh = !seen.stale && api.sequencer.now() < seen.valid_until;
  bool const open = known != state.catalogue->clusters.end() && known->second.status == policy::ClusterStatus::open;
  out["usable"] = fresh && open && offer.price_per_card_hour.has_value();
  Json& reasons = out["reasons"] = Json::array();
  if (!fresh) reasons.push_back(reason_value(policy::Reason::offer_stale));
  if (!open) reasons.push_back(reason_value(policy::Reason::cluster_cordoned));
  if (!offer.price_per_card_hour) reasons.push_back(reason_value(policy::Reason::price_unknown));
  Json& programmes = out["programmes"] = Json::array();
  for (policy::VoucherTerms const& terms : seen.terms)
    programmes.push_back({{"programme", terms.programme.text},
                          {"rate_bp", or_null(terms.rate_bp)},
                          {"purse_left_yuan", yuan_or_null(terms.remaining_purse)}});
  return out;
}

asio::awaitable<Answer> list_offers(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  auto const cluster = call.request.query_value("cluster");
  auto const accelerator = call.request.query_value("accelerator");
  Json data = Json::array();
  std::uint64_t index = 0;
  std::optional<std::uint64_t> next;
  for (auto const& [name, seen] : api.state().offers) {
    for (policy::Offer const& offer : seen.offers) {
      if ((cluster && *cluster != name.text) || (accelerator && *accelerator != offer.type.text)) continue;
      if (index++ < page->after.value_or(0)) continue;
      if (data.size() == page->limit) {
        next = index - 1;
        break;
      }
      data.push_back(offer_json(api, name, seen, offer));
    }
    if (next) break;
  }
  co_return page_response(call.request, std::move(data), next);
}

asio::awaitable<Answer> list_clusters(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  Json data = Json::array();
  std::uint64_t index = 0;
  std::optional<std::uint64_t> next;
  for (auto const& [name, cluster] : api.state().catalogue->clusters) {
    if (index++ < page->after.value_or(0)) continue;
    if (data.size() == page->limit) {
      next = index - 1;
      break;
    }
    data.push_back(cluster_json(api, name));
  }
  co_return page_response(call.request, std::move(data), next);
}

asio::awaitable<Answer> get_cluster(Api& api, Call& call) {
  co_await api.sequencer.settled();
  Json const body = cluster_json(api, policy::ClusterName{std::string(call.request.parameter("name"))});
  if (body.is_null()) co_return std::unexpected(problem("not_found", "There is no such cluster."));
  co_return http::json_response(200, body.dump());
}

Json programme_json(policy::State const& state, policy::ProgrammeDefinition const& programme) {
  Json out{{"name", programme.programme.text}, {"version", programme.version}, {"active", programme.active}};
  out["unset"] = programme.unset;
  out["flow"] = policy::name_of(programme.flow);
  Json& clusters = out["clusters"] = Json::array();
  for (policy::ClusterName const& cluster : programme.clusters) clusters.push_back(cluster.text);
  Json& rates = out["rates"] = Json::array();
  for (policy::RateRow const& rate : programme.rates) {
    Json row{{"rate_bp", rate.rate_bp}, {"applicant_class", nullptr}, {"hardware_origin", nullptr}};
    if (rate.applicant) row["applicant_class"] = policy::name_of(*rate.applicant);
    if (rate.origin) row["hardware_origin"] = policy::name_of(*rate.origin);
    rates.push_back(std::move(row));
  }
  out["cap_yuan"] = yuan_or_null(programme.cap);
  out["cap_period"] = policy::name_of(programme.cap_period);
  out["floor_yuan"] = yuan_or_null(programme.floor);
  out["purse_yuan"] = yuan_or_null(programme.purse);
  out["purse_left_yuan"] = policy::format_yuan(policy::balance(state, {policy::BookKind::purse, programme.programme.text}));
  Json& eligible = out["eligible"] = Json::array();
  for (policy::ApplicantClass const each : programme.eligible) eligible.push_back(policy::name_of(each));
  Json& regions = out["regions"] = Json::array();
  for (policy::RegionCode const region : programme.regions) regions.push_back(region_text(region));
  out["effective_from"] = time_or_null(programme.effective_from);
  out["effective_to"] = time_or_null(programme.effective_to);
  out["valid_days"] = or_null(programme.valid_days);
  out["clause"] = programme.clause;
  return out;
}

asio::awaitable<Answer> list_programmes(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  co_await api.sequencer.settled();
  Json data = Json::array();
  std::uint64_t index = 0;
  std::optional<std::uint64_t> next;
  policy::Catalogue const& catalogue = *api.state().catalogue;
  for (auto const& [name, version] : catalogue.programme_in_force) {
    if (index++ < page->after.value_or(0)) continue;
    if (data.size() == page->limit) {
      next = index - 1;
      break;
    }
    data.push_back(programme_json(api.state(), catalogue.programmes.at({name, version})));
  }
  co_return page_response(call.request, std::move(data), next);
}

}  // namespace

std::string_view cluster_health(Api const& api, policy::ClusterName const& name) {
  auto const cluster = api.state().catalogue->clusters.find(name);
  if (cluster != api.state().catalogue->clusters.end() && cluster->second.status == policy::ClusterStatus::quarantined)
    return "quarantined";
  if (api.dispatcher.silent_ms(name)) return "lost";
  auto const health = api.poller.health().find(name);
  if (health == api.poller.health().end() || (health->second.answers == 0 && health->second.faults == 0)) return "unknown";
  return health->second.last_fault.empty() ? "healthy" : "suspect";
}

Json cluster_json(Api const& api, policy::ClusterName const& name) {
  auto const it = api.state().catalogue->clusters.find(name);
  if (it == api.state().catalogue->clusters.end()) return nullptr;
  policy::Cluster const& cluster = it->second;
  policy::ClusterDefinition const& definition = cluster.definition;
  std::shared_ptr<Site> const site = api.sites.find(name);
  Json out{{"name", name.text}};
  out["title"] = {{"en", site ? site->name_english : name.text}, {"zh", site ? site->name_chinese : name.text}};
  out["region"] = region_text(definition.region);
  out["protocol"] = definition.protocol.text;
  out["health"] = cluster_health(api, name);
  out["admission"] = cluster.status == policy::ClusterStatus::open       ? "open"
                     : cluster.status == policy::ClusterStatus::draining ? "draining"
                                                                         : "cordoned";
  Json& reasons = out["reasons"] = Json::array();
  if (cluster.status == policy::ClusterStatus::quarantined) reasons.push_back(reason_value(policy::Reason::cluster_quarantined));
  out["last_poll_at"] = nullptr;
  if (auto const health = api.poller.health().find(name); health != api.poller.health().end())
    out["last_poll_at"] = time_or_null(health->second.last_answer);
  Json& hardware = out["hardware"] = Json::array();
  for (policy::Hardware const& each : definition.hardware) hardware.push_back(hardware_json(each));
  out["live_cards"] = live_cards(api.state(), name);
  out["access"] = {{"minimum_annual_spend_yuan", yuan_or_null(definition.access.minimum_annual_spend)},
                   {"approval_days_min", or_null(definition.access.approval_days_min)},
                   {"approval_days_max", or_null(definition.access.approval_days_max)}};
  out["max_runtime_s"] = definition.max_runtime_ms ? Json(*definition.max_runtime_ms / 1'000) : Json(nullptr);
  out["capabilities"] = site ? capabilities_json(site->connector->capabilities()) : Json::array();
  return out;
}

std::vector<Endpoint> market_endpoints() {
  using enum http::Method;
  Roles const readers = tenant_role | operator_role | approver_role | auditor_role | socket_role;
  return {
      {get, "/v1/offers", "listOffers", readers, list_offers},
      {get, "/v1/clusters", "listClusters", readers, list_clusters},
      {get, "/v1/clusters/{name}", "getCluster", readers, get_cluster},
      {get, "/v1/programmes", "listProgrammes", readers, list_programmes},
  };
}

}  // namespace sluice::broker::api
