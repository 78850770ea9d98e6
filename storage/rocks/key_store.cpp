#include "storage/rocks/key_store.hpp"

#include "policy/hash.hpp"
#include "storage/log/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sluice::rocks {
namespace {

using log::Durability;

constexpr std::string_view key_magic = "SLK1";
constexpr std::size_t key_file_bytes = 4 + key_id_bytes + 32 + seal_overhead;
constexpr std::size_t erased_file_bytes_max = key_id_bytes * 65'536;
constexpr std::string_view check_aad = "SLK1 master key check";

std::string hex_of(std::string_view owner) { return policy::to_hex(policy::sha256(owner)); }

std::string associated(std::string_view id, std::string_view hex) { return fmt::format("{}{}{}", key_magic, id, hex); }

std::string encode(SecretKey const& master, OwnerKey const& key, std::string_view hex) {
  std::string bytes(key_magic);
  bytes += key.id;
  bytes += seal(master, key.key.text(), associated(key.id, hex));
  return bytes;
}

std::expected<OwnerKey, std::string> decode(SecretKey const& master, std::string_view bytes, std::string_view hex,
                                            std::string const& path) {
  if (bytes.size() != key_file_bytes || !bytes.starts_with(key_magic))
    return std::unexpected(fmt::format("owner key {}: not a key file", path));
  OwnerKey key;
  key.id = bytes.substr(key_magic.size(), key_id_bytes);
  auto plain = unseal(master, bytes.substr(key_magic.size() + key_id_bytes), associated(key.id, hex));
  if (!plain) return std::unexpected(fmt::format("owner key {}: damaged, or sealed under another master key", path));
  auto const secret = SecretKey::from_bytes(*plain);
  explicit_bzero(plain->data(), plain->size());
  if (!secret) return std::unexpected(fmt::format("owner key {}: not a 256-bit key", path));
  key.key = *secret;
  return key;
}

std::expected<std::string, std::string> read_erased(std::string const& path) {
  auto bytes = log::read_file(path, erased_file_bytes_max);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::string{};
  if ((*bytes)->size() % key_id_bytes != 0) return std::unexpected(fmt::format("{}: not a list of key ids", path));
  return std::move(**bytes);
}

bool lists(std::string_view ids, std::string_view id) {
  for (; !ids.empty(); ids.remove_prefix(key_id_bytes)) {
    if (ids.starts_with(id)) return true;
  }
  return false;
}

// Zeros first: on most disks that leaves less behind than unlinking alone. What makes an old key worthless is rewrap_keys.
std::expected<void, std::string> destroy(std::string const& path) {
  int const fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno != ENOENT) return std::unexpected(fmt::format("open {}: {}", path, std::strerror(errno)));
  if (fd >= 0) {
    std::string const zeros(key_file_bytes, '\0');
    bool const overwritten = ::pwrite(fd, zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()) && ::fdatasync(fd) == 0;
    int const error = errno;
    ::close(fd);
    if (!overwritten) return std::unexpected(fmt::format("overwrite {}: {}", path, std::strerror(error)));
    if (::unlink(path.c_str()) != 0) return std::unexpected(fmt::format("delete {}: {}", path, std::strerror(errno)));
  }
  return log::sync_directory(std::filesystem::path(path).parent_path().string());
}

}  // namespace

std::string KeyStore::path(std::string_view owner, char const* suffix) const { return directory_ + "/" + hex_of(owner) + suffix; }

std::expected<std::unique_ptr<KeyStore>, KeyStore::Error> KeyStore::open(std::string const& directory, SecretKey const& master,
                                                                         bool create) {
  using Kind = Error::Kind;
  if (create && ::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(Error{Kind::io, fmt::format("create key directory {}: {}", directory, std::strerror(errno))});
  }
  std::string const check = directory + "/master.check";
  auto const sealed = log::read_file(check, 4096);
  if (!sealed) return std::unexpected(Error{Kind::io, sealed.error()});
  if (*sealed) {
    if (!unseal(master, **sealed, check_aad)) {
      return std::unexpected(Error{Kind::wrong_master_key, fmt::format("{}: the keys in this directory are sealed under another master "
                                                                       "key; give the one they were made under",
                                                                       check)});
    }
  } else if (!create || holds_owner_keys(directory)) {
    return std::unexpected(Error{Kind::missing, fmt::format("{}: not there, and without the owners' keys private parts cannot be opened; "
                                                            "restore the key directory from its backup",
                                                            check)});
  } else if (auto written = log::write_file(check, seal(master, "", check_aad), Durability::synced, 0600); !written) {
    return std::unexpected(Error{Kind::io, written.error()});
  }
  return std::unique_ptr<KeyStore>(new KeyStore(directory, master));
}

bool holds_owner_keys(std::string const& directory) {
  std::error_code problem;
  for (std::filesystem::directory_iterator file(directory, problem), end; !problem && file != end; file.increment(problem)) {
    std::string const extension = file->path().extension().string();
    if (extension == ".key" || extension == ".erased") return true;
  }
  return false;
}

// From the cache or the disk; a key whose erasure was interrupted counts as gone.
std::expected<std::optional<OwnerKey>, std::string> KeyStore::load(std::string_view owner) {
  if (auto const cached = cache_.find(owner); cached != cache_.end()) return cached->second;
  std::string const file = path(owner, ".key");
  auto const bytes = log::read_file(file, key_file_bytes);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  auto const erased = read_erased(path(owner, ".erased"));
  if (!erased) return std::unexpected(erased.error());
  if ((*bytes)->size() == key_file_bytes && lists(*erased, std::string_view(**bytes).substr(key_magic.size(), key_id_bytes)))
    return std::nullopt;
  // Overwritten but not yet unlinked: the id is zeros too. Only an owner with erasures can be in that state.
  if (!erased->empty() && **bytes == std::string(key_file_bytes, '\0')) return std::nullopt;
  auto key = decode(master_, **bytes, hex_of(owner), file);
  if (!key) return std::unexpected(key.error());
  cache_.emplace(owner, *key);
  return *key;
}

std::expected<OwnerKey, std::string> KeyStore::key_for_writing(std::string_view owner) {
  std::scoped_lock const lock(mutex_);
  auto known = load(owner);
  if (!known) return std::unexpected(known.error());
  if (*known) return **known;
  OwnerKey key{random_bytes(key_id_bytes), SecretKey::generate()};
  std::string const hex = hex_of(owner);
  if (auto written = log::write_file(path(owner, ".key"), encode(master_, key, hex), Durability::synced, 0600); !written) {
    return std::unexpected("owner key: " + written.error());
  }
  cache_.emplace(owner, key);
  return key;
}

std::expected<KeyStore::Found, std::string> KeyStore::find(std::string_view owner, std::string_view id) {
  std::scoped_lock const lock(mutex_);
  auto known = load(owner);
  if (!known) return std::unexpected(known.error());
  if (*known && (*known)->id == id) return Found{KeyFate::present, (*known)->key};
  auto const erased = read_erased(path(owner, ".erased"));
  if (!erased) return std::unexpected(erased.error());
  return Found{lists(*erased, id) ? KeyFate::erased : KeyFate::lost, {}};
}

std::expected<void, std::string> KeyStore::erase(std::string_view owner) {
  std::scoped_lock const lock(mutex_);
  auto known = load(owner);
  if (!known) return std::unexpected(known.error());
  if (*known) {
    std::string const list = path(owner, ".erased");
    auto erased = read_erased(list);
    if (!erased) return std::unexpected(erased.error());
    if (auto written = log::write_file(list, *erased + (*known)->id, Durability::synced, 0600); !written) return written;
  }
  if (auto const cached = cache_.find(owner); cached != cache_.end()) cache_.erase(cached);
  return destroy(path(owner, ".key"));
}

std::expected<std::size_t, std::string> rewrap_keys(std::string const& directory, SecretKey const& current, SecretKey const& next) {
  std::size_t rewrapped = 0;
  std::error_code problem;
  for (std::filesystem::directory_iterator file(directory, problem), end; !problem && file != end; file.increment(problem)) {
    if (file->path().extension() != ".key") continue;
    std::string const path = file->path().string();
    std::string const hex = file->path().stem().string();
    auto const bytes = log::read_file(path, key_file_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) continue;
    if (decode(next, **bytes, hex, path)) continue;  // done before an interruption
    auto const key = decode(current, **bytes, hex, path);
    if (!key) return std::unexpected(key.error());
    if (auto written = log::write_file(path, encode(next, *key, hex), Durability::synced, 0600); !written)
      return std::unexpected(written.error());
    ++rewrapped;
  }
  if (problem) return std::unexpected(fmt::format("read key directory {}: {}", directory, problem.message()));
  if (auto written = log::write_file(directory + "/master.check", seal(next, "", check_aad), Durability::synced, 0600); !written) {
    return std::unexpected(written.error());
  }
  return rewrapped;
}

}  // namespace sluice::rocks
