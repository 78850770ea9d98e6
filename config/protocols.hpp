// The protocols a cluster's file can name, and what each may say in its own table. A new protocol is a row here.
#pragma once

#include "config/section.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// One key of a protocol's table. All arrive as texts in ClusterConnection::settings, under their key.
struct ProtocolSetting {
  enum class Type : std::uint8_t { text, name, integer, boolean };
  std::string key;
  Type type = Type::text;
  std::int64_t min = 0;  ///< integers
  std::int64_t max = 0;
  std::vector<std::string> words;  ///< texts: when not empty, one of these
  bool required = false;
  std::string description;
};

struct ProtocolSchema {
  std::string name;  ///< as in `protocol = "…"`, and the name of its table
  std::string description;
  bool needs_address = true;           ///< a [connection] with base_url
  std::vector<std::string> endpoints;  ///< names of further addresses it may have
  std::vector<ProtocolSetting> settings;
};

/// All protocols, by name.
std::vector<ProtocolSchema> const& protocols();
/// nullptr when there is none of that name.
ProtocolSchema const* find_protocol(std::string_view name);
std::vector<std::string> protocol_names();

/// Reads a protocol's own table into texts.
Kind<std::map<std::string, std::string>> protocol_table(ProtocolSchema const& schema);

}  // namespace sluice::config
