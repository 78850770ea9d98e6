// The real daemon over real sockets and a real database, with simulated centres beside it.
#pragma once

#include "connectors/http/blocking.hpp"
#include "tests/integration/process.hpp"
#include "tools/audit/findings.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tests {

struct Reply {
  int status = 0;  ///< 0: the connection broke, and the request may have been received
  nlohmann::json body;
  bool replayed = false;  ///< Idempotent-Replayed
  std::string etag;       ///< quotes included; empty: none
};

/// One client with connections of its own. Not thread-safe: one per thread.
class Client {
 public:
  /// `address` is "127.0.0.1:port" or the path of a Unix socket.
  /// `keeps_contract`: the server is the daemon, whose answers are held against the published contract.
  Client(std::string const& address, std::string token, bool keeps_contract = true);
  Reply get(std::string const& target) { return send("GET", target, {}, {}); }
  Reply post(std::string const& target, std::string body, std::string const& idempotency_key) {
    return send("POST", target, std::move(body), idempotency_key);
  }
  Reply del(std::string const& target) { return send("DELETE", target, {}, {}); }
  /// An answer that breaks the contract is a failure of the test.
  Reply send(std::string const& method, std::string const& target, std::string body, std::string const& idempotency_key,
             std::vector<http_client::Header> const& fields = {});

 private:
  std::unique_ptr<http_client::BlockingClient> client_;
  std::string token_;
  bool keeps_contract_;
};

/// One folder with configuration, keys and data; daemon and centres can be started, killed and started again over it.
class Rig {
 public:
  /// What a silent or forgetful cluster is given: as config/demo has it, or so little that a test can wait for its end.
  enum class Patience { usual, short_lived };

  /// `clusters` of config/demo are kept. The centres run with simulated time at `compression`; 0: it moves only by advance().
  Rig(std::vector<std::string> const& clusters, int compression, Patience patience = Patience::usual);
  ~Rig();

  /// Gives a line `key = …` of sluice.toml another value, for the next start.
  void configure(std::string const& key, std::string const& value);
  /// Starts sluiced and returns when it is ready.
  void start_daemon();
  /// kill -9, and waits until it is gone.
  void kill_daemon();
  /// SIGHUP, and waits until the daemon has read the files again, whatever came of it.
  void reload_daemon();
  /// SIGTERM; the exit code.
  int stop_daemon();
  bool daemon_runs() const { return daemon_ != nullptr; }
  pid_t daemon_pid() const { return daemon_->pid(); }

  std::string address() const;      ///< of the daemon's TCP listener, as it is now
  std::string socket_path() const;  ///< of its Unix socket
  Client local() const { return Client(socket_path(), {}); }
  Client client(std::string const& token) const { return Client(address(), token); }
  Client centres() const { return Client("127.0.0.1:" + std::to_string(centres_port_), {}, false); }

  /// A tenant with money; its key's token.
  std::string add_tenant(std::string const& name, std::string const& deposit_yuan);
  /// A key of a role that is no tenant's, for a principal of its own, issued by the socket.
  std::string add_key(std::string const& role);
  std::string last_tenant() const { return last_tenant_; }
  void open_accounts();

  /// Exports the live log with sluicectl and replays it.
  audit::Report export_and_replay();
  std::filesystem::path const& folder() const { return folder_.path(); }
  std::string daemon_log() const;

 private:
  void write_configuration(std::vector<std::string> const& clusters, Patience patience);

  TemporaryFolder folder_;
  std::vector<std::string> clusters_;
  std::unique_ptr<Process> centres_process_;
  int centres_port_ = 0;
  NotifySocket notify_;
  std::unique_ptr<Process> daemon_;
  std::string last_tenant_;
  int accounts_ = 0;
  int keys_ = 0;
};

/// The body of a small job: one A100 for `card_hours`, running `command`.
std::string small_job(std::string const& name, std::string const& card_hours, std::vector<std::string> const& command, int cards = 1,
                      int max_attempts = 3);

}  // namespace sluice::tests
