#include "config/catalogue_diff.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {
namespace {

class Difference {
 public:
  Difference(Catalogue const& catalogue, CatalogueView const& view, policy::By const& by) : catalogue_(catalogue), view_(view), by_(by) {}

  std::expected<std::vector<policy::Event>, std::vector<Diagnostic>> find() {
    if (view_.market_rules != catalogue_.market) events_.push_back(policy::MarketRulesSet{by_, catalogue_.market});
    if (view_.disclosure_delay_days != catalogue_.disclosure_delay_days)
      events_.push_back(policy::DisclosureDelaySet{by_, catalogue_.disclosure_delay_days});
    equivalence();
    for (ClusterEntry const& entry : catalogue_.clusters) cluster(entry);
    for (ProgrammeEntry const& entry : catalogue_.programmes) programme(entry);
    withdrawn_programmes();
    // Last, so that nothing above meets a cluster that is on its way out.
    removed_clusters();
    if (!wrong_.empty()) return std::unexpected(std::move(wrong_));
    return std::move(events_);
  }

 private:
  void refuse(std::string const& file, Position at, std::string key, std::string text) {
    wrong_.push_back({Severity::error, file, at, std::move(key), std::move(text)});
  }

  static std::string raise(std::int32_t in_force) {
    return fmt::format("differs from version {} in force; set version = {} or higher, so that old contracts keep the old rule", in_force,
                       std::int64_t{in_force} + 1);
  }

  void equivalence() {
    policy::EquivalenceTable const& table = catalogue_.equivalence;
    if (view_.equivalence == table) return;
    if (view_.equivalence && table.version <= view_.equivalence->version) {
      refuse("equivalence.toml", {}, "version", raise(view_.equivalence->version));
      return;
    }
    events_.push_back(policy::EquivalenceSet{by_, table});
  }

  void cluster(ClusterEntry const& entry) {
    auto const in_force = view_.clusters.find(entry.definition.cluster);
    if (in_force == view_.clusters.end()) {
      events_.push_back(policy::ClusterDefined{by_, entry.definition});
      return;
    }
    ClusterInForce const& old = in_force->second;
    if (old.definition != entry.definition) check_tariffs(entry, old.definition);
    // A definition takes a removal back by itself: draining for removal is the files' own doing, any other status is a person's or the
    // invariants'.
    if (old.definition != entry.definition || old.remove_when_empty) events_.push_back(policy::ClusterDefined{by_, entry.definition});
  }

  void check_tariffs(ClusterEntry const& entry, policy::ClusterDefinition const& old) {
    for (policy::Tariff const& tariff : entry.definition.tariffs) {
      auto const before = std::ranges::find(old.tariffs, tariff.type, &policy::Tariff::type);
      if (before == old.tariffs.end() || *before == tariff || tariff.version > before->version) continue;
      auto const row = std::ranges::find(entry.file.tariffs, tariff.type, &TariffRow::type) - entry.file.tariffs.begin();
      std::string const key = fmt::format("tariff[{}]", row);
      refuse(entry.path, find_place(entry.places, key + ".version"), key + ".version", raise(before->version));
    }
  }

  void programme(ProgrammeEntry const& entry) {
    auto const in_force = view_.programmes.find(entry.definition.programme);
    if (in_force != view_.programmes.end()) {
      if (in_force->second == entry.definition) return;
      if (entry.definition.version <= in_force->second.version) {
        refuse(entry.path, find_place(entry.places, "programme.version"), "programme.version",
               fmt::format("{}: {}", entry.definition.programme.text, raise(in_force->second.version)));
        return;
      }
    }
    events_.push_back(policy::ProgrammeDefined{by_, entry.definition});
  }

  void withdrawn_programmes() {
    for (auto const& [name, in_force] : view_.programmes) {
      std::vector<std::string> const no_file = {"file"};
      if (catalogue_.programme(name) != nullptr || in_force.unset == no_file) continue;
      policy::ProgrammeDefinition withdrawn = in_force;
      withdrawn.active = false;
      withdrawn.unset = no_file;
      withdrawn.version += 1;
      events_.push_back(policy::ProgrammeDefined{by_, std::move(withdrawn)});
    }
  }

  void removed_clusters() {
    for (auto const& [name, in_force] : view_.clusters) {
      if (catalogue_.cluster(name) != nullptr || in_force.remove_when_empty) continue;
      // It sells nothing, and only a person may change that; once one has, the next reload takes it out.
      if (in_force.status == policy::ClusterStatus::quarantined) continue;
      events_.push_back(policy::ClusterStatusSet{by_, name, true, policy::ClusterStatus::draining});
    }
  }

  Catalogue const& catalogue_;
  CatalogueView const& view_;
  policy::By const& by_;
  std::vector<policy::Event> events_;
  std::vector<Diagnostic> wrong_;
};

}  // namespace

std::expected<std::vector<policy::Event>, std::vector<Diagnostic>> diff(Catalogue const& catalogue, CatalogueView const& view,
                                                                        policy::By const& by) {
  return Difference(catalogue, view, by).find();
}

}  // namespace sluice::config
