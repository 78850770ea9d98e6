// A large value that an entry names by hash and an event carries whole, shared and never copied.
#pragma once

#include <memory>
#include <string>

#include "policy/hash.hpp"

namespace sluice::policy {

/// Immutable bytes with their SHA-256. In an entry only the hash is written; the bytes are a blob of the same Group.
struct SharedBytes {
  Hash hash;
  std::shared_ptr<const std::string> bytes;  ///< null when a reader has not resolved the blob

  static SharedBytes of(std::string content) {
    Hash hash = sha256(content);
    return {hash, std::make_shared<const std::string>(std::move(content))};
  }
  bool operator==(const SharedBytes& other) const { return hash == other.hash; }
};

}  // namespace sluice::policy
