// One encryption key per owner, each in a file of its own: destroying the file destroys what it opened.
#pragma once

#include "storage/rocks/seal.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace sluice::rocks {

constexpr std::size_t key_id_bytes = 16;

/// A key and the random name under which sealed parts refer to it.
struct OwnerKey {
  std::string id;  ///< key_id_bytes
  SecretKey key;
};

/// What a sealed part's key id stands for now.
enum class KeyFate : std::uint8_t {
  present,
  erased,  ///< destroyed on purpose
  lost,    ///< neither there nor known to be erased: damage
};

/// Files, named by SHA-256 of the owner:
///   <hex>.key     "SLK1" ‖ key id ‖ seal(master key, key)    AAD: "SLK1" ‖ key id ‖ <hex>
///   <hex>.erased  the ids of destroyed keys, in order
///   master.check  seal(master key, "")                        tells a wrong master key at open
/// Thread-safe.
class KeyStore {
 public:
  struct Error {
    enum class Kind : std::uint8_t { io, missing, wrong_master_key };
    Kind kind = Kind::io;
    std::string message;  ///< what, where, what to do
  };
  /// `create`: makes the directory (0700) and the check file if need be; only a ledger that has sealed nothing yet may want that.
  /// Error: unreadable, not there, or sealed under another master key.
  static std::expected<std::unique_ptr<KeyStore>, Error> open(std::string const& directory, SecretKey const& master, bool create);

  /// The owner's key; a new one is on disk, file and directory synced, before this returns.
  std::expected<OwnerKey, std::string> key_for_writing(std::string_view owner);

  struct Found {
    KeyFate fate = KeyFate::lost;
    SecretKey key;  ///< when present
  };
  /// The key of this id.
  std::expected<Found, std::string> find(std::string_view owner, std::string_view id);

  /// Notes the key's id as erased, then overwrites and unlinks its file; durable on return. Success when there is no key.
  std::expected<void, std::string> erase(std::string_view owner);

 private:
  KeyStore(std::string directory, SecretKey const& master) : directory_(std::move(directory)), master_(master) {}
  std::string path(std::string_view owner, char const* suffix) const;
  std::expected<std::optional<OwnerKey>, std::string> load(std::string_view owner);

  std::string directory_;
  SecretKey master_;
  std::mutex mutex_;
  std::map<std::string, OwnerKey, std::less<>> cache_;
};

/// Whether owners' keys, or the ids of erased ones, lie in `directory`: a ledger has been here.
bool holds_owner_keys(std::string const& directory);

/// Seals every key file in `directory` under `next` instead of `current`. After an interruption run it again with the same keys.
/// An unlinked key that a disk may still hold can no longer be opened once the old master key is destroyed.
std::expected<std::size_t, std::string> rewrap_keys(std::string const& directory, SecretKey const& current, SecretKey const& next);

}  // namespace sluice::rocks
