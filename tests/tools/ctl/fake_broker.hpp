// A tiny HTTP server in the test's process: one request per connection, answers by a function, remembers what was asked.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::ctl_test {

struct FakeRequest {
  std::string method, target, path, query;                   ///< target = path[?query]
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::string header(std::string const& name) const;  ///< "" when absent
};

struct FakeReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool hang_up = false;             ///< close without an answer
  std::vector<std::string> pieces;  ///< not empty: sent one by one without Content-Length, then closed
};

class FakeBroker {
 public:
  using Handler = std::function<FakeReply(FakeRequest const&)>;
  /// Listens on 127.0.0.1 (any free port), or on a Unix socket when a path is given. The handler runs on the server's thread.
  explicit FakeBroker(Handler handler, std::string socket_path = {});
  ~FakeBroker();
  FakeBroker(FakeBroker const&) = delete;
  FakeBroker& operator=(FakeBroker const&) = delete;

  std::string url() const;
  std::vector<FakeRequest> requests() const;

 private:
  void serve();
  void answer(int connection);

  Handler handler_;
  std::string socket_path_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  unsigned port_ = 0;
  mutable std::mutex mutex_;
  std::vector<FakeRequest> requests_;
  std::thread thread_;
};

/// A problem document as the contract has it.
FakeReply problem(int status, std::string const& code, std::string const& extra_members = "");

}  // namespace sluice::ctl_test
