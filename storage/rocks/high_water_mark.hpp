// How far the log was acknowledged, kept where a damaged database cannot take it along.
#pragma once

#include "policy/hash.hpp"
#include "storage/rocks/manifest_watch.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace sluice::rocks {

/// A size that was acknowledged, the root of the log at it, and how far RocksDB's own list of tables had come by then.
struct Mark {
  std::uint64_t size = 0;
  policy::Hash root;
  ManifestPoint manifest = {};
  bool operator==(Mark const&) const = default;
};

/// A preallocated file of two slots written in turn, each with a counter and its own SHA-256: a torn write costs one slot, and
/// the other still holds the mark before. One pwrite and one fdatasync a mark. Not thread-safe.
class HighWaterMark {
 public:
  /// Opens the file; an absent one is not created. Error: unreadable, or no slot is whole.
  /// nullopt: there is no file.
  static std::expected<std::optional<HighWaterMark>, std::string> open(std::string const& path);
  /// Creates the file with both slots at `mark`, durable on return. Replaces a file that is there.
  static std::expected<HighWaterMark, std::string> create(std::string const& path, Mark const& mark);

  HighWaterMark(HighWaterMark&&) noexcept;
  HighWaterMark& operator=(HighWaterMark&&) noexcept;
  ~HighWaterMark();

  Mark const& mark() const { return mark_; }
  /// Durable on return. After an error the file holds the old or the new mark; do not write again.
  std::expected<void, std::string> write(Mark const& mark);

 private:
  HighWaterMark(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::string path_;
  Mark mark_;
  std::uint64_t counter_ = 0;  // of the newest slot; its parity is the slot's number
};

}  // namespace sluice::rocks
