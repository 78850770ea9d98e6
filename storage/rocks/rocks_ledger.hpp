// The durable ledger: one synced write a Group, verified before it is signed, refused when anything acknowledged is missing.
#pragma once

#include "storage/log/ledger.hpp"
#include "storage/log/note.hpp"
#include "storage/rocks/disk_space.hpp"
#include "storage/rocks/options.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::rocks {

/// Why a ledger was not opened. It is never opened with less than was acknowledged.
struct OpenError {
  enum class Kind : std::uint8_t {
    invalid,    ///< an option cannot be used, or another release's format
    locked,     ///< another process has it open
    io,         ///< the system refused
    missing,    ///< acknowledged entries, the database or the high-water mark are not there
    damaged,    ///< bytes on disk fail their checksum, hash or signature
    wrong_key,  ///< another signing key or master key
  };
  Kind kind = Kind::io;
  std::string message;  ///< what, where, what to do
};

/// A ledger on RocksDB. Reads from any thread; append, erase_owner and purge_expired from one committer thread.
class RocksLedger : public log::Ledger {
 public:
  /// Opens or creates the ledger in options.directory, verifying it against its high-water mark: the whole right edge is
  /// re-hashed from the stored entries. `signer` signs checkpoints, its name is the log's origin; `master_key` is 32 bytes
  /// that wrap the owners' keys.
  static std::expected<std::unique_ptr<RocksLedger>, OpenError> open(Options const& options, log::NoteSigner const& signer,
                                                                     std::string_view master_key);

  /// Seals the owners' keys of a ledger that nobody has open under `next` instead of `master_key`; how many there were to seal. After an
  /// interruption run it again with the same keys. Both are 32 bytes.
  static std::expected<std::size_t, OpenError> rewrap_keys(Options const& options, std::string_view master_key, std::string_view next);

  /// 32 secret bytes of this ledger's own for one purpose: the same at every start and under every master key. Error: the key directory
  /// cannot be read or written.
  virtual std::expected<std::string, std::string> derived_secret(std::string_view purpose) = 0;

  /// Room on the database's file system: what admission asks.
  virtual std::expected<FreeSpace, std::string> free_space() const = 0;
  /// Deletes the ballast file, to gain the room that repairs need.
  virtual std::expected<void, std::string> release_ballast() = 0;
  /// False after a failed write: only reads go on.
  virtual bool writable() const = 0;
};

}  // namespace sluice::rocks
