// How much one caller may ask: a bucket per principal, and one per address for requests that show no good key.
#pragma once

#include "broker/http/problem.hpp"
#include "broker/http/response.hpp"
#include "broker/http/token_bucket.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace sluice::broker::api {

struct RateOptions {
  std::int32_t requests_per_minute = 6'000;
  std::int32_t requests_burst = 1'000;
  std::int32_t unauthenticated_per_minute = 60;
};

/// Lives on the loop. Times are milliseconds since boot. Full buckets are forgotten, so that strangers cannot fill the memory.
class RateLimits {
 public:
  explicit RateLimits(RateOptions options);

  /// Takes one request of a principal; 429 with Retry-After when there is none left.
  std::optional<http::Problem> take(std::string const& principal, std::int64_t now_ms);
  /// What a principal may ask and what is left, as the fields RateLimit-Policy and RateLimit say it.
  void tell(std::string const& principal, std::int64_t now_ms, http::Response& response) const;
  /// Counts a request without a good key against its address; 429 when the address has shown too many.
  std::optional<http::Problem> take_unauthenticated(std::string const& address, std::int64_t now_ms);

 private:
  using Buckets = std::unordered_map<std::string, http::TokenBucket>;
  std::optional<http::Problem> take_from(Buckets& buckets, std::string const& key, std::int64_t burst, std::int64_t per_minute,
                                         std::int64_t now_ms);

  RateOptions const options_;
  std::string const policy_;  ///< the field's value, the same for everybody
  Buckets principals_;
  Buckets addresses_;
};

}  // namespace sluice::broker::api
