// Turns problem documents into what, where and what to do.
#include "tools/ctl/failure.hpp"

#include "policy/json/strict.hpp"
#include "tools/ctl/fields.hpp"

#include <fmt/format.h>

namespace sluice::ctl {
namespace {

void add_reasons(nlohmann::json const& reasons, std::string_view prefix, std::string_view language, std::vector<std::string>& where) {
  for (auto const& reason : items(reasons)) where.push_back(fmt::format("{}{}", prefix, reason_text(reason, language)));
}

}  // namespace

std::unexpected<Failure> fail(ExitCode exit, std::string what, std::string action) {
  return std::unexpected(Failure{exit, std::move(what), {}, std::move(action), std::nullopt});
}

ExitCode exit_of(int status, std::string_view code) {
  if (status == 422 && (code == "job_impossible" || code == "refused")) return ExitCode::refused;
  switch (status) {
    case 400:
    case 406:
    case 411:
    case 413:
    case 414:
    case 415:
    case 417:
    case 422:
    case 431:
      return ExitCode::invalid;
    case 401:
    case 403:
      return ExitCode::refused;
    case 404:
      return ExitCode::not_found;
    case 409:
    case 412:
    case 428:
      return ExitCode::conflict;
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
    case 507:
      return ExitCode::unavailable;
    default:
      return ExitCode::failure;
  }
}

Failure failure_of(int status, std::string_view content_type, std::string_view body, std::string_view request, std::string_view language) {
  Failure failure;
  failure.exit = exit_of(status, {});
  auto document = json::parse_strict(body);
  if (!content_type.starts_with("application/problem+json") || !document || !document->is_object()) {
    failure.what = fmt::format("The server answered {} to {}, but not with a problem document.", status, request);
    failure.action = "Check that --server names a Sluice broker and nothing stands in between.";
    return failure;
  }
  auto const code = text(*document, "/code");
  failure.exit = exit_of(status, code);
  auto const title = text(*document, "/title");
  auto const detail = text(*document, "/detail");
  failure.what = title == "-" ? fmt::format("The server answered {}.", status) : title;
  if (detail != "-") failure.what += (failure.what.ends_with('.') ? " " : ". ") + detail;
  if (code != "-") failure.what += fmt::format(" ({})", code);
  for (auto const& error : items(member(*document, "/errors"))) {
    failure.where.push_back(
        fmt::format("{}: {}", text(error, "/pointer") == "-" ? "(body)" : text(error, "/pointer"), text(error, "/detail")));
  }
  for (auto const& cluster : items(member(*document, "/clusters"))) {
    add_reasons(member(cluster, "/reasons"), text(cluster, "/cluster") + ": ", language, failure.where);
  }
  add_reasons(member(*document, "/reasons"), "", language, failure.where);
  if (failure.where.empty()) failure.where.emplace_back(request);
  if (auto const action = text(*document, "/action"); action != "-") failure.action = action;
  if (auto const seconds = text(*document, "/retry_after_s"); seconds != "-") {
    failure.action += fmt::format("{}Repeat in {} s.", failure.action.empty() ? "" : " ", seconds);
  }
  if (auto const id = text(*document, "/request_id"); id != "-" && status >= 500) failure.where.push_back(fmt::format("request {}", id));
  failure.problem = std::move(*document);
  return failure;
}

std::string to_text(Failure const& failure) {
  std::string result = fmt::format("sluicectl: {}\n", failure.what);
  for (auto const& line : failure.where) result += fmt::format("  where: {}\n", line);
  if (!failure.action.empty()) result += fmt::format("  do:    {}\n", failure.action);
  return result;
}

}  // namespace sluice::ctl
