#include "storage/log/group_check.hpp"

#include <fmt/format.h>

#include <cstring>

namespace sluice::log {
namespace {

AppendError invalid(std::string message) { return {AppendError::Kind::invalid, std::move(message)}; }

std::optional<AppendError> check_key(char const* what, std::string_view key, std::size_t max) {
  if (!key.empty() && key.size() <= max) return std::nullopt;
  return invalid(fmt::format("{}: {} bytes, expected 1 to {}", what, key.size(), max));
}

// What an entry binds by hash must be those bytes, and enough of them to hold a salt: else no opening could ever prove it.
bool is_bound(PrivatePart const& part) {
  policy::Hash const commitment = policy::sha256(part.bytes);
  return part.bytes.size() >= salt_bytes && part.key.size() == commitment.bytes.size() &&
         std::memcmp(part.key.data(), commitment.bytes.data(), commitment.bytes.size()) == 0;
}

}  // namespace

std::optional<AppendError> check_append(Epoch epoch_now, std::uint64_t size, Epoch epoch, Sequence first, Group const& group,
                                        Derived const& derived) {
  if (epoch < epoch_now) {
    return AppendError{AppendError::Kind::fenced,
                       fmt::format("epoch {} has been succeeded by {}: this writer must stop", epoch, epoch_now)};
  }
  if (first != size) return invalid(fmt::format("the Group begins at {}, the log has {} entries", first, size));
  if (group.entries.empty() || group.entries.size() > group_entries_max) {
    return invalid(fmt::format("a Group has 1 to {} entries, got {}", group_entries_max, group.entries.size()));
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    std::size_t const length = group.entries[i].size();
    if (length == 0 || length > entry_bytes_max) {
      return invalid(fmt::format("entry {} of the Group has {} bytes, expected 1 to {}", i, length, entry_bytes_max));
    }
    bytes += length;
  }
  for (Blob const& blob : group.blobs) {
    if (blob.bytes.size() > blob_bytes_max) {
      return invalid(fmt::format("blob {}: {} bytes, at most {}", to_hex(blob.hash), blob.bytes.size(), blob_bytes_max));
    }
    if (policy::sha256(blob.bytes) != blob.hash) return invalid(fmt::format("blob {}: its bytes have another hash", to_hex(blob.hash)));
    bytes += blob.bytes.size();
  }
  for (PrivatePart const& part : group.private_parts) {
    if (auto problem = check_key("a private part's owner", part.owner, owner_bytes_max)) return problem;
    if (auto problem = check_key("a private part's key", part.key, row_key_bytes_max)) return problem;
    if (part.owner.find('\0') != std::string::npos) return invalid("a private part's owner holds a NUL byte");
    if (part.expires_at_ms < 0) return invalid("a private part expires before 1970");
    bool const bound = part.kind == PrivateKind::payload || part.kind == PrivateKind::evidence;
    if (bound && !is_bound(part)) return invalid("a payload's or evidence's key is not the SHA-256 of its salt and content");
    bytes += part.bytes.size();
  }
  for (auto const* rows : {&derived.state, &derived.history}) {
    for (RowChange const& row : *rows) {
      if (auto problem = check_key("a row's key", row.key, row_key_bytes_max)) return problem;
      bytes += row.key.size() + (row.value ? row.value->size() : 0);
    }
  }
  if (bytes > group_bytes_max) return invalid(fmt::format("the Group has {} bytes, at most {}", bytes, group_bytes_max));
  return std::nullopt;
}

}  // namespace sluice::log
