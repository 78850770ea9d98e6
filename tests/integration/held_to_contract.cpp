// Status, media type, header fields and body of an answer against its operation.
#include "tests/integration/held_to_contract.hpp"

#include "tests/contract/contract.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace sluice::tests {
namespace {

std::mutex seen_mutex;
std::set<std::string> seen;  // guarded by seen_mutex

/// Declared header fields that depend on the occasion; all others must be there.
bool may_be_absent(std::string_view field, int status) {
  static constexpr std::array<std::string_view, 5> occasional{"Idempotent-Replayed", "Link", "RateLimit", "RateLimit-Policy",
                                                              "Cache-Control"};
  if (std::ranges::find(occasional, field) != occasional.end()) return true;
  return (status == 409 && field == "Retry-After") || (status == 412 && field == "ETag");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

void check_headers(nlohmann::json const& declared, Answered const& answer, std::vector<std::string>& out) {
  if (!declared.contains("headers")) return;
  for (auto const& [name, header] : declared.at("headers").items())
    if (!may_be_absent(name, answer.status) && answer.header(lower(name)) == nullptr) out.push_back("the field " + name + " is missing");
}

void check_body(contract::Contract const& contract, nlohmann::json const& declared, Answered const& answer, std::vector<std::string>& out) {
  auto const* const field = answer.header("content-type");
  if (!declared.contains("content")) {
    if (!answer.body.empty()) out.emplace_back("has a body, and the contract knows none");
    return;
  }
  std::string const whole = field == nullptr ? std::string() : *field;
  std::string const media = declared.at("content").contains(whole) ? whole : whole.substr(0, whole.find(';'));
  if (!declared.at("content").contains(media)) {
    out.push_back("the media type '" + media + "' is not declared");
    return;
  }
  if (!media.ends_with("json")) return;
  auto const document = nlohmann::json::parse(answer.body, nullptr, false);
  if (document.is_discarded()) {
    out.emplace_back("the body is no JSON");
    return;
  }
  for (auto& error : contract.errors(declared.at("content").at(media).at("schema"), document)) out.push_back(std::move(error));
}

}  // namespace

std::vector<std::string> breaches(Answered const& answer) {
  contract::Contract const& contract = contract::Contract::shared();
  std::vector<std::string> out;
  auto const operation = contract.match(answer.method, answer.target.substr(0, answer.target.find('?')));
  if (!operation) {
    if (answer.status < 400)
      out.push_back(fmt::format("{} {} is answered, and the contract does not know it", answer.method, answer.target));
    return out;
  }
  std::string const status = std::to_string(answer.status);
  std::string const id = operation->node->at("operationId").get<std::string>();
  {
    std::lock_guard const lock(seen_mutex);
    seen.insert(id + ' ' + status);
  }
  auto const& responses = operation->node->at("responses");
  if (!responses.contains(status)) {
    out.push_back(fmt::format("{} does not declare status {}", id, status));
    return out;
  }
  auto const& declared = contract.resolve(responses.at(status));
  check_headers(declared, answer, out);
  check_body(contract, declared, answer, out);
  for (std::string& each : out) each = fmt::format("{} {}: {}", id, status, each);
  return out;
}

std::set<std::string> answers_seen() {
  std::lock_guard const lock(seen_mutex);
  return seen;
}

}  // namespace sluice::tests
