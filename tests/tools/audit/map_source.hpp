// A tree in memory that tests damage file by file.
#pragma once

#include "storage/log/tree_source.hpp"
#include "tests/golden/signed_tree.hpp"
#include "tools/audit/replay.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace sluice::audit::testing {

struct MapSource : log::TreeSource {
  std::map<std::string, std::string> files;

  /// Every file below the directory.
  static MapSource of(std::string const& directory) {
    MapSource source;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      source.files[std::filesystem::relative(entry.path(), directory)].assign(std::istreambuf_iterator<char>(file), {});
    }
    return source;
  }

  std::expected<std::optional<std::string>, std::string> read(std::string_view path, std::size_t max_bytes) override {
    auto const it = files.find(std::string(path));
    if (it == files.end()) return std::nullopt;
    if (it->second.size() > max_bytes) return std::unexpected(std::string(path) + ": too long");
    return it->second;
  }
};

inline Report replayed(log::TreeSource& source, ReplayOptions const& options = {}) {
  return replay(source, golden::signer().verifier(), options);
}

}  // namespace sluice::audit::testing
