// What a database must prove before it may be used again.
#pragma once

#include "storage/log/ledger.hpp"
#include "storage/log/note.hpp"
#include "storage/log/tree.hpp"
#include "storage/rocks/database.hpp"
#include "storage/rocks/high_water_mark.hpp"
#include "storage/rocks/rocks_ledger.hpp"

#include <expected>
#include <span>
#include <string>

namespace sluice::rocks {

// Keys of the meta family.
constexpr std::string_view meta_frontier = "frontier";
constexpr std::string_view meta_checkpoint = "checkpoint";
constexpr std::string_view meta_epoch = "epoch";
constexpr std::string_view meta_format = "format";
constexpr std::string_view format_line = "sluice ledger 2";

/// The empty key of every family but the entries': be64 size ‖ root, rewritten with each Group. A family that lost its last writes alone
/// is thus found out. Entries are counted instead.
std::string family_mark(std::uint64_t size, policy::Hash const& root);

/// A database's proven contents.
struct Recovered {
  log::Tree tree;
  log::PublishedCheckpoint checkpoint;
  log::Epoch epoch = 0;
};

/// Verifies, in this order: format; each family at one size, entries without a hole; frontier row, right edge re-hashed from entries and
/// tiles, checkpoint root and signature by one of `verifiers`; and, when given, the high-water mark: not beyond the size, its root equal to
/// the log's root at it.
std::expected<Recovered, OpenError> recover(Database& database, std::span<log::NoteVerifier const> verifiers, Mark const* mark);

/// Full tiles straight from the database.
log::TileBytesReader stored_tiles(Database& database);

}  // namespace sluice::rocks
