// The real daemon beside simulated centres of any number and size, in a folder on the disk that is to be measured.
#pragma once

#include "tests/integration/process.hpp"
#include "tests/integration/rig.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sluice::bench {

struct FederationOptions {
  int clusters = 10;  ///< each with an offer for every accelerator type below
  int cards_per_offer = 64;
  int job_seconds = 20;          ///< how long a job runs that does not say
  int poll_interval_ms = 2'000;  ///< the daemon's default
  int round_interval_ms = 1'000;
  int round_effort = 100;
};

/// Four types: three programmed with CUDA, one with CANN.
std::vector<std::string> const& accelerators();

class Federation {
 public:
  /// Writes configuration and keys under `folder`, which must exist, and starts the centres.
  Federation(std::filesystem::path const& folder, FederationOptions const& options);

  /// Starts sluiced; returns when it says that it is ready, with the seconds that took.
  double start();
  /// SIGTERM, and waits. Throws when it does not end well.
  void stop();
  pid_t pid() const { return daemon_->pid(); }
  std::uint16_t port() const;
  std::string socket_path() const { return folder_ / "config/run/sluice.sock"; }
  std::filesystem::path ledger() const { return folder_ / "config/run/ledger"; }
  std::filesystem::path credentials() const { return folder_ / "config/run/credentials"; }

  /// The operator's account at every cluster. Once.
  void open_accounts();
  /// A tenant with more money than it can spend; its key's token.
  std::string add_tenant(std::string const& name);
  tests::Client local() const { return {socket_path(), {}}; }
  /// The value of one sample of /metrics, by its name with labels; throws when there is none.
  double metric(std::string const& sample) const;

  /// Exports the log as files an auditor reads; the log's key.
  std::string export_log(std::filesystem::path const& to) const;

 private:
  std::string log_text() const;

  std::filesystem::path const folder_;
  FederationOptions const options_;
  std::unique_ptr<tests::Process> centres_;
  tests::NotifySocket notify_;
  std::unique_ptr<tests::Process> daemon_;
};

/// A job for one card of any of the four types, as the contract has it, `bytes` long: the rest is a variable of the environment.
std::string job_body(std::size_t bytes, int cards = 1);
/// The whole text of its submission up to the Idempotency-Key, whose 16 digits are the number of the request; and what follows.
class Submissions {
 public:
  Submissions(std::string const& token, std::string const& body);
  /// Valid until the next call.
  std::string_view operator()(std::uint64_t number);

 private:
  std::string text_;
  std::size_t key_at_ = 0;
};

/// A fresh folder under `parent`, removed at the end.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::filesystem::path const& parent);
  ~ScratchFolder();
  ScratchFolder(ScratchFolder const&) = delete;
  ScratchFolder& operator=(ScratchFolder const&) = delete;
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::bench
