// Entries: an event and its time as canonical JSON, and back.
//
// Grammar of an entry: {"@":"<type>/<version>","at_ms":<ms>,"body":{…}}, RFC 8785 canonical. Members of the body are those the event
// lists in fields(). Money and 64-bit ids are decimal strings, counts and times integers, hashes 64 hexadecimal digits, regions six
// digits in a string, enumerators their names; an absent optional member is left out; a blob is written as its hash.
#pragma once

#include "policy/events/event.hpp"
#include "policy/hash.hpp"
#include "policy/json/fast_document.hpp"
#include "storage/log/group.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::log {

/// The entry's exact bytes. REQUIRES: an event that apply() accepted, so every member is in range; size ≤ entry_bytes_max.
std::string encode_entry(policy::Stamped const& stamped);

/// The blobs an event carries, appended; nothing for most events.
void collect_blobs(policy::Event const& event, std::vector<Blob>& blobs);

/// Gives the bytes of a blob, or null when they are not at hand.
using BlobSource = std::function<std::shared_ptr<std::string const>(policy::Hash const&)>;

/// Decodes entries. Keep one per thread: it owns the parser's buffers.
class EntryDecoder {
 public:
  /// Without a source, decoded events carry hashes only.
  explicit EntryDecoder(BlobSource blobs = {}) : parser_(entry_bytes_max), blobs_(std::move(blobs)) {}

  /// The event of one entry. Refuses whatever encode_entry would not have written, to the byte.
  /// Error: which member and what is wrong with it.
  std::expected<policy::Stamped, std::string> decode(std::string_view entry);

 private:
  json::FastParser parser_;
  BlobSource blobs_;
  std::string again_;
};

}  // namespace sluice::log
