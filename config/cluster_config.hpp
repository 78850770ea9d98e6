// What a file of clusters/ says: the definition that goes into the log, and the connection that does not.
#pragma once

#include "config/provenance.hpp"
#include "policy/definitions.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

/// For the map and the pages; never decides anything.
struct Place {
  double longitude = 0;
  double latitude = 0;
};

/// `[cluster]`.
struct ClusterHeader {
  std::string name_zh;
  std::string name_en;
  policy::RegionCode region;
  std::optional<Place> place;
  std::string edwc_hub;  ///< hub of 东数西算 it belongs to; empty: none
  std::string protocol;
  std::vector<policy::DataClass> data_classes;
  std::int32_t offer_max_age_ms = 60'000;
  std::optional<std::int32_t> max_runtime_s;
  std::string note;
};

/// `[access]`.
struct AccessRow : policy::AccessTerms, Provenance {};
/// `[[hardware]]`.
struct HardwareRow : policy::Hardware, Provenance {};
/// `[[tariff]]`.
struct TariffRow : policy::Tariff, Provenance {};

/// One address to speak to, its trust and its limits: `[connection]` and each `[[endpoint]]`.
struct SiteAddress {
  std::string base_url;     ///< empty where the protocol needs none
  std::string unix_socket;  ///< path of a Unix socket instead of TCP
  std::string ca_file;      ///< PEM; empty: the system's
  std::string client_certificate_file;
  std::string client_key;  ///< credential name
  bool allow_loopback = false;
  bool allow_plain_http = false;
  std::vector<std::string> allowed_networks;  ///< when not empty: only these, and they may be private
  std::int32_t concurrency_max = 4;
  std::int32_t deadline_ms = 8'000;
  std::int32_t connect_timeout_ms = 3'000;
  std::int32_t body_max_kib = 4'096;
};

/// `[connection]`: the main address, and how it is polled.
struct ConnectionTable : SiteAddress {
  std::string poll_credential;                   ///< file name of what offers are asked with; empty: none is shown
  std::optional<std::int32_t> poll_interval_ms;  ///< instead of [poll] interval_ms
};

/// A further address a protocol needs, under the protocol's own name for it.
struct Endpoint : SiteAddress {
  std::string name;
};

enum class ContainerRuntime : std::uint8_t { docker, containerd, podman, apptainer, enroot, none };

/// Images that begin with `from` are reached at the site as `to` and the rest.
struct ImageRule {
  std::string from;
  std::string to;
};

/// `[runtime]`: what can run there.
struct RuntimeConfig {
  ContainerRuntime container = ContainerRuntime::docker;
  std::vector<std::string> registries;  ///< prefixes of images that the site can pull as they stand
  std::vector<ImageRule> image_map;     ///< first match wins, before `registries`
};

enum class MountPurpose : std::uint8_t { input, output, checkpoint };

/// `[[mount]]`: paths of jobs that begin with `prefix` are reachable, at `path` inside the job.
struct Mount {
  MountPurpose purpose = MountPurpose::input;
  std::string prefix;
  std::string path;
};

/// Everything about a cluster that is not in the log: how to reach it, what it can run, how to show it.
struct ClusterConnection {
  std::string name_zh;
  std::string name_en;
  std::optional<Place> place;
  std::string edwc_hub;
  std::string protocol;
  ConnectionTable site;
  std::map<std::string, SiteAddress> endpoints;
  std::map<std::string, std::string> accelerators;  ///< the site's accelerator names to ours
  std::map<std::string, std::string> settings;      ///< of the protocol's own table, checked against its schema
  RuntimeConfig runtime;
  std::vector<Mount> mounts;
};

/// The file as it stands, before it becomes definition and connection.
struct ClusterFile {
  ClusterHeader cluster;
  AccessRow access;
  std::vector<HardwareRow> hardware;
  std::vector<TariffRow> tariffs;
  ConnectionTable connection;
  std::vector<Endpoint> endpoints;
  std::map<std::string, std::string> accelerators;
  std::map<std::string, std::map<std::string, std::string>> protocol_tables;  ///< by protocol; only the spoken one is allowed
  RuntimeConfig runtime;
  std::vector<Mount> mounts;
};

/// REQUIRES: the file passed its checks. Hardware and tariffs come sorted by type.
policy::ClusterDefinition definition_of(ClusterFile const& file, policy::ClusterName const& name);
ClusterConnection connection_of(ClusterFile const& file);

}  // namespace sluice::config
