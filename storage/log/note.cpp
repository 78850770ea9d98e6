#include "storage/log/note.hpp"

#include "storage/log/base64.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>

namespace sluice::log {
namespace {

constexpr std::string_view signature_start = "\xE2\x80\x94 ";  // em dash and space

// One code point of well-formed UTF-8 (no surrogates, no overlong form), or nullopt.
std::optional<char32_t> take_code_point(std::string_view& text) {
  auto const byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::uint8_t const lead = byte(0);
  std::size_t const length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  char32_t value = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  if (length == 3 && (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF))) return std::nullopt;
  if (length == 4 && (value < 0x10000 || value > 0x10FFFF)) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

// Unicode's White_Space property, as Go's unicode.IsSpace: key names must survive being split at spaces.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::array<std::uint8_t, 4> be32(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value)};
}

// name+hhhhhhhh+base64: the shape that verifier keys and, after their marker, private keys share.
struct KeyText {
  std::string name;
  std::uint32_t key_id = 0;
  std::uint8_t algorithm = 0;
  std::string key;
  KeyText() = default;
  KeyText(KeyText&&) = default;
  KeyText& operator=(KeyText&&) = default;
  ~KeyText() { OPENSSL_cleanse(key.data(), key.size()); }
};

std::expected<KeyText, std::string> parse_key_text(std::string_view text) {
  KeyText parsed;
  std::size_t const first = text.find('+');
  std::size_t const second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return std::unexpected("a key is written name+8 hex digits+base64");
  parsed.name = text.substr(0, first);
  if (!is_key_name(parsed.name)) return std::unexpected("a key name is not empty and has no spaces, control characters or '+'");
  std::string_view const id = text.substr(first + 1, second - first - 1);
  if (id.size() != 8) return std::unexpected("a key id is 8 hexadecimal digits");
  for (char c : id) {
    auto const digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::unexpected("a key id is 8 lower-case hexadecimal digits");
    parsed.key_id = parsed.key_id << 4 | static_cast<std::uint32_t>(digit);
  }
  auto key = from_base64(text.substr(second + 1));
  if (!key || key->empty()) return std::unexpected("the key is not base64");
  parsed.algorithm = static_cast<std::uint8_t>(key->front());
  parsed.key = key->substr(1);
  OPENSSL_cleanse(key->data(), key->size());
  if (parsed.algorithm != algorithm_ed25519) {
    return std::unexpected(fmt::format("the key's algorithm is 0x{:02x}; only 0x01 (Ed25519) is known", parsed.algorithm));
  }
  if (parsed.key.size() != 32) return std::unexpected(fmt::format("an Ed25519 key has 32 bytes, got {}", parsed.key.size()));
  return parsed;
}

std::expected<NoteSignature, std::string> parse_signature_line(std::string_view line) {
  if (!line.starts_with(signature_start)) return std::unexpected("does not begin with an em dash and a space");
  line.remove_prefix(signature_start.size());
  std::size_t const space = line.find(' ');
  if (space == std::string_view::npos) return std::unexpected("has no space between name and signature");
  NoteSignature signature;
  signature.name = line.substr(0, space);
  if (!is_key_name(signature.name)) return std::unexpected("has an invalid key name");
  auto const bytes = from_base64(line.substr(space + 1));
  if (!bytes) return std::unexpected("is not base64");
  if (bytes->size() < 5) return std::unexpected("holds less than a key id and a signature");
  for (std::size_t i = 0; i < 4; ++i) signature.key_id = signature.key_id << 8 | static_cast<std::uint8_t>((*bytes)[i]);
  signature.bytes = bytes->substr(4);
  return signature;
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    auto const c = take_code_point(name);
    if (!c || *c < 0x20 || *c == 0x7F || *c == U'+' || is_space(*c)) return false;
  }
  return true;
}

std::uint32_t note_key_id(std::string_view name, std::uint8_t algorithm, policy::Bytes public_key) {
  std::array<std::uint8_t, 2> const separator{0x0A, algorithm};
  policy::Hash const hash = policy::Sha256().update(name).update(policy::Bytes{separator}).update(public_key).finish();
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) id = id << 8 | hash.bytes[i];
  return id;
}

NoteVerifier::NoteVerifier(std::string name, Ed25519Public const& key)
    : name_(std::move(name)), key_(key), key_id_(note_key_id(name_, algorithm_ed25519, key)) {
  assert(is_key_name(name_));
}

std::expected<NoteVerifier, std::string> NoteVerifier::parse(std::string_view vkey) {
  auto parsed = parse_key_text(vkey);
  if (!parsed) return std::unexpected("verifier key: " + parsed.error());
  Ed25519Public key;
  std::memcpy(key.data(), parsed->key.data(), key.size());
  NoteVerifier verifier(std::move(parsed->name), key);
  if (verifier.key_id_ != parsed->key_id) {
    return std::unexpected(
        fmt::format("verifier key: the id {:08x} does not belong to this name and key ({:08x} does)", parsed->key_id, verifier.key_id_));
  }
  return verifier;
}

std::string NoteVerifier::to_string() const {
  std::string key(1, static_cast<char>(algorithm_ed25519));
  key.append(reinterpret_cast<char const*>(key_.public_key().data()), key_.public_key().size());
  return fmt::format("{}+{:08x}+{}", name_, key_id_, to_base64(policy::bytes_of(key)));
}

bool NoteVerifier::verify(std::string_view text, std::string_view signature) const {
  return key_.verify(policy::bytes_of(text), policy::bytes_of(signature));
}

NoteSigner::NoteSigner(std::string name, Ed25519Key key) : key_(std::move(key)), verifier_(std::move(name), key_.public_key()) {}

std::expected<NoteSigner, std::string> NoteSigner::parse(std::string_view skey) {
  constexpr std::string_view marker = "PRIVATE+KEY+";
  if (!skey.starts_with(marker)) return std::unexpected("private key: it begins with PRIVATE+KEY+");
  auto parsed = parse_key_text(skey.substr(marker.size()));
  if (!parsed) return std::unexpected("private key: " + parsed.error());
  auto key = Ed25519Key::from_seed(policy::bytes_of(parsed->key));
  assert(key);
  NoteSigner signer(std::move(parsed->name), std::move(*key));
  if (signer.verifier_.key_id() != parsed->key_id) return std::unexpected("private key: its id does not belong to its name and key");
  return signer;
}

std::string NoteSigner::sign(std::string_view text) const {
  Ed25519Signature const signature = key_.sign(policy::bytes_of(text));
  return {reinterpret_cast<char const*>(signature.data()), signature.size()};
}

std::string NoteSigner::private_text() const {
  std::string key(1, static_cast<char>(algorithm_ed25519));
  std::string seed = key_.seed();
  key += seed;
  std::string text = fmt::format("PRIVATE+KEY+{}+{:08x}+{}", name(), verifier_.key_id(), to_base64(policy::bytes_of(key)));
  OPENSSL_cleanse(seed.data(), seed.size());
  OPENSSL_cleanse(key.data(), key.size());
  return text;
}

std::expected<Note, std::string> parse_note(std::string_view bytes) {
  if (bytes.size() > note_bytes_max) return std::unexpected(fmt::format("signed note: {} bytes, at most {}", bytes.size(), note_bytes_max));
  for (std::string_view rest = bytes; !rest.empty();) {
    std::size_t const offset = bytes.size() - rest.size();
    auto const c = take_code_point(rest);
    if (!c) return std::unexpected(fmt::format("signed note: byte {} is not UTF-8", offset));
    if (*c < 0x20 && *c != U'\n') return std::unexpected(fmt::format("signed note: byte {} is a control character", offset));
  }
  if (!bytes.ends_with('\n')) return std::unexpected("signed note: it does not end with a newline");
  std::size_t const split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) return std::unexpected("signed note: no empty line between text and signatures");
  Note note;
  note.text = bytes.substr(0, split + 1);
  std::string_view lines = bytes.substr(split + 2);
  while (!lines.empty()) {
    std::size_t const offset = bytes.size() - lines.size();
    std::size_t const end = lines.find('\n');
    auto signature = parse_signature_line(lines.substr(0, end));
    if (!signature) return std::unexpected(fmt::format("signed note: the signature line at byte {} {}", offset, signature.error()));
    if (note.signatures.size() == note_signatures_max) {
      return std::unexpected(fmt::format("signed note: more than {} signatures", note_signatures_max));
    }
    note.signatures.push_back(std::move(*signature));
    lines.remove_prefix(end + 1);
  }
  if (note.signatures.empty()) return std::unexpected("signed note: it has no signature");
  return note;
}

std::string sign_note(std::string_view text, std::span<NoteSigner const> signers) {
  assert(text.ends_with('\n'));
  std::string note(text);
  note += '\n';
  for (NoteSigner const& signer : signers) {
    auto const id = be32(signer.verifier().key_id());
    std::string bytes(id.begin(), id.end());
    bytes += signer.sign(text);
    note += signature_start;
    note += signer.name();
    note += ' ';
    note += to_base64(policy::bytes_of(bytes));
    note += '\n';
  }
  return note;
}

std::expected<OpenedNote, std::string> open_note(std::string_view bytes, std::span<NoteVerifier const> verifiers) {
  auto note = parse_note(bytes);
  if (!note) return std::unexpected(note.error());
  OpenedNote opened{std::move(*note), {}};
  for (NoteSignature const& signature : opened.note.signatures) {
    for (std::size_t i = 0; i < verifiers.size(); ++i) {
      NoteVerifier const& verifier = verifiers[i];
      if (verifier.key_id() != signature.key_id || verifier.name() != signature.name) continue;
      if (!verifier.verify(opened.note.text, signature.bytes)) {
        return std::unexpected(fmt::format("signed note: the signature by {}+{:08x} is wrong", signature.name, signature.key_id));
      }
      if (std::ranges::find(opened.signed_by, i) == opened.signed_by.end()) opened.signed_by.push_back(i);
    }
  }
  if (opened.signed_by.empty()) return std::unexpected("signed note: no signature by a known key");
  return opened;
}

}  // namespace sluice::log
