// The layers of Sluice. Arrows point down only; a new arrow is a decision about the design, made here and nowhere else.
#include "tests/layering/layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace sluice::layering {
namespace {

// What a pure state machine has no use for: time, chance, the environment, output, files and threads that outlive a call.
std::vector<std::string_view> const impure_headers = {"random",     "ctime",  "time.h", "iostream", "fstream",
                                                      "filesystem", "future", "cstdio", "print",    "condition_variable"};
std::vector<std::string_view> const impure_words = {"system_clock",    "steady_clock",  "high_resolution_clock",
                                                    "utc_clock",       "clock_gettime", "gettimeofday",
                                                    "localtime",       "random_device", "RAND_bytes",
                                                    "RAND_priv_bytes", "rand",          "srand",
                                                    "getenv",          "cout",          "cerr",
                                                    "printf",          "detach",        "async"};

std::vector<std::string_view> with(std::vector<std::string_view> list, std::string_view more) {
  list.push_back(more);
  return list;
}

}  // namespace

std::vector<Layer> const& layers() {
  // clang-format off
  static const std::vector<Layer> table = {
      // What is true and what is decided. The solver may share out work inside one call, so only it may include <thread>.
      {.folder = "policy", .ours = {"policy/assignment"}, .outside = {"libcrypto"},
       .standard_not = with(impure_headers, "thread"), .identifiers_not = impure_words},
      {.folder = "policy/assignment", .ours = {"policy"}, .standard_not = impure_headers, .identifiers_not = impure_words},
      // Strict JSON for every layer above policy; policy itself never sees it. Of policy it reads and writes the plain values only.
      {.folder = "policy/json", .ours = {"policy/money.hpp", "policy/time.hpp"}, .outside = {"nlohmann", "simdjson"}, .standard_not = {"random", "thread"}},

      // Readable without a database: an auditor's program links it.
      {.folder = "storage/log", .ours = {"policy", "policy/assignment", "policy/json"}, .outside = {"libcrypto", "posix"}},
      {.folder = "storage/rocks", .ours = {"policy", "policy/assignment", "storage/log"}, .outside = {"rocksdb", "libcrypto", "posix"}},

      // One HTTP client that knows nothing of ours.
      {.folder = "connectors/http", .outside = {"asio", "curl", "sockets", "posix"}},
      // Asio only because what connectors/http offers is awaited; POSIX to notice that a credential's file is another one.
      {.folder = "connectors", .ours = {"policy", "policy/assignment", "policy/json", "connectors/http"},
       .outside = {"asio", "libcrypto", "nlohmann", "posix"}},

      // What the operator says. Plain option structs of any layer, but no layer's behaviour.
      {.folder = "config", .ours = {"policy", "policy/assignment"}, .outside = {"toml", "posix"}, .any_options = true},

      // HTTP without business.
      {.folder = "broker/http", .ours = {"policy/json"}, .outside = {"asio", "beast", "libssl", "libcrypto", "nlohmann", "sockets", "posix"}},
      // The daemon: wires everything. It reaches databases, sites and files only through the layers that own them.
      {.folder = "broker",
       .ours = {"policy", "policy/assignment", "policy/json", "storage/log", "storage/rocks", "connectors/http", "connectors", "config",
                "broker/http"},
       .outside = {"asio", "beast", "libssl", "libcrypto", "nlohmann", "prometheus", "spdlog", "systemd", "cli11", "sockets", "posix"}},

      // Hashing only, to check that what it exports is what was asked for.
      {.folder = "tools/ctl", .ours = {"policy/hash.hpp", "policy/json", "connectors/http"}, .outside = {"asio", "nlohmann", "cli11", "posix"}},
      {.folder = "tools/audit", .ours = {"policy", "policy/assignment", "policy/json", "storage/log", "connectors/http"},
       .outside = {"asio", "libcrypto", "nlohmann", "cli11", "posix"}},
      {.folder = "tools/solve", .ours = {"policy", "policy/assignment", "policy/json"}, .outside = {"nlohmann", "cli11", "posix"}},
      // The plain values of the contract; the map's coordinates come from the cluster files.
      {.folder = "tools/day", .ours = {"policy/money.hpp", "policy/time.hpp", "policy/json", "connectors/http"},
       .outside = {"asio", "nlohmann", "toml", "cli11", "posix"}},
      // The plain values that policy/json reads and writes; scenarios are TOML.
      {.folder = "tools/sim", .ours = {"policy/money.hpp", "policy/time.hpp", "policy/json", "broker/http"},
       .outside = {"asio", "beast", "nlohmann", "toml", "cli11", "posix"}},

      // Tests may look everywhere; nothing may look at tests.
      {.folder = "tests", .ours = {"*"}, .outside = {"*"}},
  };
  // clang-format on
  return table;
}

std::string_view library_of(std::string_view header) {
  struct Prefix {
    std::string_view start, library;
  };
  // First match counts, so the particular stands before the general.
  static constexpr std::array prefixes = {
      Prefix{"boost/asio", "asio"},
      Prefix{"boost/system", "asio"},
      Prefix{"boost/beast", "beast"},
      Prefix{"boost/core", "beast"},
      Prefix{"boost/", "boost"},
      Prefix{"openssl/ssl", "libssl"},
      Prefix{"openssl/tls", "libssl"},
      Prefix{"openssl/", "libcrypto"},
      Prefix{"nlohmann/", "nlohmann"},
      Prefix{"simdjson", "simdjson"},
      Prefix{"rocksdb/", "rocksdb"},
      Prefix{"curl/", "curl"},
      Prefix{"toml++/", "toml"},
      Prefix{"CLI/", "cli11"},
      Prefix{"fmt/", "std"},
      Prefix{"spdlog/", "spdlog"},
      Prefix{"prometheus/", "prometheus"},
      Prefix{"systemd/", "systemd"},
      Prefix{"gtest/", "gtest"},
      Prefix{"gmock/", "gtest"},
      Prefix{"benchmark/", "benchmark"},
      Prefix{"lemon/", "peers"},
      Prefix{"coin/", "peers"},
      Prefix{"netinet/", "sockets"},
      Prefix{"arpa/", "sockets"},
      Prefix{"netdb.h", "sockets"},
      Prefix{"sys/socket.h", "sockets"},
      Prefix{"sys/un.h", "sockets"},
      Prefix{"sys/", "posix"},
      Prefix{"linux/", "posix"},
  };
  for (Prefix const& prefix : prefixes) {
    if (header.starts_with(prefix.start)) return prefix.library;
  }
  if (header.find_first_of("/.") == std::string_view::npos) return "std";
  static constexpr std::array posix = {"dirent.h", "fcntl.h",  "grp.h",   "poll.h",    "pthread.h", "pwd.h",
                                       "sched.h",  "signal.h", "spawn.h", "termios.h", "time.h",    "unistd.h"};
  if (std::ranges::find(posix, header) != posix.end()) return "posix";
  return "";
}

namespace {

bool holds(std::vector<std::string_view> const& list, std::string_view item) {
  return std::ranges::any_of(list, [item](std::string_view entry) { return entry == "*" || entry == item; });
}

Layer const* layer_of(std::string_view path, std::vector<Layer> const& table) {
  Layer const* best = nullptr;
  for (Layer const& layer : table) {
    if (is_below(path, layer.folder) && (best == nullptr || layer.folder.size() > best->folder.size())) best = &layer;
  }
  return best;
}

std::string joined(std::vector<std::string_view> const& list) {
  return list.empty() ? "nothing" : fmt::format("{}", fmt::join(list, ", "));
}

// "" or what is wrong with a quoted include.
std::string judge_ours(Layer const& from, SourceFile const& file, Include const& include, std::set<std::string_view> const& paths,
                       std::vector<Layer> const& table) {
  if (!paths.contains(include.target)) {
    return fmt::format("\"{}\" is no file of the tree: includes are written from the root, other libraries in <>", include.target);
  }
  bool const to_options = name_of(include.target) == "options.hpp";
  if (name_of(file.path) == "options.hpp" && !to_options && from.folder != "tests") {
    return fmt::format("options.hpp is a plain struct for wiring to fill, and may include only the standard library, not \"{}\"",
                       include.target);
  }
  if (to_options && from.any_options) return "";
  Layer const* to = layer_of(include.target, table);
  if (to == &from || (to != nullptr && holds(from.ours, to->folder)) || holds(from.ours, include.target)) return "";
  return fmt::format("{} may not use {} (\"{}\"): it may use {}", from.folder, to == nullptr ? "a folder without a layer" : to->folder,
                     include.target, joined(from.ours));
}

std::string judge_outside(Layer const& from, SourceFile const& file, Include const& include) {
  std::string_view const library = library_of(include.target);
  if (holds(from.outside, "*")) return "";
  if (library.empty()) return fmt::format("<{}>: name its library in library_of() and the layers that may use it", include.target);
  if (library == "std") {
    if (holds(from.standard_not, include.target)) {
      return fmt::format("{} may not use <{}>: time, chance, output, files and threads reach it as arguments only", from.folder,
                         include.target);
    }
    return "";
  }
  if (name_of(file.path) == "options.hpp")
    return fmt::format("options.hpp may include only the standard library, not <{}>", include.target);
  if (holds(from.outside, library)) return "";
  return fmt::format("{} may not use {} (<{}>): it may use {}", from.folder, library, include.target, joined(from.outside));
}

void judge_words(Layer const& layer, SourceFile const& file, std::vector<std::string>& breaches) {
  if (layer.identifiers_not.empty()) return;
  std::string const code = code_only(file.text);
  int number = 0;
  for (std::string_view const line : lines_of(code)) {
    ++number;
    if (line.starts_with('#')) continue;  // an include has its own check
    std::size_t at = 0;
    while (at < line.size()) {
      std::size_t end = at;
      while (end < line.size() && (std::isalnum(static_cast<unsigned char>(line[end])) != 0 || line[end] == '_')) ++end;
      std::string_view const word = line.substr(at, end - at);
      if (!word.empty() && holds(layer.identifiers_not, word)) {
        breaches.push_back(fmt::format("{}:{}: {} may not use '{}': time, chance, output and threads reach it as arguments only", file.path,
                                       number, layer.folder, word));
      }
      at = std::max(end, at + 1);
    }
  }
}

}  // namespace

std::vector<std::string> layering_breaches(std::vector<SourceFile> const& files, std::vector<Layer> const& table) {
  std::vector<std::string> breaches;
  std::set<std::string_view> paths;
  for (SourceFile const& file : files) paths.insert(file.path);
  for (SourceFile const& file : files) {
    if (!is_cpp(file.path)) continue;
    Layer const* from = layer_of(file.path, table);
    if (from == nullptr) {
      breaches.push_back(fmt::format("{}:1: its folder has no row in tests/layering/layers.cpp", file.path));
      continue;
    }
    for (Include const& include : includes_of(file.text)) {
      std::string const wrong = include.quoted ? judge_ours(*from, file, include, paths, table) : judge_outside(*from, file, include);
      if (!wrong.empty()) breaches.push_back(fmt::format("{}:{}: {}", file.path, include.line, wrong));
    }
    judge_words(*from, file, breaches);
  }
  return breaches;
}

}  // namespace sluice::layering
