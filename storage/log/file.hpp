// Small files, read with a cap and replaced whole: the only file access below RocksDB.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::log {

/// The bytes of a regular file; nullopt when it does not exist. Error: not a regular file, longer than `max_bytes`, or the
/// system's reason. Never blocks on a pipe or device.
std::expected<std::optional<std::string>, std::string> read_file(std::string const& path, std::size_t max_bytes);

/// How much a write promises on return.
enum class Durability : bool {
  renamed,  ///< whole or not there, until power fails
  synced,   ///< file and directory entry are on disk
};

/// Replaces `path` by way of a temporary file in the same directory. Error: which step failed and why; the old file then stays.
std::expected<void, std::string> write_file(std::string const& path, std::string_view bytes, Durability durability, mode_t mode = 0644);

/// Makes the directory's entries durable.
std::expected<void, std::string> sync_directory(std::string const& path);

}  // namespace sluice::log
