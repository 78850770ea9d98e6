// What the command line and environment say before any verb: which server, as whom, how to print.
#pragma once

#include "tools/ctl/failure.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace sluice::ctl {

struct Settings {
  std::string server;      ///< http://…, https://… or unix:/path
  std::string socket;      ///< path of the daemon's Unix socket; wins over server when not empty
  std::string token_file;  ///< empty: look in the usual places
  std::string ca_file;     ///< PEM, for a broker with a certificate of a private authority
  std::string language;    ///< "en" or "zh"
  bool json = false;
  bool colour = true;  ///< allowed; used on a terminal only
  std::chrono::seconds timeout{30};
};

/// Reads one environment variable; nullopt when unset or empty.
using Environment = std::function<std::optional<std::string>(char const*)>;
std::optional<std::string> process_environment(char const* name);

/// Fills what the command line left empty: SLUICE_SERVER, SLUICE_TOKEN_FILE, $XDG_CONFIG_HOME/sluice/token or
/// ~/.config/sluice/token, LC_ALL/LC_MESSAGES/LANG. Splits "unix:/path". Error: what is wrong with the server's address.
Result<Settings> complete(Settings settings, Environment const& environment);

/// The key in a token file, without the line break at its end.
struct Token {
  std::string text;     ///< empty: there is no file, and none was asked for
  std::string warning;  ///< not empty: others can read the file
};
/// Reads at most 4096 bytes. A missing file is an error only when it was named by the user.
Result<Token> read_token(Settings const& settings, bool named_by_user);

}  // namespace sluice::ctl
