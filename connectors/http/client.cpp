#include "connectors/http/client.hpp"

#include "connectors/http/engine.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace sluice::http_client {
HttpClient::HttpClient(boost::asio::any_io_executor loop, ClientOptions options)
    : engine_(std::make_shared<Engine>(std::move(loop), std::move(options))) {}

HttpClient::~HttpClient() { engine_->shut_down(); }
void HttpClient::shut_down() { engine_->shut_down(); }

std::expected<void, std::string> HttpClient::add_site(std::string const& name, SiteOptions options) {
  return engine_->add_site(name, std::move(options));
}

void HttpClient::remove_site(std::string_view name) { engine_->remove_site(name); }
void HttpClient::remove_site(std::string_view name, std::uint64_t declaration) { engine_->remove_site(name, declaration); }
std::uint64_t HttpClient::declaration(std::string_view name) const { return engine_->declaration(name); }

boost::asio::awaitable<HttpOutcome> HttpClient::send(HttpRequest request) {
  // Not a coroutine itself: the closure lives in the frame async_initiate makes, the request moves into it.
  auto const initiate = [engine = engine_](auto&& handler, HttpRequest taken) {
    engine->start(std::move(taken), std::forward<decltype(handler)>(handler));
  };
  return boost::asio::async_initiate<boost::asio::use_awaitable_t<> const&, void(HttpOutcome)>(initiate, boost::asio::use_awaitable,
                                                                                               std::move(request));
}

HttpClient::Load HttpClient::load(std::string_view site) const { return engine_->load(site); }
HttpClient::Load HttpClient::load() const { return engine_->load(); }

}  // namespace sluice::http_client
