// Which handler answers which method and path.
#pragma once

#include "broker/http/request.hpp"
#include "broker/http/response.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Runs on the loop's thread. The request's views stay valid until it returns its answer. An exception becomes a 500.
/// Write handlers as named coroutines with parameters by value, and wrap them in a lambda that is itself no coroutine.
using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

/// What a route accepts as content.
struct BodyRule {
  std::vector<std::string> content_types;  ///< lower case, without parameters; empty: the route takes no content (400 when there is some)
  std::size_t bytes_max = SIZE_MAX;        ///< lowers Options::body_bytes_max
};
/// application/json, as most routes want it.
BodyRule json_body(std::size_t bytes_max = SIZE_MAX);

struct Route {
  Method method = Method::get;
  std::string path;  ///< template: "/v1/jobs/{id}/logs"; a parameter fills one whole segment
  Handler handler;
  BodyRule body;     ///< HEAD is answered by the GET route, OPTIONS by the router
  std::string name;  ///< operation id, for metrics and for the observer
};

constexpr std::size_t path_parameters_max = 8;

/// What a path and method lead to. `route` is null for 404 (path_known false) and 405 (path_known true).
struct RouteMatch {
  Route const* route = nullptr;
  bool path_known = false;
  std::uint8_t methods = 0;                                  ///< bit per Method that the path knows, HEAD and OPTIONS included
  std::array<std::string_view, path_parameters_max> values;  ///< raw, still percent-encoded
  std::size_t value_count = 0;
  std::span<std::string const> names;  ///< of the parameters, in the template's order; as many as values when there is a route
};

/// A table built once, then only read. A literal segment wins over a parameter; no two routes may share method and template.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// REQUIRES: a well-formed template, at most path_parameters_max parameters, not added before (asserted: our own table).
  Router& add(Route route);
  /// Never allocates. `path` begins with '/', percent-encoded, without query.
  RouteMatch match(Method method, std::string_view path) const;
  /// All routes in the order added: for tests that enumerate route × role, and for checking the contract.
  std::vector<Route const*> routes() const;

 private:
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

/// "GET, HEAD, OPTIONS" for RouteMatch::methods.
std::string allow_value(std::uint8_t methods);

}  // namespace sluice::http
