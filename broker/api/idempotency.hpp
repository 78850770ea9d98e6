// Answers kept so that a repeated request gets the same one: stored in the batch of the effect, found again after a crash.
#pragma once

#include "broker/api/caller.hpp"
#include "broker/http/response.hpp"
#include "policy/hash.hpp"
#include "storage/log/ledger.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace sluice::broker::api {

constexpr std::int64_t answer_kept_ms = 7 * policy::ms_per_day;

/// One request's claim on its Idempotency-Key. While it lives, another request with the same key gets 409.
class IdempotentRequest {
 public:
  IdempotentRequest(IdempotentRequest&& other) noexcept;
  IdempotentRequest& operator=(IdempotentRequest&&) = delete;
  ~IdempotentRequest();

  /// The stored answer, when this request has been carried out before.
  std::optional<http::Response> const& replay() const { return replay_; }
  /// The private part that keeps `response` for seven days; to go into the Group of the effect.
  log::PrivatePart part_for(http::Response const& response, policy::Timestamp now) const;
  std::string const& key() const { return key_; }

 private:
  friend class IdempotencyStore;
  IdempotentRequest() = default;

  std::unordered_set<std::string>* running_ = nullptr;
  std::string owner_;
  std::string scope_;  ///< keyed hash of (caller, method, path, key)
  policy::Hash fingerprint_;
  std::string key_;
  std::optional<http::Response> replay_;
};

/// Lives on the loop. Keys are kept as HMACs: the store does not reveal what clients chose.
class IdempotencyStore {
 public:
  IdempotencyStore(log::LedgerReader const& ledger, std::string pepper) : ledger_(ledger), pepper_(std::move(pepper)) {}

  /// Claims the request's key. Error: idempotency_key_missing (400), malformed_header (400), idempotency_key_reused (422),
  /// idempotency_in_progress (409), unavailable (503) when the store cannot be read.
  std::expected<IdempotentRequest, http::Problem> claim(http::Request const& request, Caller const& caller, policy::Timestamp now);

 private:
  log::LedgerReader const& ledger_;
  std::string const pepper_;
  std::unordered_set<std::string> running_;
};

}  // namespace sluice::broker::api
