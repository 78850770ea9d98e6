// The schema of sluice.toml.
#include "config/address_text.hpp"
#include "config/kinds.hpp"
#include "config/schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sluice::config {
namespace {

/// The first of the two keys must not be larger than the second.
template <class S>
void ordered(Section<S>& section, std::string first, std::int32_t S::* a, std::string second, std::int32_t S::* b) {
  section.check([=](Reader& reader, S const& s) {
    if (s.*a > s.*b) reader.error_at(first, fmt::format("is {}, and may not be larger than {}, which is {}", s.*a, second, s.*b));
  });
}

Section<ListenConfig> listen_section() {
  Section<ListenConfig> section("listen", "Where requests come from.");
  section.defaulted("address", &ListenConfig::address, ip_address(), "Address to listen on. Anything but loopback needs TLS.");
  section.defaulted("port", &ListenConfig::port, integer(0, 65'535), "TCP port; 0 lets the kernel choose.");
  section.defaulted("tls_certificate_file", &ListenConfig::tls_certificate_file, file_path(), "PEM chain, leaf first; empty: no TLS.");
  section.defaulted("tls_key_file", &ListenConfig::tls_key_file, file_path(), "PEM private key of the certificate.");
  section.defaulted("client_ca_file", &ListenConfig::client_ca_file, file_path(),
                    "When set, a client certificate signed by it is required.");
  section.defaulted("unix_socket", &ListenConfig::unix_socket, file_path(),
                    "Socket of local administration, with peer credentials; empty: none.");
  section.defaulted("connections_max", &ListenConfig::connections_max, integer(16, 1'000'000),
                    "Connections at once; more are answered 503.");
  section.defaulted("connections_per_peer_max", &ListenConfig::connections_per_peer_max, integer(1, 1'000'000),
                    "Of these, from one IPv4 address or IPv6 /64.");
  section.defaulted("body_max_kib", &ListenConfig::body_max_kib, integer(1, 65'536), "Largest request body; larger ones are answered 413.");
  section.defaulted("header_timeout_ms", &ListenConfig::header_timeout_ms, integer(100, 600'000),
                    "From the first byte to the end of the header.");
  section.defaulted("idle_timeout_ms", &ListenConfig::idle_timeout_ms, integer(100, 3'600'000), "Between requests of a kept connection.");
  section.defaulted("unready_ms", &ListenConfig::unready_ms, integer(0, 60'000),
                    "How long a stop still serves while /readyz says 503, for a load balancer to see it; another signal ends it.");
  section.defaulted("drain_timeout_ms", &ListenConfig::drain_timeout_ms, integer(0, 600'000),
                    "How long a stop waits for requests under way.");
  section.check([](Reader& reader, ListenConfig const& listen) {
    if (listen.tls_certificate_file.empty() != listen.tls_key_file.empty()) {
      bool const key_missing = listen.tls_key_file.empty();
      reader.error_at(key_missing ? "tls_key_file" : "tls_certificate_file", "is required: certificate and key come together");
    }
    if (!is_loopback(listen.address) && listen.tls_certificate_file.empty()) {
      reader.error_at("address", fmt::format("'{}' is no loopback address: set tls_certificate_file and tls_key_file, or listen on "
                                             "127.0.0.1 behind a proxy that ends TLS",
                                             listen.address));
    }
    if (!listen.client_ca_file.empty() && listen.tls_certificate_file.empty()) {
      reader.error_at("client_ca_file", "needs tls_certificate_file and tls_key_file");
    }
  });
  return section;
}

Section<StorageConfig> storage_section() {
  Section<StorageConfig> section("storage", "Where things are kept, and when admission stops for want of space.");
  section.defaulted("data_directory", &StorageConfig::data_directory, file_path(), "The ledger's database.");
  section.defaulted("high_water_mark_file", &StorageConfig::high_water_mark_file, file_path(),
                    "Remembers how far was acknowledged, so that a truncated database is noticed. Better on another disk.");
  section.defaulted("tenant_key_directory", &StorageConfig::tenant_key_directory, file_path(),
                    "One wrapped key per tenant; removing one erases its private parts. Back it up apart from the database.");
  section.defaulted("block_cache_mib", &StorageConfig::block_cache_mib, integer(8, 1'048'576), "Memory for blocks read from the database.");
  section.defaulted("free_space_floor_mib", &StorageConfig::free_space_floor_mib, integer(16, 1'048'576),
                    "Admission stops (507) when less is free. The larger of the two floors counts.");
  section.defaulted("free_space_floor_bp", &StorageConfig::free_space_floor_bp, integer(0, 5'000),
                    "The same as basis points of the file system.");
  section.defaulted("ballast_mib", &StorageConfig::ballast_mib, integer(0, 65'536), "A file to delete in an emergency; 0: none.");
  section.defaulted("evidence_days", &StorageConfig::evidence_days, integer(1, 3'650),
                    "How long raw answers of clusters are kept as evidence.");
  section.check([](Reader& reader, StorageConfig const& storage) {
    if (storage.data_directory.empty()) reader.error_at("data_directory", "may not be empty");
    if (storage.high_water_mark_file.empty()) reader.error_at("high_water_mark_file", "may not be empty");
    if (storage.tenant_key_directory.empty()) reader.error_at("tenant_key_directory", "may not be empty");
    if (storage.tenant_key_directory == storage.data_directory) {
      reader.error_at("tenant_key_directory", "must be another folder than data_directory, or a copy of one is a copy of both");
    }
  });
  return section;
}

Section<LogConfig> log_section() {
  Section<LogConfig> section("log", "What the ledger calls itself and how it is published.");
  section.required("origin", &LogConfig::origin, ascii_text(200),
                   "Name of the log, a URL without scheme (\"broker.example/sluice\"). It stands in entry 0 and can never change.");
  section.defaulted("disclosure_delay_days", &LogConfig::disclosure_delay_days, integer(0, 365),
                    "How long entry bundles stay with auditors before the public may read them. A change is an event of the log.");
  section.defaulted("digest_every_entries", &LogConfig::digest_every_entries, integer(1'000, 10'000'000),
                    "Entries between two state digests.");
  section.defaulted("group_entries_max", &LogConfig::group_entries_max, integer(1, 65'536), "Entries made durable by one synced write.");
  section.check([](Reader& reader, LogConfig const& log) {
    if (log.origin.empty() || log.origin.find("://") != std::string::npos || log.origin.find_first_of(" +\t") != std::string::npos) {
      reader.error_at("origin", "must be a URL without scheme, without spaces or '+': \"broker.example/sluice\"");
    }
  });
  return section;
}

Section<KeysConfig> keys_section() {
  Section<KeysConfig> section("keys", "File names of secrets in the credentials folder. The secrets themselves stand nowhere here.");
  section.defaulted("directory", &KeysConfig::directory, file_path(),
                    "Folder of the files; empty: $CREDENTIALS_DIRECTORY (systemd LoadCredential).");
  section.defaulted("log_signing_key", &KeysConfig::log_signing_key, credential(), "Ed25519 key that signs checkpoints.");
  section.defaulted("master_key", &KeysConfig::master_key, credential(), "Wraps the tenants' keys.");
  return section;
}

Section<LimitsConfig> limits_section() {
  Section<LimitsConfig> section("limits", "What one tenant, or one address, may ask.");
  section.defaulted("submissions_per_minute", &LimitsConfig::submissions_per_minute, integer(1, 1'000'000'000),
                    "Jobs per tenant, on average.");
  section.defaulted("requests_per_minute", &LimitsConfig::requests_per_minute, integer(1, 1'000'000'000),
                    "All requests per key, on average.");
  section.defaulted("requests_burst", &LimitsConfig::requests_burst, integer(1, 1'000'000'000), "All requests per key at once.");
  section.defaulted("unauthenticated_per_minute", &LimitsConfig::unauthenticated_per_minute, integer(1, 1'000'000'000),
                    "Requests without a valid key per address.");
  section.defaulted("queued_jobs_per_tenant", &LimitsConfig::queued_jobs_per_tenant, integer(1, 10'000'000), "Waiting jobs of one tenant.");
  return section;
}

Section<PollConfig> poll_section() {
  Section<PollConfig> section("poll", "How clusters are asked for what they offer.");
  section.defaulted("interval_ms", &PollConfig::interval_ms, integer(100, 600'000), "Between two polls of one cluster.");
  section.defaulted("clock_skew_max_ms", &PollConfig::clock_skew_max_ms, integer(0, 600'000),
                    "An answer dated further ahead is not believed.");
  section.defaulted("backoff_first_ms", &PollConfig::backoff_first_ms, integer(1, 600'000), "Longest wait after the first failure.");
  section.defaulted("backoff_longest_ms", &PollConfig::backoff_longest_ms, integer(1, 3'600'000), "Longest wait after many.");
  section.defaulted("breaker_failures", &PollConfig::breaker_failures, integer(1, 1'000), "Failures in a row that open the breaker.");
  section.defaulted("breaker_open_first_ms", &PollConfig::breaker_open_first_ms, integer(1, 3'600'000),
                    "How long it opens the first time.");
  section.defaulted("breaker_open_longest_ms", &PollConfig::breaker_open_longest_ms, integer(1, 3'600'000), "How long it opens at most.");
  section.defaulted("conversation_max_ms", &PollConfig::conversation_max_ms, integer(100, 600'000),
                    "All requests of one operation together.");
  ordered(section, "backoff_first_ms", &PollConfig::backoff_first_ms, "backoff_longest_ms", &PollConfig::backoff_longest_ms);
  ordered(section, "breaker_open_first_ms", &PollConfig::breaker_open_first_ms, "breaker_open_longest_ms",
          &PollConfig::breaker_open_longest_ms);
  return section;
}

Section<RoundsConfig> rounds_section() {
  Section<RoundsConfig> section("rounds", "When it is decided which job goes where, and how hard the solver tries.");
  section.defaulted("interval_ms", &RoundsConfig::interval_ms, integer(50, 2'000),
                    "A round opens this long after a change that could matter.");
  section.defaulted("effort", &RoundsConfig::effort, integer(0, 100'000), "0: any plan and a bound; 100: the everyday setting.");
  section.defaulted("allocations_per_group_max", &RoundsConfig::allocations_per_group_max, integer(1, 512),
                    "Allocations applied before submissions have their turn again.");
  return section;
}

Section<DispatchConfig> dispatch_section() {
  Section<DispatchConfig> section("dispatch", "How allocations become remote jobs, and what happens when a cluster does not answer.");
  section.defaulted("instance", &DispatchConfig::instance, ascii_text(8),
                    "Begins every attempt's remote name; never change it while attempts live.");
  section.defaulted("concurrent_max", &DispatchConfig::concurrent_max, integer(1, 100'000),
                    "Dispatches, look-ups and stops under way at one cluster.");
  section.defaulted("look_up_interval_ms", &DispatchConfig::look_up_interval_ms, integer(100, 3'600'000),
                    "Between look-ups of an unknown outcome.");
  section.defaulted("status_interval_ms", &DispatchConfig::status_interval_ms, integer(100, 3'600'000),
                    "Between looks at a cluster's live attempts.");
  section.defaulted("meter_interval_ms", &DispatchConfig::meter_interval_ms, integer(1'000, 86'400'000),
                    "Between metered readings of one.");
  section.defaulted("absence_grace_s", &DispatchConfig::absence_grace_s, integer(1, 86'400),
                    "So long after a dispatch a cluster's \"no such attempt\" is not believed: the call may still be on its way.");
  section.defaulted("lost_after_s", &DispatchConfig::lost_after_s, integer(10, 604'800),
                    "A cluster silent for so long is given up; its jobs move once a second run is ruled out or bounded.");
  section.defaulted("limit_grace_s", &DispatchConfig::limit_grace_s, integer(0, 86'400),
                    "So long after its granted limit a run that nobody hears of is surely over: a second run may begin.");
  section.defaulted("moves_per_minute", &DispatchConfig::moves_per_minute, integer(1, 100'000), "Jobs that leave lost clusters, at most.");
  section.defaulted("checkpoint_grace_s", &DispatchConfig::checkpoint_grace_s, integer(0, 86'400),
                    "How long before its limit a job with a checkpoint is told to save its state; at most a tenth of the limit.");
  section.check([](Reader& reader, DispatchConfig const& dispatch) {
    std::string const& name = dispatch.instance;
    bool const good = !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
                      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
    if (!good) reader.error_at("instance", "must be a small letter and at most seven more small letters or digits");
  });
  return section;
}

Section<LoggingConfig> logging_section() {
  Section<LoggingConfig> section("logging", "What the daemon says of itself. Secrets and bodies are never written.");
  section.defaulted(
      "level", &LoggingConfig::level,
      choice<LogLevel>({{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}}),
      "Least level that is written.");
  section.defaulted("format", &LoggingConfig::format,
                    choice<LogFormat>({{"journal", LogFormat::journal}, {"json", LogFormat::json}, {"text", LogFormat::text}}),
                    "Where to and how: journald fields, JSON lines or plain lines on standard error.");
  return section;
}

Section<policy::MarketRules> market_section() {
  using policy::MarketRules;
  Section<MarketRules> section("market", "What the operator charges and how a round weighs waiting. A change is an event of the log.");
  section.defaulted("fee_bp", &MarketRules::fee_bp, integer(0, 10'000),
                    "Broker fee on the gross price, in basis points; shown on every quote.");
  section.defaulted("porting_per_hour", &MarketRules::porting_per_hour, money(), "What an hour of porting to another framework is worth.");
  section.defaulted("egress_per_gib", &MarketRules::egress_per_gib, money(), "Weight of inputs that leave their prefecture.");
  section.defaulted("waiting_ppm", &MarketRules::waiting_ppm, integer(0, 1'000'000'000),
                    "Waiting cost of a fresh job, in millionths of its cheapest bid.");
  section.defaulted("ageing_ppm_per_round", &MarketRules::ageing_ppm_per_round, integer(0, 1'000'000'000),
                    "By how many millionths a waiting job's waiting cost grows each round.");
  section.defaulted("price_move_ppm", &MarketRules::price_move_ppm, integer(0, 1'000'000),
                    "Smaller price changes are not logged between rounds.");
  return section;
}

Section<MainFile> make_main_schema() {
  Section<MainFile> section("sluice.toml",
                            "The daemon's own settings. Only [market] and log.disclosure_delay_days are in the log; the rest may differ "
                            "between machines.");
  section.defaulted("listen", &MainFile::listen, table_of(listen_section()), "Where requests come from.");
  section.defaulted("storage", &MainFile::storage, table_of(storage_section()), "Where things are kept.");
  section.required("log", &MainFile::log, table_of(log_section()), "The ledger's name and publication.");
  section.defaulted("keys", &MainFile::keys, table_of(keys_section()), "File names of secrets.");
  section.defaulted("limits", &MainFile::limits, table_of(limits_section()), "Limits of tenants and addresses.");
  section.defaulted("poll", &MainFile::poll, table_of(poll_section()), "Asking clusters.");
  section.defaulted("rounds", &MainFile::rounds, table_of(rounds_section()), "Deciding.");
  section.defaulted("dispatch", &MainFile::dispatch, table_of(dispatch_section()), "Starting and watching remote jobs.");
  section.defaulted("logging", &MainFile::logging, table_of(logging_section()), "The daemon's own messages.");
  section.defaulted("market", &MainFile::market, table_of(market_section()), "Fee and weights.");
  return section;
}

}  // namespace

Section<MainFile> const& main_schema() {
  static Section<MainFile> const schema = make_main_schema();
  return schema;
}

std::expected<std::string, std::string> file_of(KeysConfig const& keys, std::string_view environment_directory, std::string_view path) {
  if (!path.starts_with(credential_scheme)) return std::string(path);
  std::string_view const folder = keys.directory.empty() ? environment_directory : std::string_view(keys.directory);
  if (folder.empty()) {
    return std::unexpected(
        fmt::format("'{}' has no folder to stand in: set [keys] directory, or start under systemd with LoadCredential", path));
  }
  return fmt::format("{}/{}", folder, path.substr(credential_scheme.size()));
}

}  // namespace sluice::config
