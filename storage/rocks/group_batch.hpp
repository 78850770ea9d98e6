// A Group as one WriteBatch: built, checked against itself another way, and read back once it is written.
#pragma once

#include "storage/log/group.hpp"
#include "storage/log/ledger.hpp"
#include "storage/log/note.hpp"
#include "storage/log/tree.hpp"
#include "storage/rocks/database.hpp"
#include "storage/rocks/key_store.hpp"

#include <rocksdb/write_batch.h>

#include <expected>
#include <string>
#include <vector>

namespace sluice::rocks {

/// One append's batch. Used once: add, seal with a checkpoint, write, read back.
class GroupBatch {
 public:
  /// `bytes`: about how long the batch will be.
  GroupBatch(Database& database, log::Sequence first, std::size_t bytes)
      : database_(&database), first_(first), batch_(bytes, 0, batch_protection_bytes, 0) {}

  /// Entries, blobs, rows and private parts. Error: an owner's key cannot be read or made.
  std::expected<void, std::string> add(KeyStore& keys, log::Group const& group, log::Derived const& derived);
  /// Leaf hashes of the entries into `tree`, tiles that become full into the batch.
  void grow(log::Tree& tree, log::Group const& group);
  /// Recomputes size and root from the serialised batch by the second path, compares, signs, and adds checkpoint, frontier,
  /// epoch and family marks. `frontier` is the row of the Group before. Error: the two paths differ, so nothing may be signed.
  std::expected<log::PublishedCheckpoint, std::string> sign(log::Tree const& tree, std::string const& frontier, log::Epoch epoch,
                                                            log::NoteSigner const& signer);
  /// The synced write.
  rocksdb::Status write();
  /// Reads entries, tiles, checkpoint and frontier back and compares them with what was meant. Error: what differs.
  std::expected<void, std::string> read_back(log::Group const& group) const;

  std::string const& frontier() const { return frontier_; }

 private:
  bool put(Family family, std::string_view key, std::string_view value);

  Database* database_;
  log::Sequence first_;
  rocksdb::WriteBatch batch_;
  std::vector<log::FinishedTile> finished_;
  std::string frontier_;
  std::string note_;
};

}  // namespace sluice::rocks
