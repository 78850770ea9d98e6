// What an operator may say about the ledger's store. Plain values; only wiring reads config.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::rocks {

struct Options {
  // Behaviour.

  /// Holds the database (db/), the lock and, unless placed elsewhere, mark and keys. Created with mode 0700.
  std::string directory;
  /// The high-water mark. Empty: <directory>/high-water-mark. Better on another disk: it tells when the database lost something.
  std::string mark_file;
  /// The owners' wrapped keys. Empty: <directory>/keys. Back it up apart from the database.
  std::string keys_directory;
  /// Appends are refused with no_space while the file system has less than this left: RocksDB aborts the process on ENOSPC,
  /// so it must never meet it. Covers flushes and compactions under way; admission above should stop earlier.
  std::uint64_t free_bytes_floor = 256u << 20;
  /// Size of a file that is only there to be deleted when the disk is full. 0: none.
  std::uint64_t ballast_bytes = 64u << 20;
  /// Verifier key lines of earlier keys: the stored checkpoint may bear their signature after a rotation.
  std::vector<std::string> earlier_keys;
  /// Repair only: open a database whose high-water mark is lost and trust what it holds.
  bool adopt_without_mark = false;
  /// Repair only: begin a new key directory for a database whose own is lost. Every private part sealed so far stays shut.
  bool adopt_without_keys = false;

  // Performance.

  /// A memtable of this size has all families flushed together. The write-ahead log, which a restart replays, holds up to some
  /// four times as much.
  std::size_t write_buffer_bytes = 16u << 20;
  /// Cache of uncompressed blocks.
  std::size_t block_cache_bytes = 128u << 20;
};

}  // namespace sluice::rocks
