// How private parts lie in their column family: keys, the expiry index, sealed values.
#pragma once

#include "storage/log/group.hpp"
#include "storage/log/ledger.hpp"
#include "storage/rocks/key_store.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::rocks {

// Row:    'p' ‖ kind ‖ owner ‖ 0x00 ‖ key      →  0x01 ‖ key id (16) ‖ be64 expiry ‖ nonce ‖ ciphertext ‖ tag
// Index:  'x' ‖ be64 expiry ‖ be64 sequence    →  (be32 length ‖ row key)…    what a Group stored with this expiry
// AAD:    "sluice private 1" ‖ be64 expiry ‖ row key: kind, owner and key cannot be exchanged, nor an expiry moved.

/// 'p' ‖ kind: where the rows of one kind begin.
std::string private_prefix(log::PrivateKind kind);
/// 'p' ‖ kind ‖ owner ‖ 0x00. REQUIRES: no NUL in owner.
std::string private_prefix(log::PrivateKind kind, std::string_view owner);
std::string private_row_key(log::PrivateKind kind, std::string_view owner, std::string_view key);

struct PrivateRowName {
  log::PrivateKind kind{};
  std::string owner;
  std::string key;
};
/// Reads a row key; nullopt when it is none.
std::optional<PrivateRowName> parse_private_row_key(std::string_view row_key);

/// One row of the index for all that the Group beginning at `first` stores with one expiry: a row for each would cost as much again as the
/// parts themselves.
std::string expiry_index_key(std::int64_t expires_at_ms, log::Sequence first);
/// The expiry of an index key; nullopt when it is none.
std::optional<std::int64_t> parse_expiry_index_key(std::string_view index_key);
void append_expiring(std::string& index_value, std::string_view row_key);
/// Takes the first row key off an index value; nullopt at its end, or when the rest is malformed.
std::optional<std::string_view> take_expiring(std::string_view& index_value);

/// The value of a row.
std::string seal_private_part(OwnerKey const& key, log::PrivatePart const& part, std::string_view row_key);

/// The expiry a row's value bears; nullopt when it is malformed. Not authenticated until opened.
std::optional<std::int64_t> expiry_of(std::string_view value);

/// Opens a row; nullopt when its key was erased. Error: damaged bytes, or a key that is lost.
std::expected<std::optional<log::OpenedPart>, std::string> open_private_part(KeyStore& keys, PrivateRowName const& name,
                                                                             std::string_view row_key, std::string_view value);

}  // namespace sluice::rocks
