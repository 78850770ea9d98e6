#include "connectors/credentials.hpp"

#include "policy/hash.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <system_error>

namespace sluice::connectors {
namespace {

constexpr std::uintmax_t file_bytes_max = 64u << 10;

std::string_view trimmed(std::string_view text) {
  auto const blank = [](char each) { return each == ' ' || each == '\t' || each == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char each) { return (each >= 'a' && each <= 'z') || each == '_'; });
}

/// The parts of "name = value"; nullopt when the line is a bare token (which may itself hold '=').
std::optional<std::pair<std::string_view, std::string_view>> named_value(std::string_view line) {
  std::size_t const equals = line.find(" = ");
  if (equals == std::string_view::npos) return std::nullopt;
  std::string_view const name = trimmed(line.substr(0, equals));
  if (!is_key(name)) return std::nullopt;
  return std::pair{name, trimmed(line.substr(equals + 3))};
}

}  // namespace

Secret const* Credentials::find(std::string_view name) const {
  auto const found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

std::expected<Credentials, std::string> read_credentials(std::filesystem::path const& file) {
  auto const fail = [&file](std::string const& what) { return std::unexpected(file.string() + ": " + what); };
  std::error_code error;
  std::uintmax_t const size = std::filesystem::file_size(file, error);
  if (error) return fail("cannot be read (" + error.message() + "); put the account's credential there");
  if (size > file_bytes_max) return fail("is larger than 64 KiB; a credential is a token or lines of 'name = value'");
  std::ifstream stream(file, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream && !text.empty()) return fail("cannot be read; check its owner and mode");

  Credentials credentials;
  credentials.account = file.filename().string();
  policy::Hash const hash = policy::sha256(text);
  for (std::size_t index = 0; index < 8; ++index) credentials.version = credentials.version << 8 | hash.bytes[index];

  std::size_t number = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t const end = std::min(rest.find('\n'), rest.size());
    std::string_view const line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    if (std::any_of(line.begin(), line.end(), [](char each) { return static_cast<unsigned char>(each) < 0x20 || each == 0x7f; })) {
      return fail("line " + std::to_string(number) + " holds a control character");
    }
    auto const named = named_value(line);
    std::string_view const name = named ? named->first : std::string_view("token");
    if (!credentials.values.emplace(name, Secret(std::string(named ? named->second : line))).second) {
      return fail("line " + std::to_string(number) + ": a second value of the same name; write one token, or lines of 'name = value'");
    }
  }
  Secret(std::move(text));  // wiped
  if (credentials.values.empty()) return fail("is empty; put the account's credential there");
  return credentials;
}

/// What changes when a file is written to or another takes its place, even one of the same size and time.
struct CredentialDirectory::Identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_s = 0;
  std::int64_t changed_ns = 0;
  bool operator==(Identity const&) const = default;

  static std::optional<Identity> of(std::filesystem::path const& file) {
    struct stat found{};
    if (::stat(file.c_str(), &found) != 0) return std::nullopt;
    return Identity{.device = found.st_dev,
                    .inode = found.st_ino,
                    .size = found.st_size,
                    .modified_s = found.st_mtim.tv_sec,
                    .modified_ns = found.st_mtim.tv_nsec,
                    .changed_s = found.st_ctim.tv_sec,
                    .changed_ns = found.st_ctim.tv_nsec};
  }
};

struct CredentialDirectory::Entry {
  Identity identity;
  std::shared_ptr<Credentials const> credentials;
};

CredentialDirectory::CredentialDirectory(std::filesystem::path directory) : directory_(std::move(directory)) {}
CredentialDirectory::~CredentialDirectory() = default;

std::expected<std::shared_ptr<Credentials const>, std::string> CredentialDirectory::credentials(std::string_view account) {
  bool const sound = !account.empty() && account.size() <= 255 && account.front() != '.' && account.find('/') == std::string_view::npos &&
                     account.find('\0') == std::string_view::npos;
  if (!sound) return std::unexpected("a credential name is a file name without '/' that does not begin with '.'");
  std::filesystem::path const file = directory_ / account;
  auto const identity = Identity::of(file);  // taken before it is read: a change in between is seen the next time
  auto const known = entries_.find(account);
  if (identity && known != entries_.end() && known->second.identity == *identity) return known->second.credentials;
  if (known != entries_.end()) entries_.erase(known);
  auto read = read_credentials(file);
  if (!read) return std::unexpected(read.error());
  auto shared = std::make_shared<Credentials const>(std::move(*read));
  if (identity) entries_.emplace(std::string(account), Entry{*identity, shared});
  return shared;
}

}  // namespace sluice::connectors
