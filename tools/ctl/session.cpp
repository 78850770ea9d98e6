// What all verbs share: lists, bodies, and plain printing.
#include "tools/ctl/session.hpp"

#include "tools/ctl/fields.hpp"
#include "tools/ctl/terminal_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::ctl {

CLI::App& add_verb(CLI::App& parent, std::string const& name, std::string const& description, std::string const& examples) {
  auto* const verb = parent.add_subcommand(name, description);
  if (!examples.empty()) verb->footer("Examples:\n" + examples);
  return *verb;
}

void add_paging(CLI::App& verb, Paging& paging) {
  verb.add_option("--limit", paging.limit, "Most items in a page")->check(CLI::Range(1, 1000))->capture_default_str();
  verb.add_flag("--all", paging.all, "Read every page");
  verb.add_option("--cursor", paging.cursor, "Go on where a page ended");
}

Result<nlohmann::json> read_list(Session& session, Target target, Paging const& paging) {
  nlohmann::json list = {{"data", nlohmann::json::array()}, {"next", nullptr}};
  std::string cursor = paging.cursor;
  for (;;) {
    Target page = target;
    page.query("limit", std::to_string(paging.limit)).query("cursor", cursor);
    auto answer = session.api.call({.target = page.text()});
    if (!answer) return std::unexpected(answer.error());
    for (auto const& each : items(member(answer->document, "/data"))) list["data"].push_back(each);
    auto const next = text(answer->document, "/next");
    list["next"] = next == "-" ? nlohmann::json() : nlohmann::json(next);
    if (!paging.all || next == "-") return list;
    if (next == cursor) return fail(ExitCode::failure, "The server gave the same cursor twice.", "Tell the operator.");
    cursor = next;
  }
}

void print_list(Session& session, nlohmann::json const& list, std::vector<Column> columns,
                std::function<std::vector<std::string>(nlohmann::json const&)> const& row) {
  if (session.out.json()) return session.out.document(list);
  Table table(std::move(columns));
  for (auto const& each : items(member(list, "/data"))) table.add(row(each));
  if (table.empty()) return session.out.note("None.");
  session.out.table(table);
  if (auto const next = text(list, "/next"); next != "-") session.out.note(fmt::format("There is more: --cursor {} or --all.", next));
}

Result<Answer> post_once(Session& session, std::string target, nlohmann::json const& body, std::string const& key) {
  return session.api.call({.method = "POST",
                           .target = std::move(target),
                           .body = body.dump(),
                           .headers = {{"Idempotency-Key", key.empty() ? random_key() : key}}});
}

Result<Answer> send_body(Session& session, std::string method, std::string target, nlohmann::json const& body) {
  return session.api.call({.method = std::move(method), .target = std::move(target), .body = body.dump(), .headers = {}});
}

Result<ExitCode> print_text(Session& session, std::string target, std::string const& name) {
  auto const answer =
      session.api.call({.target = std::move(target), .body = {}, .headers = {}, .accept = "text/plain, application/problem+json"});
  if (!answer) return std::unexpected(answer.error());
  if (session.out.json()) {
    session.out.document({{name, answer->body}});
  } else {
    session.out.raw(answer->body);
  }
  return ExitCode::ok;
}

void print_fields(Session& session, nlohmann::json const& document, std::vector<std::pair<std::string, std::string>> const& fields) {
  if (session.out.json()) return session.out.document(document);
  std::size_t width = 0;
  for (auto const& field : fields) width = std::max(width, display_width(field.first));
  for (auto const& [label, pointer] : fields) {
    auto const value = text(document, pointer);
    if (value != "-") session.out.line(fmt::format("{}{}  {}", label, std::string(width - display_width(label), ' '), value));
  }
}

}  // namespace sluice::ctl
