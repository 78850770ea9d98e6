// C2SP tlog-checkpoint: the text that names a log, its size and its root.
#pragma once

#include "policy/hash.hpp"
#include "storage/log/note.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::log {

/// A tree head. `extensions` are further lines, none of them empty; our log writes none.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  policy::Hash root;
  std::vector<std::string> extensions;
};

/// "origin\nsize\nbase64 root\n" and the extension lines.
std::string checkpoint_body(Checkpoint const& checkpoint);

/// Reads a body. Error: which line is wrong and how. Sizes go to 2^63 - 1.
std::expected<Checkpoint, std::string> parse_checkpoint(std::string_view body);

/// A checkpoint as a note by `signer`, whose name is the log's origin.
std::string sign_checkpoint(NoteSigner const& signer, std::uint64_t size, policy::Hash const& root);

/// Verifies a note and reads its checkpoint. At least one good signature must be by a key whose name is the origin:
/// a witness alone does not make a checkpoint.
std::expected<Checkpoint, std::string> open_checkpoint(std::string_view note, std::span<NoteVerifier const> verifiers);

}  // namespace sluice::log
