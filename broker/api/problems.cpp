// The contract's problem codes, and which reason is which.
#include "broker/api/problems.hpp"

#include "policy/json/canonical_writer.hpp"

#include <nlohmann/json.hpp>

#include <cassert>
#include <map>

namespace sluice::embedded {
extern std::string_view const openapi_json;
}

namespace sluice::broker::api {
namespace {

struct Texts {
  std::string title;
  std::string action_json;
};

struct Entry {
  int status = 500;
  std::string code;
  std::string type;
  Texts english;
  Texts chinese;
  std::string page;
};

Texts texts_of(nlohmann::json const& problem, char const* language) {
  return {problem.at("title").at(language).get<std::string>(), problem.at("action").at(language).dump()};
}

std::map<std::string, Entry, std::less<>> const& table() {
  static auto const built = [] {
    std::map<std::string, Entry, std::less<>> entries;
    auto const contract = nlohmann::json::parse(embedded::openapi_json);
    for (auto const& each : contract.at("x-sluice-problems")) {
      Entry entry;
      entry.status = each.at("status").get<int>();
      entry.code = each.at("code").get<std::string>();
      entry.type = each.at("type").get<std::string>();
      entry.english = texts_of(each, "en");
      entry.chinese = texts_of(each, "zh");
      entry.page = each.dump();
      entries.emplace(entry.code, std::move(entry));
    }
    return entries;
  }();
  return built;
}

/// Which problem a refusal is. Every reason that apply() can give on behalf of a caller is here; the rest are our own mistakes.
std::string_view code_of(policy::Reason reason) {
  using enum policy::Reason;
  switch (reason) {
    case unknown_tenant:
    case unknown_cluster:
    case unknown_programme:
    case unknown_job:
    case unknown_attempt:
    case unknown_account:
    case unknown_entitlement:
    case unknown_key:
    case unknown_override:
    case unknown_round:
      return "not_found";
    case queue_limit_reached:
      return "queue_limit";
    case submission_rate_exceeded:
      return "rate_limited";
    case approval_by_same_principal:
    case approval_by_creator:
      return "approval_forbidden";
    case not_permitted:
      return "role_forbidden";
    case job_already_final:
    case attempt_already_final:
    case already_exists:
    case override_already_decided:
    case round_already_open:
    case round_not_open:
    case out_of_order:
      return "conflict";
    default:
      return "refused";
  }
}

}  // namespace

Language language_of(http::Request const& request) {
  auto const wanted = request.header("accept-language");
  return wanted && (wanted->starts_with("zh") || wanted->starts_with("ZH")) ? Language::chinese : Language::english;
}

std::string_view text(policy::Reason reason, Language language) {
  return language == Language::chinese ? policy::text_chinese(reason) : policy::text_english(reason);
}

http::Problem problem(std::string_view code, std::string detail) {
  auto const it = table().find(code);
  assert(it != table().end());
  Entry const& entry = it->second;
  http::Problem made;
  made.status = entry.status;
  made.code = entry.code;
  made.type = entry.type;
  made.detail = std::move(detail);
  return made;
}

void give_texts(http::Problem& problem, http::Request const& request) {
  auto const it = table().find(problem.code);
  assert(it != table().end() && "every code is the contract's");
  if (it == table().end()) return;
  Language const language = language_of(request);
  Texts const& texts = language == Language::chinese ? it->second.chinese : it->second.english;
  problem.type = it->second.type;
  problem.title = texts.title;
  problem.members.emplace_back("action", texts.action_json);
  if (!request.trace.empty()) problem.members.emplace_back("traceparent", '"' + std::string(request.trace.text) + '"');
  problem.headers.emplace_back("Content-Language", language == Language::chinese ? "zh" : "en");
  if (problem.status == 401) problem.headers.emplace_back("WWW-Authenticate", "Bearer");
}

std::string reason_json(policy::Reason reason) {
  std::string out;
  json::CanonicalWriter writer(out);
  writer.begin_object().key("code").string(policy::code(reason)).key("en").string(policy::text_english(reason));
  writer.key("zh").string(policy::text_chinese(reason)).end_object();
  return out;
}

http::Problem problem_of(policy::Refusal const& refusal, Language language) {
  std::string detail(text(refusal.reason, language));
  if (!refusal.where.empty()) detail += " (" + refusal.where + ")";
  http::Problem made = problem(code_of(refusal.reason), std::move(detail));
  made.members.emplace_back("reasons", '[' + reason_json(refusal.reason) + ']');
  if (made.status == 429) {
    made.headers.emplace_back("Retry-After", "60");
    made.members.emplace_back("retry_after_s", "60");
  }
  return made;
}

http::Problem problem_of(Rejected const& rejected, Language language) {
  switch (rejected.kind) {
    case Rejected::Kind::refused:
      return problem_of(rejected.refusal, language);
    case Rejected::Kind::overloaded: {
      http::Problem made = problem("unavailable", "Too many requests wait for the disk.");
      made.headers.emplace_back("Retry-After", "1");
      return made;
    }
    case Rejected::Kind::no_room: {
      http::Problem made = problem("disk_full", "The disk is nearly full; nothing is written until space is freed.");
      made.headers.emplace_back("Retry-After", "30");
      return made;
    }
    case Rejected::Kind::stopping:
    case Rejected::Kind::storage:
      break;
  }
  http::Problem made = problem("unavailable", "The daemon is stopping or restarting; repeat the request with the same Idempotency-Key.");
  made.headers.emplace_back("Retry-After", "5");
  return made;
}

std::optional<std::string> problem_page(std::string_view code) {
  auto const it = table().find(code);
  if (it == table().end()) return std::nullopt;
  return it->second.page;
}

std::string_view openapi_text() { return embedded::openapi_json; }

}  // namespace sluice::broker::api
