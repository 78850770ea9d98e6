// What a verb gets to work with, and how verbs are registered.
#pragma once

#include "tools/ctl/api.hpp"
#include "tools/ctl/output.hpp"
#include "tools/ctl/settings.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace sluice::ctl {

struct Session {
  Settings settings;
  bool token_named = false;  ///< --token-file or SLUICE_TOKEN_FILE, so the file must exist
  Output& out;
  Api& api;
};

/// A verb runs after the command line has been read whole.
using Verb = std::function<Result<ExitCode>(Session&)>;

/// Where the chosen subcommand leaves its verb; `offline` verbs work without a server.
struct Chosen {
  Verb verb;
};

/// Adds a subcommand with an example under its --help.
CLI::App& add_verb(CLI::App& parent, std::string const& name, std::string const& description, std::string const& examples);

// One per file; each adds its subcommands.
void add_submit_verbs(CLI::App& app, Chosen& chosen);
void add_job_verbs(CLI::App& app, Chosen& chosen);
void add_market_verbs(CLI::App& app, Chosen& chosen);
void add_money_verbs(CLI::App& app, Chosen& chosen);
void add_access_verbs(CLI::App& app, Chosen& chosen);
void add_override_verbs(CLI::App& app, Chosen& chosen);
void add_operation_verbs(CLI::App& app, Chosen& chosen);
void add_log_verbs(CLI::App& app, Chosen& chosen);
void add_doctor_verb(CLI::App& app, Chosen& chosen);

/// --limit, --all and --cursor of every list.
struct Paging {
  int limit = 100;
  bool all = false;
  std::string cursor;
};
void add_paging(CLI::App& verb, Paging& paging);
/// {"data": […], "next": …}: one page, or with `all` every page in one document.
Result<nlohmann::json> read_list(Session& session, Target target, Paging const& paging);
/// Prints a list as JSON, or as a table with a hint when there is more.
void print_list(Session& session, nlohmann::json const& list, std::vector<Column> columns,
                std::function<std::vector<std::string>(nlohmann::json const&)> const& row);

/// Sends a JSON body under an Idempotency-Key (fresh when `key` is empty).
Result<Answer> post_once(Session& session, std::string target, nlohmann::json const& body, std::string const& key);
/// Sends a JSON body to a route that is idempotent in itself.
Result<Answer> send_body(Session& session, std::string method, std::string target, nlohmann::json const& body);

/// Fetches a text and prints it as it is; with --json as the member `name`.
Result<ExitCode> print_text(Session& session, std::string target, std::string const& name);

/// Prints the answer's document with --json, else one line per (label, RFC 6901 pointer) that is present.
void print_fields(Session& session, nlohmann::json const& document, std::vector<std::pair<std::string, std::string>> const& fields);

}  // namespace sluice::ctl
