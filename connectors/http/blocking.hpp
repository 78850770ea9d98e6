// The same client for command-line tools: one request at a time, the caller waits.
#pragma once

#include "connectors/http/client.hpp"

#include <expected>
#include <memory>
#include <string>

namespace sluice::http_client {

/// Not thread-safe. Keeps its connections between calls.
class BlockingClient {
 public:
  explicit BlockingClient(ClientOptions options);
  ~BlockingClient();
  BlockingClient(BlockingClient const&) = delete;
  BlockingClient& operator=(BlockingClient const&) = delete;

  std::expected<void, std::string> add_site(std::string const& name, SiteOptions options);
  /// Returns when the answer is whole (or, with a body_sink, when the stream ended).
  HttpOutcome send(HttpRequest request);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::http_client
