// What an account shows a cluster to be believed, read from files and reloaded when they change.
#pragma once

#include "connectors/secret.hpp"

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::connectors {

/// Named secrets of one account: {"token"}, {"user","token"}, {"access_key","secret_key"} as the protocol asks.
/// `version` changes whenever a value does, so that refused credentials are not shown again until they were replaced.
struct Credentials {
  std::string account;  ///< the file's name, for messages; no secret
  std::uint64_t version = 0;
  std::map<std::string, Secret, std::less<>> values;

  /// nullptr when there is none of that name.
  Secret const* find(std::string_view name) const;
};

/// Reads one credential file: either a single line (the value "token"), or lines "name = value". At most 64 KiB.
/// Error: file and what is wrong, never a value.
std::expected<Credentials, std::string> read_credentials(std::filesystem::path const& file);

/// Where a Connector gets credentials from, asked before each conversation. Called on the loop.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// The account's present credentials. Error: what is wrong, never a value.
  virtual std::expected<std::shared_ptr<Credentials const>, std::string> credentials(std::string_view account) = 0;
};

/// Files in one directory (systemd's $CREDENTIALS_DIRECTORY), the account's credential name being the file name. A file is
/// read again when it was written to or another took its place.
class CredentialDirectory : public CredentialSource {
 public:
  explicit CredentialDirectory(std::filesystem::path directory);
  ~CredentialDirectory() override;
  std::expected<std::shared_ptr<Credentials const>, std::string> credentials(std::string_view account) override;

 private:
  struct Identity;
  struct Entry;
  std::filesystem::path directory_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sluice::connectors
