// The daemon's own secrets: the key that signs the log, and the master key that wraps the tenants' keys.
#pragma once

#include "storage/log/note.hpp"

#include <expected>
#include <filesystem>
#include <string>

namespace sluice::broker {

/// What the credentials folder holds for the daemon itself.
struct OwnKeys {
  log::NoteSigner signer;
  std::string master_key;  ///< 32 bytes
};

/// Reads `PRIVATE+KEY+…` from `log_key` and 64 hexadecimal digits from `master_key`. The signer's name must be the log's origin.
/// Error: which file and what is wrong with it, never a value.
std::expected<OwnKeys, std::string> read_own_keys(std::filesystem::path const& directory, std::string const& log_key,
                                                  std::string const& master_key, std::string const& origin);

/// The 32 bytes of a master key's file: 64 hexadecimal digits. Error: what is wrong with the file, never a value.
std::expected<std::string, std::string> read_master_key(std::filesystem::path const& file);

/// Creates both files, mode 0600, in a folder that exists or is made (0700). Error: a file is there already, or the system refused.
std::expected<void, std::string> create_own_keys(std::filesystem::path const& directory, std::string const& log_key,
                                                 std::string const& master_key, std::string const& origin);

}  // namespace sluice::broker
