// Where the server's address and the key come from.
#include "tools/ctl/settings.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace sluice::ctl {
namespace {

constexpr char const* default_server = "http://127.0.0.1:8080";
constexpr std::size_t token_bytes_max = 4096;

std::string usual_token_file(Environment const& environment) {
  if (auto const base = environment("XDG_CONFIG_HOME")) return *base + "/sluice/token";
  if (auto const home = environment("HOME")) return *home + "/.config/sluice/token";
  return {};
}

std::string usual_language(Environment const& environment) {
  for (char const* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (auto const value = environment(name)) return value->starts_with("zh") ? "zh" : "en";
  }
  return "en";
}

}  // namespace

std::optional<std::string> process_environment(char const* name) {
  char const* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

Result<Settings> complete(Settings settings, Environment const& environment) {
  if (settings.socket.empty() && settings.server.empty()) settings.server = environment("SLUICE_SERVER").value_or(default_server);
  if (settings.socket.empty() && settings.server.starts_with("unix:")) settings.socket = settings.server.substr(5);
  if (settings.socket.empty()) {
    if (!settings.server.starts_with("http://") && !settings.server.starts_with("https://")) {
      return fail(ExitCode::usage, fmt::format("\"{}\" is no server address.", settings.server),
                  "Give http://HOST:PORT, https://HOST:PORT or unix:/PATH.");
    }
    while (settings.server.ends_with('/')) settings.server.pop_back();
  } else {
    settings.server = "http://localhost";
  }
  if (settings.token_file.empty()) settings.token_file = environment("SLUICE_TOKEN_FILE").value_or("");
  if (settings.token_file.empty() && settings.socket.empty()) settings.token_file = usual_token_file(environment);
  if (settings.language.empty()) settings.language = usual_language(environment);
  return settings;
}

Result<Token> read_token(Settings const& settings, bool named_by_user) {
  Token token;
  if (settings.token_file.empty()) return token;
  struct stat status{};
  if (::stat(settings.token_file.c_str(), &status) != 0) {
    if (errno == ENOENT && !named_by_user) return token;
    return fail(ExitCode::usage, fmt::format("Cannot read the token file {}: {}.", settings.token_file, std::strerror(errno)),
                "Check the path and its permissions.");
  }
  std::ifstream file(settings.token_file, std::ios::binary);
  std::string content(token_bytes_max + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file.eof() && file.fail()) {
    return fail(ExitCode::usage, fmt::format("Cannot read the token file {}.", settings.token_file), "Check its permissions.");
  }
  content.resize(static_cast<std::size_t>(file.gcount()));
  while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
  bool const plain = std::all_of(content.begin(), content.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (content.empty() || content.size() > token_bytes_max || !plain) {
    return fail(ExitCode::usage, fmt::format("The token file {} does not hold one key on one line.", settings.token_file),
                "Put the key, and nothing else, into the file.");
  }
  if (S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    token.warning = fmt::format("Others may read the token file {}. Do: chmod 600 {}", settings.token_file, settings.token_file);
  }
  token.text = std::move(content);
  return token;
}

}  // namespace sluice::ctl
