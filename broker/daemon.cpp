// Wiring: config is read here and nowhere below.
#include "broker/daemon.hpp"

#include "broker/api/api.hpp"
#include "broker/clock.hpp"
#include "broker/credentials.hpp"
#include "broker/health.hpp"
#include "broker/housekeeping.hpp"
#include "broker/http/server.hpp"
#include "broker/logging.hpp"
#include "broker/loop_watch.hpp"
#include "broker/metrics.hpp"
#include "broker/notify.hpp"
#include "broker/reload.hpp"
#include "broker/request_log.hpp"
#include "broker/secrets.hpp"
#include "config/effective.hpp"
#include "config/load.hpp"
#include "policy/hash.hpp"
#include "storage/rocks/rocks_ledger.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace sluice::broker {
namespace asio = boost::asio;
namespace {

std::chrono::milliseconds ms(std::int64_t value) { return std::chrono::milliseconds(value); }

std::string credentials_directory(config::DaemonConfig const& config) {
  if (!config.keys.directory.empty()) return config.keys.directory;
  char const* given = std::getenv("CREDENTIALS_DIRECTORY");
  return given == nullptr ? std::string() : std::string(given);
}

void start_logging_as(config::LoggingConfig const& config) {
  Severity const least = config.level == config::LogLevel::debug     ? Severity::debug
                         : config.level == config::LogLevel::info    ? Severity::info
                         : config.level == config::LogLevel::warning ? Severity::warning
                                                                     : Severity::error;
  LineFormat const format = config.format == config::LogFormat::journal ? LineFormat::journal
                            : config.format == config::LogFormat::json  ? LineFormat::json
                                                                        : LineFormat::text;
  start_logging(least, format);
}

rocks::Options rocks_options(config::StorageConfig const& config) {
  rocks::Options options;
  options.directory = config.data_directory;
  options.mark_file = config.high_water_mark_file;
  options.keys_directory = config.tenant_key_directory;
  options.ballast_bytes = static_cast<std::uint64_t>(config.ballast_mib) << 20;
  options.block_cache_bytes = static_cast<std::size_t>(config.block_cache_mib) << 20;
  // Admission stops at the configured floor; the ledger itself goes on to half of it, so that what was admitted can still be finished.
  options.free_bytes_floor = (static_cast<std::uint64_t>(config.free_space_floor_mib) << 20) / 2;
  return options;
}

http::Options http_options(config::ListenConfig const& config) {
  http::Options options;
  options.connections_max = static_cast<std::size_t>(config.connections_max);
  options.connections_per_peer_max = static_cast<std::size_t>(config.connections_per_peer_max);
  options.body_bytes_max = static_cast<std::size_t>(config.body_max_kib) << 10;
  options.header_timeout = ms(config.header_timeout_ms);
  options.idle_timeout = ms(config.idle_timeout_ms);
  return options;
}

/// Left by a run that met a broken invariant: the next one comes up with dispatch frozen.
std::filesystem::path violation_file(config::StorageConfig const& config) {
  return std::filesystem::path(config.data_directory) / "invariant-broken";
}

/// Everything that lives as long as the daemon, in construction order; destruction is the reverse.
class Daemon {
 public:
  Daemon(DaemonOptions const& options, config::Configuration configuration)
      : options_(options), config_(std::move(configuration)), clock_guard_(clock_) {}

  int run();

 private:
  asio::awaitable<void> start();
  asio::awaitable<void> watch_signals();
  asio::awaitable<void> reload();
  asio::awaitable<void> shut_down();
  asio::awaitable<void> serve_unready();
  std::expected<void, std::string> listen();
  void fail(int code, std::string_view event, std::string what);
  std::string metrics_text();

  DaemonOptions const options_;
  config::Configuration config_;
  SystemClock const clock_;
  ClockGuard clock_guard_;
  asio::io_context loop_{1};
  LoopWatch loop_watch_;
  asio::signal_set signals_{loop_};
  std::unique_ptr<rocks::RocksLedger> ledger_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<http_client::HttpClient> client_;
  std::unique_ptr<connectors::CredentialDirectory> credentials_;
  connectors::ProtocolRegistry const protocols_ = connectors::built_in_protocols();
  Sites sites_;
  std::unique_ptr<Poller> poller_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<RoundRunner> rounds_;
  std::unique_ptr<LotKeeper> lots_;
  std::unique_ptr<api::IdempotencyStore> answers_;
  std::unique_ptr<api::RateLimits> rates_;
  std::unique_ptr<EventHub> events_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<Housekeeping> housekeeping_;
  Metrics metrics_;
  RequestLog request_log_{clock_};
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Watchdog> watchdog_;
  http::Bound bound_;
  int exit_code_ = exit_ok;
};

void Daemon::fail(int code, std::string_view event, std::string what) {
  log_line(Severity::error, event, {{"what", std::move(what)}});
  exit_code_ = code;
  loop_.stop();
}

int Daemon::run() {
  std::string const folder = credentials_directory(config_.daemon);
  auto keys = read_own_keys(folder, config_.daemon.keys.log_signing_key, config_.daemon.keys.master_key, config_.daemon.log.origin);
  if (!keys) {
    log_line(Severity::error, "keys_unreadable", {{"what", keys.error()}});
    return exit_config;
  }
  rocks::Options storing = rocks_options(config_.daemon.storage);
  storing.adopt_without_mark = options_.adopt_without_mark;
  storing.adopt_without_keys = options_.adopt_without_keys;
  auto ledger = rocks::RocksLedger::open(storing, keys->signer, keys->master_key);
  if (!ledger) {
    log_line(Severity::error, "ledger_refused", {{"what", ledger.error().message}});
    auto const kind = ledger.error().kind;
    return kind == rocks::OpenError::Kind::invalid || kind == rocks::OpenError::Kind::wrong_key ? exit_config : exit_storage;
  }
  ledger_ = std::move(*ledger);
  log_line(Severity::info, "ledger_opened", {{"entries", std::to_string(ledger_->size())}});

  SequencerOptions sequencing;
  sequencing.group_entries_max = static_cast<std::size_t>(config_.daemon.log.group_entries_max);
  sequencing.disk_has_room = [this] { return health_ == nullptr || health_->has_room(); };
  auto sequencer =
      Sequencer::open(loop_, *ledger_, clock_, config_.daemon.log.origin, sequencing, [this](std::string what, bool invariant) {
        if (invariant) std::ofstream(violation_file(config_.daemon.storage)) << what << '\n';
        fail(invariant ? exit_software : exit_storage, invariant ? "invariant_broken" : "append_failed", std::move(what));
      });
  if (!sequencer) {
    log_line(Severity::error, "state_unreadable", {{"what", sequencer.error()}});
    return exit_storage;
  }
  sequencer_ = std::move(*sequencer);

  client_ = std::make_unique<http_client::HttpClient>(loop_.get_executor(), http_client::ClientOptions{});
  credentials_ = std::make_unique<connectors::CredentialDirectory>(folder);
  std::string const& instance = config_.daemon.dispatch.instance;
  std::int64_t const evidence_ms = std::int64_t{config_.daemon.storage.evidence_days} * policy::ms_per_day;
  poller_ = std::make_unique<Poller>(loop_, *sequencer_, sites_, PollOptions{instance, evidence_ms});
  config::DispatchConfig const& dispatch = config_.daemon.dispatch;
  DispatchOptions dispatching;
  dispatching.instance = instance;
  dispatching.watch_every = ms(dispatch.status_interval_ms);
  dispatching.calls_per_cluster = static_cast<std::size_t>(dispatch.concurrent_max);
  dispatching.meter_every_ms = dispatch.meter_interval_ms;
  dispatching.look_up_every_ms = dispatch.look_up_interval_ms;
  dispatching.absence_grace_ms = std::int64_t{dispatch.absence_grace_s} * 1'000;
  dispatching.limit_grace_ms = std::int64_t{dispatch.limit_grace_s} * 1'000;
  dispatching.moves_per_minute = dispatch.moves_per_minute;
  dispatching.checkpoint_grace_ms = std::int64_t{dispatch.checkpoint_grace_s} * 1'000;
  dispatching.lost_after_ms = std::int64_t{dispatch.lost_after_s} * 1'000;
  dispatching.evidence_kept_ms = evidence_ms;
  dispatcher_ = std::make_unique<Dispatcher>(loop_, *sequencer_, *ledger_, sites_, dispatching);
  RoundOptions deciding;
  deciding.gather = ms(config_.daemon.rounds.interval_ms);
  deciding.allocations_per_group = static_cast<std::size_t>(config_.daemon.rounds.allocations_per_group_max);
  deciding.solver_effort = static_cast<std::uint32_t>(config_.daemon.rounds.effort);
  rounds_ = std::make_unique<RoundRunner>(loop_, *sequencer_, [this] { return poller_->take_fresh(); }, deciding);
  poller_->on_news([this] { rounds_->nudge(); });
  lots_ = std::make_unique<LotKeeper>(*ledger_);
  auto pepper = ledger_->derived_secret("idempotency");
  if (!pepper) {
    log_line(Severity::error, "keys_unreadable", {{"what", pepper.error()}});
    return exit_storage;
  }
  answers_ = std::make_unique<api::IdempotencyStore>(*ledger_, std::move(*pepper));
  config::LimitsConfig const& limits = config_.daemon.limits;
  rates_ = std::make_unique<api::RateLimits>(
      api::RateOptions{limits.requests_per_minute, limits.requests_burst, limits.unauthenticated_per_minute});
  events_ = std::make_unique<EventHub>(loop_, *sequencer_, *ledger_);
  HealthOptions healthy;
  healthy.free_bytes_floor = static_cast<std::uint64_t>(config_.daemon.storage.free_space_floor_mib) << 20;
  healthy.free_floor_bp = static_cast<std::uint32_t>(config_.daemon.storage.free_space_floor_bp);
  health_ = std::make_unique<Health>(clock_, clock_guard_, *sequencer_, *ledger_, healthy);
  HousekeepingOptions keeping;
  keeping.digest_every_entries = static_cast<std::uint64_t>(config_.daemon.log.digest_every_entries);
  housekeeping_ = std::make_unique<Housekeeping>(loop_, *sequencer_, *ledger_, keeping, [this](std::string what) {
    std::ofstream(violation_file(config_.daemon.storage)) << what << '\n';
    fail(exit_software, "invariant_broken", std::move(what));
  });

  api::ApiOptions api_options;
  api_options.socket_uids = {0, static_cast<std::uint32_t>(geteuid())};
  api_options.instance = instance;
  api_options.log_verifier_key = keys->signer.verifier().to_string();
  api_options.started_at_ms = clock_.wall().ms;
  api_options.queue_limit = config_.daemon.limits.queued_jobs_per_tenant;
  api_options.submissions_per_minute = config_.daemon.limits.submissions_per_minute;
  api_ = std::make_unique<api::Api>(api::Api{*sequencer_, *ledger_, sites_, *poller_, *dispatcher_, *rounds_, *lots_, *answers_, *rates_,
                                             clock_, *events_, *health_, [this] { return metrics_text(); }, std::move(api_options)});
  server_ = std::make_unique<http::Server>(loop_, api::make_router(*api_), http_options(config_.daemon.listen));
  server_->set_observer({.exchange =
                             [this](http::Exchange const& exchange) {
                               metrics_.count(exchange);
                               request_log_.exchange(exchange);
                             },
                         .accept_paused = [this](std::string_view reason, auto) { request_log_.accept_paused(reason); },
                         .connection_refused = [this](std::string_view reason) { request_log_.connection_refused(reason); }});
  server_->set_admission(api::admission(*api_));
  server_->set_problem_texts(api::give_texts);
  if (auto const listening = listen(); !listening) {
    log_line(Severity::error, "listen_failed", {{"what", listening.error()}});
    return exit_config;
  }
  watchdog_ = std::make_unique<Watchdog>(loop_, [this] { return sequencer_->append_under_way_ms() < 20'000; });

  asio::co_spawn(loop_, start(), [this](std::exception_ptr error) {
    if (error) fail(exit_software, "start_failed", "an exception escaped");
  });
  loop_watch_.run(loop_);
  // Whoever still waits for a cluster hears that no answer comes, and lets go of its site while the client still lives: a site's
  // connector takes leave of the client when it goes.
  client_->shut_down();
  loop_.restart();
  loop_.poll();
  server_.reset();  // its handlers refer to the parts below
  // Nobody waits for a solve that may take minutes: whatever was acknowledged is durable, and the next start abandons the round.
  if (rounds_->deciding()) std::_Exit(exit_code_);
  return exit_code_;
}

std::expected<void, std::string> Daemon::listen() {
  config::ListenConfig const& config = config_.daemon.listen;
  http::Listener tcp;
  tcp.address = config.address;
  tcp.port = static_cast<std::uint16_t>(config.port);
  if (!config.tls_certificate_file.empty()) {
    std::string const folder = credentials_directory(config_.daemon);
    auto const certificate = config::file_of(config_.daemon.keys, folder, config.tls_certificate_file);
    auto const key = config::file_of(config_.daemon.keys, folder, config.tls_key_file);
    if (!certificate) return std::unexpected(certificate.error());
    if (!key) return std::unexpected(key.error());
    tcp.tls = http::TlsFiles{*certificate, *key, config.client_ca_file};
  }
  auto const bound = server_->listen(tcp);
  if (!bound) return std::unexpected(bound.error());
  bound_ = *bound;
  if (!config.unix_socket.empty()) {
    http::Listener local;
    local.kind = http::Listener::Kind::unix_socket;
    local.path = config.unix_socket;
    if (auto const socket = server_->listen(local); !socket) return std::unexpected(socket.error());
  }
  return {};
}

asio::awaitable<void> Daemon::start() {
  auto executor = co_await asio::this_coro::executor;
  // Files first: the state must know its clusters before anyone is let in.
  auto const changed = co_await follow_catalogue(*sequencer_, config_.catalogue);
  if (!changed) {
    fail(exit_config, "catalogue_refused", changed.error());
    co_return;
  }
  if (*changed > 0) log_line(Severity::info, "catalogue_applied", {{"events", std::to_string(*changed)}});

  auto const violation = violation_file(config_.daemon.storage);
  if (std::filesystem::exists(violation)) {
    std::string what;
    std::getline(std::ifstream(violation), what);
    health_->set_invariant_broken(what);
    std::vector<policy::Event> frozen;
    frozen.emplace_back(policy::DispatchFrozen{{{"broker"}, std::nullopt, policy::Role::broker}});
    Submission submission = submission_of(std::move(frozen));
    co_await sequencer_->submit(std::move(submission));
    std::error_code ignored;
    std::filesystem::remove(violation, ignored);
    log_line(Severity::error, "dispatch_frozen", {{"because", what}, {"to_do", "examine the log, then: sluicectl dispatch resume"}});
  }

  SiteParts const parts{protocols_, *client_, *credentials_, {[this] { return clock_.wall(); }, random_u64, {}}};
  for (std::string const& failure :
       follow_connections(sites_, sequencer_->state(), config_.catalogue, config_.daemon, credentials_directory(config_.daemon), parts))
    log_line(Severity::error, "cluster_not_connected", {{"what", failure}});

  sequencer_->subscribe([this](std::vector<Committed> const& group) {
    metrics_.count(group, sequencer_->state());
    for (Committed const& entry : group)
      if (entry.effects.round_relevant) rounds_->nudge();
  });
  dispatcher_->start();
  poller_->follow_sites();
  asio::co_spawn(executor, rounds_->run(), asio::detached);
  housekeeping_->start();
  rounds_->nudge();
  server_->start();
  watchdog_->start();
  // Before anyone is told that we are ready: a signal that comes at once waits in the set instead of ending the process.
  for (int const signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  std::string const where = config_.daemon.listen.address + ':' + std::to_string(bound_.port);
  if (!options_.print_ready.empty()) {
    std::string const temporary = options_.print_ready + ".new";
    std::ofstream(temporary) << where << '\n';
    std::filesystem::rename(temporary, options_.print_ready);
  }
  log_line(Severity::info, "ready", {{"address", where}, {"socket", config_.daemon.listen.unix_socket}});
  notify_ready("serving on " + where);
  asio::post(loop_, [this] { loop_watch_.start_over(); });
  asio::co_spawn(executor, watch_signals(), asio::detached);
}

asio::awaitable<void> Daemon::watch_signals() {
  while (true) {
    int const signal = co_await signals_.async_wait(asio::use_awaitable);
    if (signal != SIGHUP) break;
    co_await reload();
  }
  co_await shut_down();
}

asio::awaitable<void> Daemon::reload() {
  notify_reloading();
  // Renewed certificates do not wait for a mistake in some cluster's file to be mended.
  if (auto const certificates = server_->reload_certificates(); !certificates)
    log_line(Severity::error, "certificates_refused", {{"what", certificates.error()}});
  config::Loaded loaded = config::load(options_.config_directory, {.scenario = options_.scenario});
  if (!loaded.configuration) {
    // A line for each error: warnings and notes are what --check-config is for.
    for (config::Diagnostic const& each : loaded.report.diagnostics)
      if (each.severity == config::Severity::error) log_line(Severity::error, "reload_refused", {{"what", config::to_text(each)}});
  } else if (auto const changed = co_await follow_catalogue(*sequencer_, loaded.configuration->catalogue); !changed) {
    log_line(Severity::error, "reload_refused", {{"what", changed.error()}});
  } else {
    SiteParts const parts{protocols_, *client_, *credentials_, {[this] { return clock_.wall(); }, random_u64, {}}};
    config_.catalogue = std::move(loaded.configuration->catalogue);
    config_.daemon.poll = loaded.configuration->daemon.poll;                                            // the sites are built anew anyway
    config_.daemon.log.disclosure_delay_days = loaded.configuration->daemon.log.disclosure_delay_days;  // in the log by now
    for (std::string const& setting : config::changed_settings(config_.daemon, loaded.configuration->daemon))
      log_line(Severity::warning, "setting_waits_for_restart", {{"setting", setting}});
    for (std::string const& failure :
         follow_connections(sites_, sequencer_->state(), config_.catalogue, config_.daemon, credentials_directory(config_.daemon), parts))
      log_line(Severity::error, "cluster_not_connected", {{"what", failure}});
    poller_->follow_sites();
    log_line(Severity::info, "reloaded", {{"events", std::to_string(*changed)}});
  }
  notify_ready("serving");
}

// Unready first, so that nobody sends more; then what was taken is answered; then the last Group is made durable.
asio::awaitable<void> Daemon::shut_down() {
  log_line(Severity::info, "stopping");
  notify_stopping();
  health_->set_draining();
  co_await serve_unready();
  events_->close();
  poller_->stop();
  rounds_->stop();
  dispatcher_->stop();
  housekeeping_->stop();
  co_await server_->stop(ms(config_.daemon.listen.drain_timeout_ms));
  co_await sequencer_->stop();
  watchdog_->stop();
  log_line(Severity::info, "stopped", {{"entries", std::to_string(ledger_->size())}});
  loop_.stop();
}

// A load balancer looks only now and then: until it has, what it sends is still taken.
asio::awaitable<void> Daemon::serve_unready() {
  if (config_.daemon.listen.unready_ms == 0) co_return;
  // Shared: a signal in the moment of the window's end is told of when this coroutine has already gone on.
  auto window = std::make_shared<asio::steady_timer>(loop_, ms(config_.daemon.listen.unready_ms));
  signals_.async_wait([window](boost::system::error_code const& cancelled, int) {
    if (!cancelled) window->cancel();
  });
  boost::system::error_code ended;
  co_await window->async_wait(asio::redirect_error(asio::use_awaitable, ended));
  signals_.cancel();
}

std::string Daemon::metrics_text() {
  Metrics::Gauges now;
  now.log_size = ledger_->size();
  now.jobs_waiting = sequencer_->state().queue.size();
  now.attempts_live = sequencer_->state().attempts.size();
  now.submissions_waiting = sequencer_->waiting();
  http::Counters const counters = server_->counters();
  now.connections = counters.connections;
  now.event_streams = events_->streams();
  now.free_bytes = health_->free_space().available_bytes;
  now.ready = health_->ready();
  now.admission_open = !health_->admission_stop().has_value();
  now.rounds_decided = rounds_->figures().decided;
  now.rounds_abandoned = rounds_->figures().abandoned;
  now.loop_longest_wall_seconds = std::chrono::duration<double>(loop_watch_.figures().longest_wall).count();
  now.loop_longest_cpu_seconds = std::chrono::duration<double>(loop_watch_.figures().longest_cpu).count();
  now.loop_held_too_long = loop_watch_.figures().too_long;
  now.round_solve_seconds = static_cast<double>(rounds_->figures().last_solve_ms) / 1'000.0;
  return metrics_.text(now);
}

}  // namespace

int run_daemon(DaemonOptions const& options) {
  config::Loaded loaded = config::load(options.config_directory, {.scenario = options.scenario});
  if (!loaded.configuration) {
    std::fputs(config::to_text(loaded.report).c_str(), stderr);
    return exit_config;
  }
  start_logging_as(loaded.configuration->daemon.logging);
  std::signal(SIGPIPE, SIG_IGN);
  Daemon daemon(options, std::move(*loaded.configuration));
  return daemon.run();
}

}  // namespace sluice::broker
