// Reading and making the daemon's key files.
#include "broker/credentials.hpp"

#include "broker/secrets.hpp"
#include "policy/hash.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace sluice::broker {
namespace {

constexpr std::size_t file_bytes_max = 4'096;

std::expected<std::string, std::string> read_line(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    int const error = errno;
    return std::unexpected(path.string() + ": " + std::strerror(error) +
                           (error == ENOENT ? "; before the first start: sluiced --create-keys; later: restore it from its backup" : ""));
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > file_bytes_max) return std::unexpected(path.string() + ": too large for a key");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::expected<void, std::string> create(std::filesystem::path const& path, std::string const& text) {
  int const fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(path.string() + ": " + std::strerror(errno) + (errno == EEXIST ? "; keys are never overwritten" : ""));
  bool const whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!whole) return std::unexpected(path.string() + ": could not be written whole");
  return {};
}

}  // namespace

std::expected<OwnKeys, std::string> read_own_keys(std::filesystem::path const& directory, std::string const& log_key,
                                                  std::string const& master_key, std::string const& origin) {
  auto const text = read_line(directory / log_key);
  if (!text) return std::unexpected(text.error());
  auto signer = log::NoteSigner::parse(*text);
  if (!signer) return std::unexpected((directory / log_key).string() + ": " + signer.error());
  if (signer->name() != origin)
    return std::unexpected((directory / log_key).string() + ": this key signs for \"" + signer->name() + "\", log.origin is \"" + origin +
                           "\"");
  auto master = read_master_key(directory / master_key);
  if (!master) return std::unexpected(std::move(master.error()));
  return OwnKeys{std::move(*signer), std::move(*master)};
}

std::expected<std::string, std::string> read_master_key(std::filesystem::path const& file) {
  auto const digits = read_line(file);
  if (!digits) return std::unexpected(digits.error());
  auto const key = policy::hash_from_hex(*digits);
  if (!key) return std::unexpected(file.string() + ": a master key is 64 lower-case hexadecimal digits");
  return std::string(reinterpret_cast<char const*>(key->bytes.data()), key->bytes.size());
}

std::expected<void, std::string> create_own_keys(std::filesystem::path const& directory, std::string const& log_key,
                                                 std::string const& master_key, std::string const& origin) {
  if (!log::is_key_name(origin)) return std::unexpected("\"" + origin + "\" cannot be a log's origin: no blanks, no '+'");
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return std::unexpected(directory.string() + ": " + failed.message());
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failed);
  log::NoteSigner const signer(origin, log::Ed25519Key::generate());
  if (auto const done = create(directory / log_key, signer.private_text() + '\n'); !done) return done;
  std::string const master = random_bytes(32);
  return create(directory / master_key, policy::to_hex(policy::bytes_of(master)) + '\n');
}

}  // namespace sluice::broker
