// The broker's REST API as verbs use it. The one file that knows which HTTP client carries it.
#pragma once

#include "tools/ctl/failure.hpp"
#include "tools/ctl/settings.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::ctl {

/// A path with a query, each name and value percent-encoded.
class Target {
 public:
  explicit Target(std::string path) : text_(std::move(path)) {}
  /// One more path segment, encoded.
  Target& segment(std::string_view text);
  /// ?name=value or &name=value; nothing when the value is empty.
  Target& query(std::string_view name, std::string_view value);
  std::string const& text() const { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

struct Call {
  std::string method = "GET";
  std::string target;
  std::optional<std::string> body = {};                           ///< JSON, sent byte for byte
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< beside Authorization, Accept, Accept-Language, Content-Type
  std::chrono::seconds wait{0};                                   ///< how long the server may let it hang; added to the deadline
  std::string accept = "application/json, application/problem+json";
  std::size_t body_bytes_max = std::size_t{32} << 20;
};

struct Answer {
  int status = 0;
  std::string body;
  nlohmann::json document;                                   ///< null when the body is not JSON
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case

  /// First value; "" when absent.
  std::string header(std::string_view name) const;
};

class Api {
 public:
  static Result<Api> open(Settings const& settings, std::string token);
  ~Api();
  Api(Api&&) noexcept;
  Api& operator=(Api&&) noexcept;

  /// A 2xx answer, parsed strictly; anything else is a Failure with its exit status.
  Result<Answer> call(Call const& call);
  /// Any whole answer, whatever its status and body.
  Result<Answer> ask(Call const& call);
  /// Reads an endless answer piece by piece until the server ends it (true) or the sink says no (false). A status other
  /// than 200 is a Failure.
  Result<bool> stream(Call const& call, std::function<bool(std::string_view)> const& sink);

  Settings const& settings() const;

 private:
  struct Parts;
  explicit Api(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// 128 random bits as 32 hexadecimal digits: an Idempotency-Key.
std::string random_key();

}  // namespace sluice::ctl
