// sluice-sim: serves simulated compute centres from a scenario file, on loopback.
#include "tools/sim/scenario.hpp"
#include "tools/sim/wire_server.hpp"
#include "tools/sim/world.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace {

int complain(std::string const& what) {
  fmt::print(stderr, "sluice-sim: {}\n", what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Serves any number of simulated compute centres from one scenario file, on 127.0.0.1, until SIGINT or SIGTERM.\n"
      "Prints 'listening on ADDRESS' and a line 'centre NAME URL' for each. Exit codes: 0 stopped, 1 failed, 2 wrong usage."};
  std::string path;
  sluice::sim::ServerOptions options;
  bool check_only = false;
  app.add_option("scenario", path, "scenario file (TOML)")->required();
  app.add_option("--port", options.port, "port of the shared listener; 0 takes a free one")->capture_default_str();
  app.add_flag("--port-per-centre", options.port_per_centre, "also one port per centre, refused while the centre is gone");
  app.add_flag("--check", check_only, "read the scenario, say what is wrong, and exit");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {  // the library's own border; 0 is --help
    return app.exit(error) == 0 ? 0 : 2;
  }

  auto scenario = sluice::sim::load_scenario(path);
  if (!scenario) return complain(scenario.error());
  auto world = sluice::sim::World::make(std::move(*scenario));
  if (!world) return complain(fmt::format("{}: {}", path, world.error()));
  if (check_only) return 0;

  boost::asio::io_context loop(1);
  auto server = sluice::sim::WireServer::start(loop, **world, options);
  if (!server) return complain(server.error());
  fmt::print("listening on 127.0.0.1:{}\n", (*server)->port());
  for (auto const& [name, site] : (*world)->sites()) fmt::print("centre {} {}\n", name, (*server)->url(name));
  std::fflush(stdout);

  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&server](boost::system::error_code, int) { (*server)->stop(); });
  loop.run();
  return 0;
}
