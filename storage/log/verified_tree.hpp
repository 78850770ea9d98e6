// Reading a static tree so that every byte handed on is proved by one checkpoint.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/checkpoint.hpp"
#include "storage/log/group.hpp"
#include "storage/log/ledger.hpp"
#include "storage/log/tile.hpp"
#include "storage/log/tree_source.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::log {

/// The first thing found that is not as the checkpoint says.
struct Divergence {
  enum class Check : std::uint8_t {
    signature,    ///< the checkpoint note: its form, its signatures
    root,         ///< the right edge's tiles do not lead to the checkpoint's root, yet agree with what lies below
    tile_hash,    ///< a hash in a tile is not what lies below it, or the tile does not fold to its parent's hash
    bundle_form,  ///< an entry bundle's length prefixes
    entry_hash,   ///< an entry's leaf hash
    blob_hash,    ///< a blob is not what its name says
    missing,      ///< a file is not there
    unreadable,   ///< a file is there and cannot be read, or is too long
  };
  Check check = Check::unreadable;
  std::string file;
  std::uint64_t position = 0;     ///< in a bundle: byte offset of the entry's length prefix; in a tile: hash index; else 0
  std::optional<Sequence> entry;  ///< first entry concerned, where one can be named
  std::string expected;
  std::string actual;

  std::string message() const;
};

/// A tree opened under a checkpoint. Memory: at most one tile a level and one bundle. Not thread-safe; a second object may
/// read the same source in another thread.
class VerifiedTree {
 public:
  /// Reads and verifies "checkpoint" with `verifiers`, then the right edge. `source` must outlive the tree.
  static std::expected<VerifiedTree, Divergence> open(TreeSource& source, std::span<NoteVerifier const> verifiers);
  /// Under a checkpoint verified elsewhere, for instance one the auditor has kept.
  static std::expected<VerifiedTree, Divergence> open(TreeSource& source, Checkpoint const& checkpoint);

  Checkpoint const& checkpoint() const { return checkpoint_; }
  std::uint64_t size() const { return checkpoint_.size; }

  /// Entries [first, first + count), cut at size(), each proved before it is handed on. The visitor returns false to stop
  /// and must not call this object.
  std::expected<void, Divergence> entries(Sequence first, std::uint64_t count, EntryVisitor const& visit);

  /// All entries as they lie, nothing proved: for hints, which entries() confirms later. Ends without a word where a bundle is missing or
  /// malformed; entries() says what is wrong there. The visitor returns false to stop.
  void unproved_entries(EntryVisitor const& visit);

  /// The hashes of one proved tile, as wide as the tree makes it; for proofs. REQUIRES: the tile is in the tree.
  std::expected<std::vector<policy::Hash>, Divergence> tile(std::uint8_t level, std::uint64_t index);

  /// A blob, proved by its name.
  std::expected<std::string, Divergence> blob(policy::Hash const& hash);

  /// Checks every tile of every level, so that nothing served by the tree stays unread.
  std::expected<void, Divergence> check_tiles();

 private:
  VerifiedTree(TreeSource& source, Checkpoint checkpoint) : source_(&source), checkpoint_(std::move(checkpoint)) {}

  std::expected<void, Divergence> open_right_edge();
  struct File {
    std::string path;
    std::string bytes;
    bool wider = false;  ///< the full tile or bundle, found instead of the partial one
  };
  std::expected<File, Divergence> read(std::string const& path, std::string const& wider, std::size_t bytes_max);
  std::expected<std::vector<policy::Hash>, Divergence> read_tile(std::uint8_t level, std::uint64_t index);
  std::expected<std::vector<policy::Hash> const*, Divergence> proved_tile(std::uint8_t level, std::uint64_t index);
  std::optional<Divergence> first_difference(std::uint8_t level, std::uint64_t index, std::vector<policy::Hash> const& hashes);
  std::string tile_file(std::uint8_t level, std::uint64_t index) const;

  struct CachedTile {
    std::uint64_t index = 0;
    std::vector<policy::Hash> hashes;  ///< empty: nothing cached
  };
  TreeSource* source_;
  Checkpoint checkpoint_;
  std::array<CachedTile, tile_levels> right_edge_;
  std::array<CachedTile, tile_levels> recent_;
};

}  // namespace sluice::log
