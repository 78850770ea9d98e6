// A new file that only its owner can read, made before the secret exists.
#pragma once

#include "tools/ctl/failure.hpp"

#include <string>
#include <string_view>

namespace sluice::ctl {

class SecretFile {
 public:
  /// Creates the file with mode 0600; refuses one that exists.
  static Result<SecretFile> create(std::string path);
  ~SecretFile();  ///< removes the file again unless it was kept
  SecretFile(SecretFile&& other) noexcept;
  SecretFile& operator=(SecretFile&&) = delete;

  /// Writes and syncs the secret.
  Result<bool> keep(std::string_view secret);

 private:
  SecretFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::string path_;
  int descriptor_;
  bool kept_ = false;
};

}  // namespace sluice::ctl
