// How much room is left: asked before RocksDB could find out the hard way.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace sluice::rocks {

struct FreeSpace {
  std::uint64_t available_bytes = 0;  ///< to this process, reserved blocks not counted
  std::uint64_t total_bytes = 0;
};

/// Of the file system that holds `path`, by statvfs: about a microsecond. Error: the system's reason.
std::expected<FreeSpace, std::string> free_space(std::string const& path);

/// Whether opening the database may meet a full disk, on which RocksDB aborts the process: what its logs hold is written to tables then.
/// nullopt: there is room in `directory`, the database's file system. Else how much is wanted and what to do, `ballast` named if it is
/// there.
std::optional<std::string> too_little_room_to_open(std::string const& directory, std::string const& database, std::string const& ballast);

/// Makes sure that a file of `bytes` allocated bytes is at `path`, to be released when the disk is full.
/// False when that would leave less than `keep_free_bytes`: the ballast is then absent. 0 bytes: none is wanted, an old one goes.
std::expected<bool, std::string> place_ballast(std::string const& path, std::uint64_t bytes, std::uint64_t keep_free_bytes);

/// Deletes the ballast; success when there is none.
std::expected<void, std::string> release_ballast(std::string const& path);

}  // namespace sluice::rocks
