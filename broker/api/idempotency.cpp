// Claiming keys, storing and replaying answers.
#include "broker/api/idempotency.hpp"

#include "broker/api/problems.hpp"
#include "policy/json/canonical_writer.hpp"
#include "policy/json/strict.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace sluice::broker::api {
namespace {

/// An answer repeats the request's body, and is itself a string inside JSON: quotes and control characters grow twice.
constexpr std::size_t stored_bytes_max = 16u << 20;

std::string hmac(std::string_view secret, std::string_view text) {
  std::string out(32, '\0');
  unsigned int length = 0;
  auto const bytes = policy::bytes_of(text);
  auto const* done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes.data(), bytes.size(),
                          reinterpret_cast<unsigned char*>(out.data()), &length);
  assert(done != nullptr && length == out.size());
  static_cast<void>(done);
  return out;
}

// Each part stands behind its length, so that no two requests can share a text.
void add_part(std::string& text, std::string_view part) { text += std::to_string(part.size()) + ':' + std::string(part); }

bool well_formed(std::string_view key) {
  return !key.empty() && key.size() <= 255 && std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
}

/// Whose key encrypts the stored answer: erasing a tenant erases its answers too.
std::string owner_of(Caller const& caller) {
  if (caller.tenant) return caller.tenant->text;
  return std::string("operator");
}

std::string encode(policy::Hash const& fingerprint, http::Response const& response) {
  std::string out;
  json::CanonicalWriter writer(out);
  writer.begin_object();
  writer.key("body").string(response.body_text());
  writer.key("etag").string(response.field("ETag").value_or(""));
  writer.key("fingerprint").string(policy::to_hex(fingerprint));
  writer.key("location").string(response.field("Location").value_or(""));
  writer.key("status").integer(response.status);
  writer.end_object();
  return out;
}

}  // namespace

IdempotentRequest::IdempotentRequest(IdempotentRequest&& other) noexcept
    : running_(std::exchange(other.running_, nullptr)),
      owner_(std::move(other.owner_)),
      scope_(std::move(other.scope_)),
      fingerprint_(other.fingerprint_),
      key_(std::move(other.key_)),
      replay_(std::move(other.replay_)) {}

IdempotentRequest::~IdempotentRequest() {
  if (running_ != nullptr) running_->erase(scope_);
}

log::PrivatePart IdempotentRequest::part_for(http::Response const& response, policy::Timestamp now) const {
  return {log::PrivateKind::idempotency, owner_, scope_, encode(fingerprint_, response), now.ms + answer_kept_ms};
}

std::expected<IdempotentRequest, http::Problem> IdempotencyStore::claim(http::Request const& request, Caller const& caller,
                                                                        policy::Timestamp now) {
  auto const key = request.header("idempotency-key");
  if (!key) return std::unexpected(problem("idempotency_key_missing", "No Idempotency-Key came with the request."));
  if (!well_formed(*key))
    return std::unexpected(problem("malformed_header", "Idempotency-Key must be 1 to 255 visible ASCII characters without blanks."));

  IdempotentRequest claim;
  claim.key_ = *key;
  claim.owner_ = owner_of(caller);
  std::string scope;
  add_part(scope, caller.tenant ? std::string_view(caller.tenant->text) : std::string_view());
  add_part(scope, caller.tenant ? std::string_view() : std::string_view(caller.principal.text));  // a tenant's keys share their scope
  add_part(scope, http::to_string(request.method));
  add_part(scope, request.path);
  add_part(scope, *key);
  claim.scope_ = hmac(pepper_, scope);
  claim.fingerprint_ = policy::sha256(request.body);

  if (running_.contains(claim.scope_)) {
    http::Problem busy = problem("idempotency_in_progress", "The first request with this key has not been answered yet.");
    busy.headers.emplace_back("Retry-After", "1");
    return std::unexpected(std::move(busy));
  }
  auto const stored = ledger_.private_part(log::PrivateKind::idempotency, claim.owner_, claim.scope_);
  if (!stored) return std::unexpected(problem("unavailable", "The store of answers cannot be read."));
  if (*stored && (*stored)->expires_at_ms > now.ms) {
    auto const document = json::parse_strict((*stored)->bytes, {.bytes_max = stored_bytes_max, .string_bytes_max = stored_bytes_max});
    if (!document) return std::unexpected(problem("internal", "A stored answer is damaged."));
    auto const text = [&](char const* name) { return document->value(name, std::string()); };
    if (text("fingerprint") != policy::to_hex(claim.fingerprint_))
      return std::unexpected(problem("idempotency_key_reused", "This key was used with another body within the last seven days."));
    http::Response response = http::json_response(document->value("status", 500), text("body"));
    if (std::string const location = text("location"); !location.empty()) response.add("Location", location);
    if (std::string const etag = text("etag"); !etag.empty()) response.add("ETag", etag);
    response.add("Idempotent-Replayed", "true");
    claim.replay_ = std::move(response);
    return claim;
  }
  running_.insert(claim.scope_);
  claim.running_ = &running_;
  return claim;
}

}  // namespace sluice::broker::api
