#include "config/cross_checks.hpp"

#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sluice::config {
namespace {

void check_programmes(Catalogue const& catalogue, KnownNames const& known, std::vector<Diagnostic>& diagnostics) {
  std::map<policy::ProgrammeName, ProgrammeEntry const*> seen;
  for (ProgrammeEntry const& entry : catalogue.programmes) {
    policy::ProgrammeDefinition const& definition = entry.definition;
    auto const [earlier, fresh] = seen.emplace(definition.programme, &entry);
    if (!fresh) {
      std::string const key = entry.rules.name.empty() ? "programme.id" : entry.key + ".name";
      diagnostics.push_back({Severity::error, entry.path, find_place(entry.places, key), key,
                             fmt::format("the programme '{}' stands in {} already", definition.programme.text, earlier->second->path)});
    }
    auto const clusters = entry.rules.clusters.value_or(std::vector<policy::ClusterName>{});
    for (std::size_t row = 0; row < clusters.size(); ++row) {
      std::string const& cluster = clusters[row].text;
      if (std::ranges::find(known.clusters, cluster) != known.clusters.end()) continue;
      std::string const key = fmt::format("{}.clusters[{}]", entry.key, row);
      diagnostics.push_back({Severity::error, entry.path, find_place(entry.places, key), key,
                             fmt::format("there is no cluster '{}'; files of clusters/: {}{}", cluster,
                                         known.clusters.empty() ? "none" : fmt::format("{}", fmt::join(known.clusters, ", ")),
                                         did_you_mean(cluster, known.clusters))});
    }
    if (!definition.active) {
      diagnostics.push_back(
          {Severity::note, entry.path, find_place(entry.places, entry.key), entry.key,
           fmt::format("the programme '{}' stays inactive; unset: {}", definition.programme.text, fmt::join(definition.unset, ", "))});
    }
  }
}

void check_hardware(Catalogue const& catalogue, bool equivalence_known, std::vector<Diagnostic>& diagnostics) {
  for (ClusterEntry const& entry : catalogue.clusters) {
    std::vector<std::string> illustrative;
    for (std::size_t row = 0; row < entry.file.hardware.size(); ++row) {
      HardwareRow const& hardware = entry.file.hardware[row];
      std::string const key = fmt::format("hardware[{}]", row);
      auto const remark = [&](Severity severity, std::string text) {
        diagnostics.push_back({severity, entry.path, find_place(entry.places, key + ".type"), key + ".type", std::move(text)});
      };
      if (hardware.status == SourceStatus::illustrative) illustrative.push_back(hardware.type.text);
      if (std::ranges::find(entry.definition.tariffs, hardware.type, &policy::Tariff::type) == entry.definition.tariffs.end()) {
        remark(Severity::warning, fmt::format("'{}' has no [[tariff]]: nothing can run on it until it has", hardware.type.text));
      }
      if (!equivalence_known) continue;
      for (policy::FrameworkName const& framework : hardware.frameworks) {
        bool const found = std::ranges::any_of(catalogue.equivalence.rows, [&](policy::EquivalenceRow const& known) {
          return known.type == hardware.type && known.framework == framework;
        });
        if (found) continue;
        remark(Severity::note,
               fmt::format("'{}' under '{}' has no throughput in equivalence.toml: only jobs that state their own run on it",
                           hardware.type.text, framework.text));
      }
    }
    for (TariffRow const& tariff : entry.file.tariffs) {
      if (tariff.status == SourceStatus::illustrative && tariff.price_per_card_hour) illustrative.push_back("price of " + tariff.type.text);
    }
    if (illustrative.empty()) continue;
    diagnostics.push_back({Severity::warning, entry.path, find_place(entry.places, "hardware"), "hardware",
                           fmt::format("illustrative figures ({}): replace them before real use", fmt::join(illustrative, ", "))});
  }
}

}  // namespace

void check_id(std::string const& name, std::string const& id, std::string const& path, Places const& places, std::string_view key,
              std::vector<Diagnostic>& diagnostics) {
  if (id == name) return;
  diagnostics.push_back({Severity::error, path, find_place(places, std::string(key)), std::string(key),
                         fmt::format("is '{}', but the file is named '{}.toml': rename one of them", printable(id), name)});
}

void check_scenario(Scenario const& scenario, std::string const& path, Places const& places, KnownNames const& known,
                    std::vector<Diagnostic>& diagnostics) {
  for (std::size_t row = 0; row < scenario.access.size(); ++row) {
    std::string const& cluster = scenario.access[row].cluster.text;
    if (cluster.empty() || std::ranges::find(known.clusters, cluster) != known.clusters.end()) continue;
    std::string const key = fmt::format("access[{}].cluster", row);
    diagnostics.push_back({Severity::error, path, find_place(places, key), key,
                           fmt::format("there is no cluster '{}'{}", cluster, did_you_mean(cluster, known.clusters))});
  }
}

void cross_check(Catalogue const& catalogue, KnownNames const& known, bool equivalence_known, std::vector<Diagnostic>& diagnostics) {
  check_programmes(catalogue, known, diagnostics);
  check_hardware(catalogue, equivalence_known, diagnostics);
}

}  // namespace sluice::config
