// A large value that an entry names by hash and an event carries whole, shared and never copied.
#pragma once

#include "policy/hash.hpp"

#include <memory>
#include <string>
#include <utility>

namespace sluice::policy {

/// Immutable bytes with their SHA-256. In an entry only the hash is written; the bytes are a blob of the same Group.
struct SharedBytes {
  Hash hash;
  std::shared_ptr<std::string const> bytes;  ///< null when a reader has not resolved the blob

  static SharedBytes of(std::string content) {
    Hash hash = sha256(content);
    return {hash, std::make_shared<std::string const>(std::move(content))};
  }
  bool operator==(SharedBytes const& other) const { return hash == other.hash; }
};

}  // namespace sluice::policy
