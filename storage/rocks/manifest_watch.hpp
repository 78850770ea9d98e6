// Watches RocksDB's MANIFEST, whose lost tail RocksDB takes for a torn write: the tables it named would be dropped in silence.
#pragma once

#include "policy/hash.hpp"

#include <cstdint>
#include <expected>
#include <string>

namespace sluice::rocks {

/// A prefix of the MANIFEST known to be on disk. number 0: none known.
struct ManifestPoint {
  std::uint64_t number = 0;  ///< of the file: MANIFEST-000123
  std::uint64_t bytes = 0;
  policy::Hash hash;  ///< SHA-256 of these bytes
  bool operator==(ManifestPoint const&) const = default;
};

/// Checks, before RocksDB opens the directory, that CURRENT names this MANIFEST, or a later one, and that the prefix is intact.
/// Error: what is missing or changed. A later one cannot be checked: RocksDB has opened the database since.
std::expected<void, std::string> check_manifest(std::string const& directory, ManifestPoint const& point);

/// Follows the MANIFEST of an open database. Not thread-safe.
class ManifestWatch {
 public:
  explicit ManifestWatch(std::string directory) : directory_(std::move(directory)) {}
  ManifestWatch(ManifestWatch&&) noexcept;
  ~ManifestWatch();

  /// The MANIFEST as it is now. Costs one fstat; when it has grown, which a flush or compaction does, it is synced and hashed again,
  /// so that a point never covers bytes a power failure could take back.
  std::expected<ManifestPoint, std::string> observe();

 private:
  std::expected<void, std::string> reopen();
  std::string directory_;
  int fd_ = -1;
  ManifestPoint point_;
};

}  // namespace sluice::rocks
