// Reasons of persons.
#include "broker/api/reasons.hpp"

#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker::api {
namespace {

constexpr json::StringRule reason_rule{.bytes_min = 1, .bytes_max = 1'000, .single_line = false};

}  // namespace

Sealed seal_reason(std::string_view text) { return seal(log::PrivateKind::payload, "operator", text); }

std::expected<Sealed, http::Problem> read_reason(Call const& call) {
  // A tenant's words go under the tenant's own key: erasing it erases them.
  std::string const owner = call.caller.tenant ? call.caller.tenant->text : "operator";
  if (call.request.method == http::Method::del) {
    auto const reason = call.request.query_value("reason");
    if (!reason || reason->empty() || reason->size() > reason_rule.bytes_max)
      return std::unexpected(problem("malformed_query", "reason says in 1 to 1000 bytes why this is done."));
    return seal(log::PrivateKind::payload, owner, *reason);
  }
  auto const document = json::parse_strict(call.request.body);
  if (!document) return std::unexpected(problem("malformed_json", json::to_string(document.error())));
  json::Errors errors;
  std::string reason;
  {
    json::Reader body(*document, errors);
    reason = body.required_string("reason", reason_rule);
  }
  if (!errors.empty()) {
    http::Problem wrong = problem("invalid_body", "The fields listed in errors are not valid.");
    wrong.errors = errors.take();
    return std::unexpected(std::move(wrong));
  }
  return seal(log::PrivateKind::payload, owner, reason);
}

}  // namespace sluice::broker::api
