// sluicectl: the broker's REST API for people and scripts.
#include "tools/ctl/command_line.hpp"
#include "tools/ctl/session.hpp"

#include <fmt/format.h>

#include <csignal>
#include <exception>

namespace sluice::ctl {
namespace {

constexpr char const* footer = R"(Exit status: 0 done; 1 failed; 2 wrong command line; 3 not found; 4 conflict; 5 invalid request;
  6 refused (key, role or rules); 7 no answer or not now.
The key comes from --token-file, SLUICE_TOKEN_FILE or ~/.config/sluice/token, never from the command line.
Examples:
  sluicectl submit job.json
  sluicectl explain 48213
  sluicectl --server https://broker.example list --state running
  sluicectl --socket /run/sluice/sluice.sock status)";

int run(int argc, char** argv) {
  Settings settings;
  bool no_colour = false;
  Chosen chosen;
  CLI::App app("Submit jobs to a Sluice broker, follow them, understand them; run the broker.", "sluicectl");
  app.set_version_flag("--version", SLUICE_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(footer);
  auto* const server = app.add_option("--server", settings.server,
                                      "http://HOST:PORT, https://HOST:PORT or unix:/PATH (SLUICE_SERVER; default http://127.0.0.1:8080)");
  app.add_option("--socket", settings.socket, "The daemon's Unix socket, e.g. /run/sluice/sluice.sock")->excludes(server);
  app.add_option("--token-file", settings.token_file, "File that holds the API key");
  app.add_option("--ca-file", settings.ca_file, "PEM file of the authority that signed the broker's certificate")->check(CLI::ExistingFile);
  app.add_option("--language", settings.language, "Language of reasons and explanations")->check(CLI::IsMember({"en", "zh"}));
  app.add_option_function<int>(
         "--timeout", [&](int const& seconds) { settings.timeout = std::chrono::seconds(seconds); }, "Seconds to wait for an answer")
      ->check(CLI::Range(1, 3600));
  app.add_flag("--json", settings.json, "Print the server's JSON");
  app.add_flag("--no-colour,--no-color", no_colour, "No colour on a terminal");
  add_submit_verbs(app, chosen);
  add_job_verbs(app, chosen);
  add_market_verbs(app, chosen);
  add_money_verbs(app, chosen);
  add_access_verbs(app, chosen);
  add_override_verbs(app, chosen);
  add_operation_verbs(app, chosen);
  add_log_verbs(app, chosen);
  add_doctor_verb(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (CLI::Success const& help) {  // --help and --version
    return app.exit(help);
  } catch (CLI::ParseError const& error) {
    Output(!no_colour, false).failure(misunderstood(app, error));
    return static_cast<int>(ExitCode::usage);
  }
  settings.colour = !no_colour;

  Output out(settings.colour, settings.json);
  auto const report = [&out](Failure const& failure) {
    out.flush();
    out.failure(failure);
    return static_cast<int>(failure.exit);
  };
  bool const token_named = !settings.token_file.empty() || process_environment("SLUICE_TOKEN_FILE");
  auto complete_settings = complete(std::move(settings), process_environment);
  if (!complete_settings) return report(complete_settings.error());
  auto token = read_token(*complete_settings, token_named);
  if (!token) return report(token.error());
  if (!token->warning.empty()) out.note("sluicectl: " + token->warning);
  auto api = Api::open(*complete_settings, std::move(token->text));
  if (!api) return report(api.error());
  Session session{*complete_settings, token_named, out, *api};
  auto const result = chosen.verb(session);
  if (!result) return report(result.error());
  if (!out.flush()) {
    if (!out.reader_left()) out.note("sluicectl: could not write everything to standard output.");
    return static_cast<int>(ExitCode::failure);
  }
  return static_cast<int>(*result);
}

}  // namespace
}  // namespace sluice::ctl

int main(int argc, char** argv) {
  // A reader that closes the pipe ends the verb with a status of its own, not with a signal in the middle of it.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return sluice::ctl::run(argc, argv);
  } catch (std::exception const& error) {
    fmt::print(stderr, "sluicectl: {}\n", error.what());
    return static_cast<int>(sluice::ctl::ExitCode::failure);
  }
}
