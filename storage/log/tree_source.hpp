// Where a static tree's files come from: a directory here, a URL elsewhere.
#pragma once

#include "policy/hash.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::log {

/// Longest entry bundle: 256 entries of 65,535 bytes and their length prefixes.
constexpr std::size_t bundle_bytes_max = 256 * (2 + 65'535);

/// Files by their path relative to the tree's root: "checkpoint", "tile/…", "blob/<hex>". What it returns is untrusted.
class TreeSource {
 public:
  virtual ~TreeSource() = default;
  /// nullopt: there is no such file. Error: it cannot be read or is longer than `max_bytes`.
  virtual std::expected<std::optional<std::string>, std::string> read(std::string_view path, std::size_t max_bytes) = 0;
};

/// A tree exported to a directory.
class DirectorySource : public TreeSource {
 public:
  explicit DirectorySource(std::string directory) : directory_(std::move(directory)) {}
  std::expected<std::optional<std::string>, std::string> read(std::string_view path, std::size_t max_bytes) override;

 private:
  std::string directory_;
};

/// "blob/" and 64 hexadecimal digits.
std::string blob_path(policy::Hash const& hash);

}  // namespace sluice::log
