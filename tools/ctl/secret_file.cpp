// open(O_EXCL), write, fsync.
#include "tools/ctl/secret_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::ctl {

Result<SecretFile> SecretFile::create(std::string path) {
  int const descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return fail(ExitCode::usage, fmt::format("Cannot create {}: {}.", path, std::strerror(errno)),
                "Give a new file in a folder you may write to.");
  return SecretFile(std::move(path), descriptor);
}

SecretFile::SecretFile(SecretFile&& other) noexcept : path_(std::move(other.path_)), descriptor_(other.descriptor_), kept_(other.kept_) {
  other.descriptor_ = -1;
}

SecretFile::~SecretFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!kept_) ::unlink(path_.c_str());
}

Result<bool> SecretFile::keep(std::string_view secret) {
  // From here on the file stays, whatever happens: part of a secret is better than none.
  kept_ = true;
  while (!secret.empty()) {
    auto const written = ::write(descriptor_, secret.data(), secret.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      return fail(ExitCode::failure, fmt::format("Cannot write {}: {}.", path_, std::strerror(errno)), "Revoke the key and issue another.");
    secret.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor_) != 0 && errno != EINVAL)
    return fail(ExitCode::failure, fmt::format("Cannot sync {}: {}.", path_, std::strerror(errno)), "Revoke the key and issue another.");
  return true;
}

}  // namespace sluice::ctl
