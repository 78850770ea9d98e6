#include "connectors/http/blocking.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace sluice::http_client {

struct BlockingClient::Parts {
  explicit Parts(ClientOptions options) : loop(1), client(loop.get_executor(), std::move(options)) {}
  boost::asio::io_context loop;
  HttpClient client;
};

BlockingClient::BlockingClient(ClientOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}
BlockingClient::~BlockingClient() = default;

std::expected<void, std::string> BlockingClient::add_site(std::string const& name, SiteOptions options) {
  if (auto added = parts_->client.add_site(name, std::move(options)); !added) return std::unexpected(std::move(added.error()));
  return {};
}

HttpOutcome BlockingClient::send(HttpRequest request) {
  std::optional<HttpOutcome> outcome;
  auto const take = [&outcome](std::exception_ptr, HttpOutcome result) { outcome.emplace(std::move(result)); };
  boost::asio::co_spawn(parts_->loop, parts_->client.send(std::move(request)), take);
  parts_->loop.restart();
  while (!outcome && parts_->loop.run_one() > 0) {
  }
  if (!outcome) return std::unexpected(HttpFault{HttpFaultKind::cancelled, true, "the transfer ended without an outcome", 0});
  return std::move(*outcome);
}

}  // namespace sluice::http_client
