// From files to state and sites.
#include "broker/reload.hpp"

#include "config/catalogue_diff.hpp"

#include <algorithm>
#include <set>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

config::CatalogueView view_of(policy::State const& state) {
  config::CatalogueView view;
  for (auto const& [name, cluster] : state.catalogue->clusters)
    view.clusters.emplace(name, config::ClusterInForce{cluster.definition, cluster.status, cluster.remove_when_empty});
  for (auto const& [name, version] : state.catalogue->programme_in_force)
    view.programmes.emplace(name, state.catalogue->programmes.at({name, version}));
  view.equivalence = state.catalogue->equivalence;
  view.market_rules = state.catalogue->market;
  view.disclosure_delay_days = state.governance.disclosure_delay_days;
  return view;
}

std::chrono::milliseconds ms(std::int32_t value) { return std::chrono::milliseconds(value); }

http_client::SiteOptions address_of(config::SiteAddress const& address, std::string const& credentials_directory) {
  http_client::SiteOptions out;
  out.base_url = address.base_url;
  out.unix_socket = address.unix_socket;
  out.allow_plain_http = address.allow_plain_http;
  out.addresses.allowed_networks = address.allowed_networks;
  out.addresses.allow_loopback = address.allow_loopback;
  out.ca_file = address.ca_file;
  out.client_certificate_file = address.client_certificate_file;
  if (!address.client_key.empty()) out.client_key_file = credentials_directory + '/' + address.client_key;
  out.concurrency_max = static_cast<std::size_t>(address.concurrency_max);
  out.deadline = ms(address.deadline_ms);
  out.connect_timeout = ms(address.connect_timeout_ms);
  out.body_bytes_max = static_cast<std::size_t>(address.body_max_kib) << 10;
  return out;
}

connectors::ClusterOptions options_of(config::ClusterEntry const& entry, config::DaemonConfig const& daemon,
                                      std::string const& credentials_directory) {
  config::ClusterConnection const& connection = entry.connection;
  connectors::ClusterOptions out;
  out.cluster = entry.definition.cluster.text;
  out.protocol = connection.protocol;
  out.site = address_of(connection.site, credentials_directory);
  for (auto const& [name, address] : connection.endpoints) out.endpoints.emplace(name, address_of(address, credentials_directory));
  out.accelerators = connection.accelerators;
  out.settings = connection.settings;
  out.poll_every = ms(connection.site.poll_interval_ms.value_or(daemon.poll.interval_ms));
  out.offer_age_max = ms(entry.definition.offer_max_age_ms);
  out.clock_skew_max = ms(daemon.poll.clock_skew_max_ms);
  out.conversation_max = ms(daemon.poll.conversation_max_ms);
  out.backoff = {ms(daemon.poll.backoff_first_ms), ms(daemon.poll.backoff_longest_ms)};
  out.breaker.failures_to_open = static_cast<std::uint32_t>(daemon.poll.breaker_failures);
  out.breaker.open_for = {ms(daemon.poll.breaker_open_first_ms), ms(daemon.poll.breaker_open_longest_ms)};
  return out;
}

bool has_live_cards(policy::State const& state, policy::ClusterName const& cluster) {
  return std::ranges::any_of(state.card_use, [&](auto const& use) { return use.first.first == cluster && use.second.live_cards > 0; });
}

std::shared_ptr<Site> site_of(config::ClusterEntry const& entry) {
  auto site = std::make_shared<Site>();
  config::ClusterConnection const& connection = entry.connection;
  site->cluster = entry.definition.cluster;
  site->name_english = connection.name_en;
  site->name_chinese = connection.name_zh;
  site->polling_credential = connection.site.poll_credential;
  for (config::ImageRule const& rule : connection.runtime.image_map) site->image_map.emplace_back(rule.from, rule.to);
  site->registries = connection.runtime.registries;
  for (config::Mount const& mount : connection.mounts) {
    switch (mount.purpose) {
      case config::MountPurpose::input:
        site->inputs.push_back(mount.prefix);
        break;
      case config::MountPurpose::output:
        site->outputs.push_back(mount.prefix);
        break;
      case config::MountPurpose::checkpoint:
        site->checkpoints.push_back(mount.prefix);
        break;
    }
  }
  return site;
}

/// Applies the events to a copy of what such events touch. A refusal among them would leave those before it done and those after it
/// undone, so it has to be known before the first is submitted.
std::optional<std::string> refused_in_rehearsal(policy::State const& state, policy::Timestamp at,
                                                std::vector<policy::Event> const& events) {
  policy::State rehearsal;
  rehearsal.governance = state.governance;
  rehearsal.catalogue = std::make_shared<policy::Catalogue>(*state.catalogue);
  rehearsal.offers = state.offers;
  rehearsal.card_use = state.card_use;
  rehearsal.books = state.books;
  rehearsal.books_total = state.books_total;
  for (std::size_t index = 0; index < events.size(); ++index) {
    auto const applied = policy::apply(rehearsal, at, events[index]);
    if (!applied) {
      return "change " + std::to_string(index + 1) + " of " + std::to_string(events.size()) + " (" +
             std::string(policy::type_of(events[index])) +
             ") would be refused: " + std::string(policy::text_english(applied.error().reason)) + " (" + applied.error().where +
             "); nothing was changed";
    }
    while (auto const forced = policy::next_forced(rehearsal, at))
      if (!policy::apply(rehearsal, at, *forced)) break;
  }
  return std::nullopt;
}

}  // namespace

asio::awaitable<std::expected<std::size_t, std::string>> follow_catalogue(Sequencer& sequencer, config::Catalogue const& catalogue) {
  policy::By const by{{"broker"}, std::nullopt, policy::Role::broker};
  auto events = config::diff(catalogue, view_of(sequencer.state()), by);
  if (!events) {
    std::string all;
    for (config::Diagnostic const& each : events.error()) all += config::to_text(each) + '\n';
    co_return std::unexpected(std::move(all));
  }
  std::size_t const count = events->size();
  if (count == 0) co_return count;
  if (auto refused = refused_in_rehearsal(sequencer.state(), sequencer.now(), *events)) co_return std::unexpected(std::move(*refused));
  Submission submission = submission_of(std::move(*events));
  Outcome const outcome = co_await sequencer.submit(std::move(submission));
  if (!outcome) {
    auto const& refusal = outcome.error().refusal;
    co_return std::unexpected("change " + std::to_string(outcome.error().applied + 1) + " of " + std::to_string(count) +
                              " was refused: " + std::string(policy::text_english(refusal.reason)) + " (" + refusal.where + ")");
  }
  co_return count;
}

std::vector<std::string> follow_connections(Sites& sites, policy::State const& state, config::Catalogue const& catalogue,
                                            config::DaemonConfig const& daemon, std::string const& credentials_directory,
                                            SiteParts const& parts) {
  std::vector<std::string> failures;
  std::set<policy::ClusterName> wanted;
  for (config::ClusterEntry const& entry : catalogue.clusters) {
    policy::ClusterName const& name = entry.definition.cluster;
    connectors::ClusterOptions options = options_of(entry, daemon, credentials_directory);
    auto connector = connectors::Connector::make(std::move(options), parts.protocols, parts.client, parts.credentials, parts.surroundings);
    if (!connector) {
      failures.push_back("cluster " + name.text + ": " + connector.error());
      continue;
    }
    wanted.insert(name);
    std::shared_ptr<Site> site = site_of(entry);
    site->connector = std::move(*connector);
    sites.put(std::move(site));
  }
  // A draining cluster keeps its connection while attempts of ours are there: they have to be watched and settled. A restart does not
  // find its file; then that is said below.
  std::vector<policy::ClusterName> gone;
  for (auto const& [name, site] : sites.all()) {
    if (!wanted.contains(name) && !has_live_cards(state, name)) gone.push_back(name);
  }
  for (policy::ClusterName const& name : gone) sites.remove(name);
  for (auto const& [name, cluster] : state.catalogue->clusters) {
    if (!wanted.contains(name) && sites.find(name) == nullptr && has_live_cards(state, name))
      failures.push_back("cluster " + name.text +
                         ": attempts of ours run there, but no file says how to reach it; put its file back until the cluster has left");
  }
  return failures;
}

}  // namespace sluice::broker
