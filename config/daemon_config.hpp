// The daemon's own settings, one plain struct per section of sluice.toml.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// Where requests come from.
struct ListenConfig {
  std::string address = "127.0.0.1";
  std::int32_t port = 8080;  ///< 0: the kernel chooses
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::string client_ca_file;  ///< not empty: a client certificate signed by it is required
  std::string unix_socket = "/run/sluice/sluice.sock";
  std::int32_t connections_max = 10'000;
  std::int32_t connections_per_peer_max = 1'024;
  std::int32_t body_max_kib = 1'024;
  std::int32_t header_timeout_ms = 10'000;
  std::int32_t idle_timeout_ms = 75'000;
  std::int32_t unready_ms = 0;
  std::int32_t drain_timeout_ms = 20'000;
};

/// Where things are kept, and when admission stops for want of space: below the larger of the two floors.
struct StorageConfig {
  std::string data_directory = "/var/lib/sluice";
  std::string high_water_mark_file = "/var/lib/sluice/high-water-mark";
  std::string tenant_key_directory = "/var/lib/sluice/tenant-keys";
  std::int32_t block_cache_mib = 256;
  std::int32_t free_space_floor_mib = 512;
  std::int32_t free_space_floor_bp = 500;
  std::int32_t ballast_mib = 64;
  std::int32_t evidence_days = 90;
};

/// What the ledger calls itself and how it is published.
struct LogConfig {
  std::string origin;
  std::int32_t disclosure_delay_days = 30;  ///< an event of the log, like [market]
  std::int32_t digest_every_entries = 100'000;
  std::int32_t group_entries_max = 4'096;
};

/// File names in the credentials folder. The secrets themselves never stand in a file of this configuration.
struct KeysConfig {
  std::string directory;  ///< empty: $CREDENTIALS_DIRECTORY, as systemd's LoadCredential gives it
  std::string log_signing_key = "log-key";
  std::string master_key = "master-key";
};

/// What one tenant, or one address, may ask of the broker.
struct LimitsConfig {
  std::int32_t submissions_per_minute = 600;
  std::int32_t requests_per_minute = 6'000;
  std::int32_t requests_burst = 1'000;
  std::int32_t unauthenticated_per_minute = 60;
  std::int32_t queued_jobs_per_tenant = 100'000;
};

/// How clusters are asked for what they offer.
struct PollConfig {
  std::int32_t interval_ms = 2'000;
  std::int32_t clock_skew_max_ms = 5'000;
  std::int32_t backoff_first_ms = 500;
  std::int32_t backoff_longest_ms = 60'000;
  std::int32_t breaker_failures = 5;
  std::int32_t breaker_open_first_ms = 2'000;
  std::int32_t breaker_open_longest_ms = 120'000;
  std::int32_t conversation_max_ms = 20'000;
};

/// How often it is decided which job goes where, and how hard the solver tries.
struct RoundsConfig {
  std::int32_t interval_ms = 1'000;
  std::int32_t effort = 100;
  std::int32_t allocations_per_group_max = 512;
};

/// How allocations become remote jobs, and what happens when a cluster does not answer.
struct DispatchConfig {
  std::string instance = "sluice";
  std::int32_t concurrent_max = 64;
  std::int32_t look_up_interval_ms = 5'000;
  std::int32_t status_interval_ms = 5'000;
  std::int32_t meter_interval_ms = 60'000;
  std::int32_t absence_grace_s = 30;
  std::int32_t lost_after_s = 900;
  std::int32_t limit_grace_s = 120;
  std::int32_t moves_per_minute = 60;
  std::int32_t checkpoint_grace_s = 120;
};

/// The file that a path of this configuration means: "credential:NAME" is NAME in the credentials folder, anything else is itself.
/// `environment_directory` is $CREDENTIALS_DIRECTORY or empty. Error: there is no such folder to look in.
std::expected<std::string, std::string> file_of(KeysConfig const& keys, std::string_view environment_directory, std::string_view path);

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { journal, json, text };

struct LoggingConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::journal;
};

struct DaemonConfig {
  ListenConfig listen;
  StorageConfig storage;
  LogConfig log;
  KeysConfig keys;
  LimitsConfig limits;
  PollConfig poll;
  RoundsConfig rounds;
  DispatchConfig dispatch;
  LoggingConfig logging;
};

}  // namespace sluice::config
