#include "connectors/protocol.hpp"

#include "connectors/centre/centre.hpp"

#include <cassert>

namespace sluice::connectors {

void ProtocolRegistry::add(std::string name, ProtocolFactory factory) {
  [[maybe_unused]] bool const added = factories_.emplace(std::move(name), std::move(factory)).second;
  assert(added);
}

std::expected<std::unique_ptr<Protocol>, std::string> ProtocolRegistry::make(ClusterOptions const& options) const {
  auto const found = factories_.find(options.protocol);
  if (found != factories_.end()) return found->second(options);
  std::string known;
  for (auto const& [name, factory] : factories_) known += (known.empty() ? "" : ", ") + name;
  return std::unexpected("protocol '" + options.protocol + "' does not exist; there are: " + known);
}

std::vector<std::string> ProtocolRegistry::names() const {
  std::vector<std::string> all;
  for (auto const& [name, factory] : factories_) all.push_back(name);
  return all;
}

ProtocolRegistry built_in_protocols() {
  ProtocolRegistry registry;
  registry.add("centre", &centre::make_protocol);
  return registry;
}

}  // namespace sluice::connectors
