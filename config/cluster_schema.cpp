// The schema of a file of clusters/.
#include "config/address_text.hpp"
#include "config/kinds.hpp"
#include "config/protocols.hpp"
#include "config/provenance_schema.hpp"
#include "config/schemas.hpp"
#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {
namespace {

Section<Place> place_section() {
  Section<Place> section("place", "Where the pin of the map stands.");
  section.required("longitude", &Place::longitude, decimal(-180, 180), "Degrees east.");
  section.required("latitude", &Place::latitude, decimal(-90, 90), "Degrees north.");
  return section;
}

Section<ClusterHeader> header_section() {
  using policy::DataClass;
  Section<ClusterHeader> section("cluster", "What the cluster is. Its name is the name of the file.");
  section.required("name_zh", &ClusterHeader::name_zh, text(64), "Name to show, in Chinese.");
  section.required("name_en", &ClusterHeader::name_en, text(64), "Name to show, in English.");
  section.required("region", &ClusterHeader::region, region(), "Where it stands, for residency.");
  section.optional("place", &ClusterHeader::place, table_of(place_section()), "Longitude and latitude, for the map only.");
  section.defaulted("edwc_hub", &ClusterHeader::edwc_hub, text(64), "Hub of 东数西算 it belongs to; empty: none.");
  section.required("protocol", &ClusterHeader::protocol, word(protocol_names()), "How it is spoken to; its own table has the same name.");
  section.defaulted(
      "data_classes", &ClusterHeader::data_classes,
      list_of(choice<DataClass>({{"general", DataClass::general}, {"important", DataClass::important}, {"core", DataClass::core}}), 3),
      "Classes of data it may hold (GB/T 43697-2024); empty: general only.");
  section.defaulted("offer_max_age_ms", &ClusterHeader::offer_max_age_ms, integer(1'000, 86'400'000),
                    "An offer older than this is not used.");
  section.optional("max_runtime_s", &ClusterHeader::max_runtime_s, integer(60, 31'622'400), "The site's own limit per job.");
  section.defaulted("note", &ClusterHeader::note, text(400), "For people.");
  return section;
}

Section<AccessRow> access_section() {
  Section<AccessRow> section("access", "Terms of the centre itself, apart from any voucher.");
  section.optional("minimum_annual_spend", &AccessRow::minimum_annual_spend, money(), "Least spend in a year that a contract demands.");
  section.optional("approval_days_min", &AccessRow::approval_days_min, integer(0, 3'650), "Fewest days until an account is approved.");
  section.optional("approval_days_max", &AccessRow::approval_days_max, integer(0, 3'650), "Most days until an account is approved.");
  section.check([](Reader& reader, AccessRow const& access) {
    if (access.approval_days_min && access.approval_days_max && *access.approval_days_min > *access.approval_days_max) {
      reader.error_at("approval_days_min", fmt::format("is {}, and may not be larger than approval_days_max, which is {}",
                                                       *access.approval_days_min, *access.approval_days_max));
    }
  });
  add_provenance(section);
  return section;
}

Section<HardwareRow> hardware_section() {
  using policy::HardwareOrigin;
  Section<HardwareRow> section("hardware", "One accelerator type of the cluster.");
  section.required("type", &HardwareRow::type, name<policy::AcceleratorTag>(), "As jobs and equivalence.toml write it.");
  section.required("cards", &HardwareRow::cards, integer(1, 10'000'000), "All cards of the type: what can ever fit.");
  section.required("cards_per_node", &HardwareRow::cards_per_node, integer(1, 1'024), "Cards of one node.");
  section.required("memory_gib", &HardwareRow::memory_gib, integer(1, 4'096), "Memory of one card.");
  section.required("origin", &HardwareRow::origin,
                   choice<HardwareOrigin>({{"domestic", HardwareOrigin::domestic}, {"foreign", HardwareOrigin::foreign}}),
                   "Some programmes pay more for domestic hardware.");
  section.required("frameworks", &HardwareRow::frameworks, list_of(name<policy::FrameworkTag>(), 16), "What runs on it.");
  section.optional("cpus_per_node", &HardwareRow::cpus_per_node, integer(1, 65'536), "Processors of one node.");
  section.optional("host_memory_gib_per_node", &HardwareRow::host_memory_gib_per_node, integer(1, 1'048'576), "Memory of one node.");
  section.optional("interconnect_gbps", &HardwareRow::interconnect_gbps, integer(1, 1'000'000), "Network of one card between nodes.");
  section.check([](Reader& reader, HardwareRow const& hardware) {
    if (hardware.cards_per_node > hardware.cards) {
      reader.error_at("cards_per_node",
                      fmt::format("is {}, and may not be larger than cards, which is {}", hardware.cards_per_node, hardware.cards));
    }
    if (hardware.frameworks.empty()) reader.error_at("frameworks", "may not be empty: nothing could run on the type");
  });
  add_provenance(section);
  return section;
}

Section<TariffRow> tariff_section() {
  using policy::Rounding;
  Section<TariffRow> section("tariff", "How use of one accelerator type becomes money.");
  section.required("type", &TariffRow::type, name<policy::AcceleratorTag>(), "A type of [[hardware]].");
  section.defaulted("version", &TariffRow::version, integer(1, 1'000'000), "Raise it with every change.");
  section.defaulted("increment_ms", &TariffRow::increment_ms, integer(1, 86'400'000), "Use is billed in whole increments, rounded up.");
  section.defaulted("minimum_ms", &TariffRow::minimum_ms, integer(0, 86'400'000), "Least billed time per attempt.");
  section.optional("price_per_card_hour", &TariffRow::price_per_card_hour, money({1}),
                   "Only where the protocol cannot quote one: what the site quotes rules.");
  section.defaulted("rounding", &TariffRow::rounding,
                    choice<Rounding>({{"floor_fen", Rounding::floor_fen},
                                      {"ceil_fen", Rounding::ceil_fen},
                                      {"half_up_fen", Rounding::half_up_fen},
                                      {"floor_micro", Rounding::floor_micro},
                                      {"ceil_micro", Rounding::ceil_micro},
                                      {"half_up_micro", Rounding::half_up_micro}}),
                    "Once per invoice line.");
  add_provenance(section);
  return section;
}

/// The keys every address has. S is a SiteAddress and more.
template <class S>
void add_address(Section<S>& section) {
  section.defaulted("base_url", &SiteAddress::base_url, base_url(), "https://host:port/path, without user and query.");
  section.defaulted("unix_socket", &SiteAddress::unix_socket, file_path(),
                    "A Unix socket to use instead of TCP; base_url then gives Host and path.");
  section.defaulted("ca_file", &SiteAddress::ca_file, file_path(), "PEM of the authority to trust; empty: the system's.");
  section.defaulted("client_certificate_file", &SiteAddress::client_certificate_file, file_path(), "PEM certificate to show.");
  section.defaulted("client_key", &SiteAddress::client_key, credential(), "Credential file with its key.");
  section.defaulted("allow_loopback", &SiteAddress::allow_loopback, boolean(), "Addresses of this machine may be used.");
  section.defaulted("allow_plain_http", &SiteAddress::allow_plain_http, boolean(), "http beyond loopback: credentials travel readable.");
  section.defaulted("allowed_networks", &SiteAddress::allowed_networks, list_of(network(), 64),
                    "When not empty, only these may be connected to, private ones included. Empty: any public address, no private one.");
  section.defaulted("concurrency_max", &SiteAddress::concurrency_max, integer(1, 1'024), "Requests under way at once.");
  section.defaulted("deadline_ms", &SiteAddress::deadline_ms, integer(100, 600'000), "Longest time of one request.");
  section.defaulted("connect_timeout_ms", &SiteAddress::connect_timeout_ms, integer(50, 60'000), "Longest time to connect.");
  section.defaulted("body_max_kib", &SiteAddress::body_max_kib, integer(1, 1'048'576), "Largest answer that is read, decompressed.");
  section.check([](Reader& reader, S const& site) {
    if (site.base_url.empty()) return;
    std::string_view const host = host_of(site.base_url);
    bool const local = is_loopback(host) || !site.unix_socket.empty();
    if (is_loopback(host) && site.unix_socket.empty() && !site.allow_loopback) {
      reader.error_at("base_url", "is an address of this machine; set allow_loopback = true if that is meant");
    }
    if (site.base_url.starts_with("http://") && !local && !site.allow_plain_http) {
      reader.error_at("base_url", "is not encrypted; use https, or set allow_plain_http = true and know that credentials travel readable");
    }
    if (site.client_certificate_file.empty() != site.client_key.empty()) {
      reader.error_at(site.client_key.empty() ? "client_key" : "client_certificate_file", "is required: certificate and key come together");
    }
    if (site.connect_timeout_ms > site.deadline_ms) {
      reader.error_at("connect_timeout_ms",
                      fmt::format("is {}, and may not be larger than deadline_ms, which is {}", site.connect_timeout_ms, site.deadline_ms));
    }
  });
}

Section<ConnectionTable> connection_section() {
  Section<ConnectionTable> section("connection", "How the cluster is reached.");
  add_address(section);
  section.defaulted("poll_credential", &ConnectionTable::poll_credential, credential(),
                    "Credential file shown when asking for offers; empty: none.");
  section.optional("poll_interval_ms", &ConnectionTable::poll_interval_ms, integer(100, 600'000), "Instead of [poll] interval_ms.");
  return section;
}

Section<Endpoint> endpoint_section() {
  Section<Endpoint> section("endpoint", "A further address that the protocol needs.");
  section.required("name", &Endpoint::name, text(32), "The protocol's name for it.");
  add_address(section);
  section.check([](Reader& reader, Endpoint const& endpoint) {
    if (endpoint.base_url.empty()) reader.error_at("base_url", "is required");
  });
  return section;
}

Section<ImageRule> image_section() {
  Section<ImageRule> section("image_map", "Images that begin with `from` are reached as `to` and the rest.");
  section.required("from", &ImageRule::from, text(256), "Beginning of the image's name as jobs write it.");
  section.required("to", &ImageRule::to, text(256), "What stands there at the site.");
  section.check([](Reader& reader, ImageRule const& rule) {
    if (rule.from.empty()) reader.error_at("from", "may not be empty");
  });
  return section;
}

Section<RuntimeConfig> runtime_section() {
  Section<RuntimeConfig> section("runtime", "What can run there.");
  section.required("container", &RuntimeConfig::container,
                   choice<ContainerRuntime>({{"docker", ContainerRuntime::docker},
                                             {"containerd", ContainerRuntime::containerd},
                                             {"podman", ContainerRuntime::podman},
                                             {"apptainer", ContainerRuntime::apptainer},
                                             {"enroot", ContainerRuntime::enroot},
                                             {"none", ContainerRuntime::none}}),
                   "What starts images.");
  section.defaulted("registries", &RuntimeConfig::registries, list_of(text(256), 64),
                    "Beginnings of image names that it can pull as they stand.");
  section.defaulted("image_map", &RuntimeConfig::image_map, tables_of(image_section(), 64), "Translations; the first that fits counts.");
  return section;
}

Section<Mount> mount_section() {
  Section<Mount> section("mount", "Paths of jobs that the site can reach.");
  section.required(
      "purpose", &Mount::purpose,
      choice<MountPurpose>({{"input", MountPurpose::input}, {"output", MountPurpose::output}, {"checkpoint", MountPurpose::checkpoint}}),
      "What the paths may be used for.");
  section.required("prefix", &Mount::prefix, prefix(), "Beginning of the paths as jobs write them.");
  section.required("path", &Mount::path, prefix(), "Where they are inside the job.");
  return section;
}

/// No two rows of one type.
template <class Row>
void judge_types(Reader& reader, std::string_view list, std::vector<Row> const& rows) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t earlier = 0; earlier < row; ++earlier) {
      if (rows[row].type.empty() || rows[earlier].type != rows[row].type) continue;
      reader.error_at(fmt::format("{}[{}].type", list, row),
                      fmt::format("'{}' stands in {}[{}] already", rows[row].type.text, list, earlier));
      break;
    }
  }
}

void judge_tariffs(Reader& reader, ClusterFile const& file) {
  std::vector<std::string> types;
  for (HardwareRow const& hardware : file.hardware) types.push_back(hardware.type.text);
  if (std::ranges::find(types, "") != types.end()) return;  // one of them could not be read
  for (std::size_t row = 0; row < file.tariffs.size(); ++row) {
    std::string const& type = file.tariffs[row].type.text;
    if (type.empty() || std::ranges::find(types, type) != types.end()) continue;
    reader.error_at(fmt::format("tariff[{}].type", row),
                    fmt::format("'{}' is not in [[hardware]], which has {}{}", type, fmt::join(types, ", "), did_you_mean(type, types)));
  }
}

void judge_protocol(Reader& reader, ClusterFile const& file) {
  ProtocolSchema const* schema = find_protocol(file.cluster.protocol);
  if (schema == nullptr) return;
  for (auto const& [name, settings] : file.protocol_tables) {
    if (name != schema->name) {
      reader.error_at(name, fmt::format("this cluster speaks '{}': remove the table, or set protocol = \"{}\"", schema->name, name));
    }
  }
  for (ProtocolSetting const& setting : schema->settings) {
    if (setting.required && !file.protocol_tables.contains(schema->name)) {
      reader.error_at(schema->name, fmt::format("is required: protocol '{}' needs {}", schema->name, setting.key));
      break;
    }
  }
  if (schema->needs_address && !reader.has("connection.base_url")) {
    reader.error_at("connection", fmt::format("is required with base_url: protocol '{}' needs an address", schema->name));
  }
  for (std::size_t row = 0; row < file.endpoints.size(); ++row) {
    std::string const& name = file.endpoints[row].name;
    if (std::ranges::find(schema->endpoints, name) != schema->endpoints.end()) continue;
    reader.error_at(fmt::format("endpoint[{}].name", row), fmt::format("protocol '{}' has no further address '{}'{}", schema->name,
                                                                       printable(name), did_you_mean(name, schema->endpoints)));
  }
}

Section<ClusterFile> make_cluster_schema() {
  Section<ClusterFile> section("clusters/NAME.toml", "One cluster. The name of the file is the cluster's name.");
  section.required("cluster", &ClusterFile::cluster, table_of(header_section()), "What it is.");
  section.required("access", &ClusterFile::access, table_of(access_section()), "Terms of the centre.");
  section.required("hardware", &ClusterFile::hardware, tables_of(hardware_section(), 64), "Its accelerator types.");
  section.defaulted("tariff", &ClusterFile::tariffs, tables_of(tariff_section(), 64), "How use becomes money.");
  section.defaulted("connection", &ClusterFile::connection, table_of(connection_section()), "How it is reached. Not in the log.");
  section.defaulted("endpoint", &ClusterFile::endpoints, tables_of(endpoint_section(), 8), "Further addresses. Not in the log.");
  section.defaulted("accelerators", &ClusterFile::accelerators, names_map(64),
                    "The site's accelerator names to ours; others stand for themselves.");
  section.required("runtime", &ClusterFile::runtime, table_of(runtime_section()), "What can run there. Not in the log.");
  section.defaulted("mount", &ClusterFile::mounts, tables_of(mount_section(), 64), "Reachable paths. Not in the log.");
  for (ProtocolSchema const& schema : protocols()) {
    section.entry(schema.name, &ClusterFile::protocol_tables, protocol_table(schema), "Of protocol '" + schema.name + "' alone.");
  }
  section.check_whole([](Reader& reader, ClusterFile const& file) {
    judge_types(reader, "hardware", file.hardware);
    judge_types(reader, "tariff", file.tariffs);
    judge_tariffs(reader, file);
    judge_protocol(reader, file);
  });
  return section;
}

}  // namespace

Section<ClusterFile> const& cluster_schema() {
  static Section<ClusterFile> const schema = make_cluster_schema();
  return schema;
}

policy::ClusterDefinition definition_of(ClusterFile const& file, policy::ClusterName const& name) {
  policy::ClusterDefinition definition;
  definition.access = file.access;
  definition.cluster = name;
  definition.data_classes = file.cluster.data_classes;
  std::ranges::sort(definition.data_classes);
  for (HardwareRow const& row : file.hardware) {
    definition.hardware.push_back(row);
    std::ranges::sort(definition.hardware.back().frameworks);
  }
  std::ranges::sort(definition.hardware, {}, &policy::Hardware::type);
  if (file.cluster.max_runtime_s) definition.max_runtime_ms = std::int64_t{*file.cluster.max_runtime_s} * 1'000;
  definition.offer_max_age_ms = file.cluster.offer_max_age_ms;
  definition.protocol = {file.cluster.protocol};
  definition.region = file.cluster.region;
  for (TariffRow const& row : file.tariffs) definition.tariffs.push_back(row);
  std::ranges::sort(definition.tariffs, {}, &policy::Tariff::type);
  return definition;
}

ClusterConnection connection_of(ClusterFile const& file) {
  ClusterConnection connection;
  connection.name_zh = file.cluster.name_zh;
  connection.name_en = file.cluster.name_en;
  connection.place = file.cluster.place;
  connection.edwc_hub = file.cluster.edwc_hub;
  connection.protocol = file.cluster.protocol;
  connection.site = file.connection;
  for (Endpoint const& endpoint : file.endpoints) connection.endpoints[endpoint.name] = endpoint;
  connection.accelerators = file.accelerators;
  if (auto const own = file.protocol_tables.find(file.cluster.protocol); own != file.protocol_tables.end())
    connection.settings = own->second;
  connection.runtime = file.runtime;
  connection.mounts = file.mounts;
  return connection;
}

}  // namespace sluice::config
