// C2SP signed notes: a text that anyone holding a verifier key can check.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/ed25519.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::log {

constexpr std::size_t note_bytes_max = 1'000'000;
constexpr std::size_t note_signatures_max = 100;  ///< readers must take at least 16

/// Signature algorithm bytes of the signed-note and tlog-cosignature specs.
constexpr std::uint8_t algorithm_ed25519 = 0x01;

/// Not empty, UTF-8, without white space, control characters or '+'.
bool is_key_name(std::string_view name);

/// First four bytes of SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key), big-endian.
std::uint32_t note_key_id(std::string_view name, std::uint8_t algorithm, policy::Bytes public_key);

/// Who may sign: `name+8 hex digits+base64(0x01 ‖ public key)`.
class NoteVerifier {
 public:
  /// REQUIRES: is_key_name(name).
  NoteVerifier(std::string name, Ed25519Public const& key);
  /// Reads a verifier key line. Error: what is wrong with it; an algorithm other than Ed25519 is named.
  static std::expected<NoteVerifier, std::string> parse(std::string_view vkey);

  std::string const& name() const { return name_; }
  std::uint32_t key_id() const { return key_id_; }
  std::string to_string() const;
  bool verify(std::string_view text, std::string_view signature) const;

 private:
  std::string name_;
  Ed25519Verifier key_;
  std::uint32_t key_id_ = 0;
};

/// A named private key.
class NoteSigner {
 public:
  /// REQUIRES: is_key_name(name).
  NoteSigner(std::string name, Ed25519Key key);
  /// Reads `PRIVATE+KEY+name+8 hex digits+base64(0x01 ‖ seed)`. The error never repeats the text.
  static std::expected<NoteSigner, std::string> parse(std::string_view skey);

  std::string const& name() const { return verifier_.name(); }
  NoteVerifier const& verifier() const { return verifier_; }
  std::string sign(std::string_view text) const;
  /// The line parse() reads. Secret: for a key file with mode 0600 only.
  std::string private_text() const;

 private:
  Ed25519Key key_;
  NoteVerifier verifier_;
};

/// One signature line, its base64 undone.
struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string bytes;  ///< what follows the key id: 64 bytes for Ed25519
};

/// A note as read, nothing verified.
struct Note {
  std::string text;  ///< ends with a newline, which is signed too
  std::vector<NoteSignature> signatures;
};

/// Reads a note's form. Error: what is wrong, and where.
std::expected<Note, std::string> parse_note(std::string_view bytes);

/// `text` followed by one signature line per signer. REQUIRES: text is UTF-8 without control characters and ends with a newline.
std::string sign_note(std::string_view text, std::span<NoteSigner const> signers);
inline std::string sign_note(std::string_view text, NoteSigner const& signer) { return sign_note(text, {&signer, 1}); }

/// A note whose signatures by known keys are all good, and at least one is.
struct OpenedNote {
  Note note;
  std::vector<std::size_t> signed_by;  ///< positions in `verifiers`, each once, in the order of the lines
};

/// Reads and verifies. Unknown keys are ignored; a known key's wrong signature, or none by a known key, is an error.
std::expected<OpenedNote, std::string> open_note(std::string_view bytes, std::span<NoteVerifier const> verifiers);

}  // namespace sluice::log
