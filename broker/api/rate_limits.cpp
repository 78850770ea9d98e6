// Token buckets by caller.
#include "broker/api/rate_limits.hpp"

#include "broker/api/problems.hpp"

namespace sluice::broker::api {
namespace {

constexpr std::size_t buckets_max = 100'000;

}  // namespace

RateLimits::RateLimits(RateOptions options)
    : options_(options), policy_("\"default\";q=" + std::to_string(options.requests_per_minute) + ";w=60") {}

std::optional<http::Problem> RateLimits::take_from(Buckets& buckets, std::string const& key, std::int64_t burst, std::int64_t per_minute,
                                                   std::int64_t now_ms) {
  if (buckets.size() >= buckets_max) std::erase_if(buckets, [now_ms](auto const& each) { return each.second.full(now_ms); });
  auto const [it, fresh] = buckets.try_emplace(key, burst, per_minute, 60'000, now_ms);
  if (it->second.take(now_ms)) return std::nullopt;
  std::int64_t const wait_s = (it->second.wait_ms(now_ms) + 999) / 1'000;
  http::Problem limited =
      problem("rate_limited", "At most " + std::to_string(per_minute) + " requests a minute are taken from one caller.");
  limited.headers.emplace_back("Retry-After", std::to_string(wait_s));
  limited.members.emplace_back("retry_after_s", std::to_string(wait_s));
  limited.members.emplace_back("violated-policies", "[\"default\"]");
  return limited;
}

std::optional<http::Problem> RateLimits::take(std::string const& principal, std::int64_t now_ms) {
  return take_from(principals_, principal, options_.requests_burst, options_.requests_per_minute, now_ms);
}

void RateLimits::tell(std::string const& principal, std::int64_t now_ms, http::Response& response) const {
  auto const it = principals_.find(principal);
  std::int64_t const left = it == principals_.end() ? options_.requests_burst : it->second.available(now_ms);
  // Until the bucket is full again.
  std::int64_t const wait_ms = it == principals_.end() ? 0 : it->second.wait_ms(now_ms, options_.requests_burst);
  response.add("RateLimit-Policy", policy_);
  response.add("RateLimit", "\"default\";r=" + std::to_string(left) + ";t=" + std::to_string((wait_ms + 999) / 1'000));
}

std::optional<http::Problem> RateLimits::take_unauthenticated(std::string const& address, std::int64_t now_ms) {
  return take_from(addresses_, address, options_.unauthenticated_per_minute, options_.unauthenticated_per_minute, now_ms);
}

}  // namespace sluice::broker::api
