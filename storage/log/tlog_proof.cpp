#include "storage/log/tlog_proof.hpp"

#include "storage/log/base64.hpp"
#include "storage/log/tile.hpp"
#include "storage/log/tree.hpp"
#include "storage/log/tree_hash.hpp"

#include <fmt/format.h>

#include <cassert>
#include <charconv>
#include <cstring>

namespace sluice::log {
namespace {

constexpr std::string_view header = "c2sp.org/tlog-proof@v1";
constexpr std::string_view extra_word = "extra ";
constexpr std::string_view index_word = "index ";
constexpr std::size_t hashes_max = 63;  ///< of a tree of up to 2^63 entries

/// Takes lines off a text and counts them.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  /// The next line without its newline; nullopt when no newline is left.
  std::optional<std::string_view> next() {
    std::size_t const end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view const line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }
  bool next_starts_with(std::string_view word) const { return rest_.starts_with(word); }
  std::string_view rest() const { return rest_; }
  std::unexpected<std::string> refuse(std::string_view what) const { return std::unexpected(fmt::format("line {}: {}", number_, what)); }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

std::optional<std::uint64_t> plain_number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const whole = error == std::errc() && end == text.data() + text.size();
  bool const plain = text.size() == 1 || !text.starts_with('0');
  return whole && plain ? std::optional(value) : std::nullopt;
}

std::optional<policy::Hash> hash_from_base64(std::string_view text) {
  auto const bytes = from_base64(text);
  policy::Hash hash;
  if (!bytes || bytes->size() != hash.bytes.size()) return std::nullopt;
  std::memcpy(hash.bytes.data(), bytes->data(), bytes->size());
  return hash;
}

}  // namespace

std::string format_tlog_proof(TlogProof const& proof) {
  std::string text(header);
  text += '\n';
  if (!proof.extra.empty()) text.append(extra_word).append(to_base64(policy::bytes_of(proof.extra))) += '\n';
  text.append(index_word).append(std::to_string(proof.index)) += '\n';
  for (policy::Hash const& hash : proof.hashes) text.append(to_base64(hash.bytes)) += '\n';
  text += '\n';
  text += proof.checkpoint;
  return text;
}

std::expected<TlogProof, std::string> parse_tlog_proof(std::string_view text) {
  if (text.size() > tlog_proof_bytes_max) return std::unexpected(fmt::format("longer than {} bytes", tlog_proof_bytes_max));
  Lines lines(text);
  TlogProof proof;
  if (lines.next() != header) return std::unexpected(fmt::format("line 1: is not \"{}\"", header));
  if (lines.next_starts_with(extra_word)) {
    auto const line = lines.next();
    auto extra = line ? from_base64(line->substr(extra_word.size())) : std::nullopt;
    if (!extra || extra->empty()) return lines.refuse("\"extra\" and then base64");
    proof.extra = std::move(*extra);
  }
  auto const index_line = lines.next();
  auto const index = index_line && index_line->starts_with(index_word) ? plain_number(index_line->substr(index_word.size())) : std::nullopt;
  if (!index) return lines.refuse("\"index\" and then a plain decimal is due here");
  proof.index = *index;
  for (auto line = lines.next();; line = lines.next()) {
    if (!line) return lines.refuse("the checkpoint is missing behind this line");
    if (line->empty()) break;
    auto const hash = hash_from_base64(*line);
    if (!hash) return lines.refuse("is not the base64 of a SHA-256 hash");
    if (proof.hashes.size() == hashes_max) return lines.refuse("more hashes than any tree is high");
    proof.hashes.push_back(*hash);
  }
  proof.checkpoint = lines.rest();
  if (auto const note = parse_note(proof.checkpoint); !note) return std::unexpected("the checkpoint: " + note.error());
  return proof;
}

std::expected<Checkpoint, std::string> verify_tlog_proof(TlogProof const& proof, std::string_view entry,
                                                         std::span<NoteVerifier const> verifiers) {
  auto checkpoint = open_checkpoint(proof.checkpoint, verifiers);
  if (!checkpoint) return std::unexpected("the checkpoint: " + checkpoint.error());
  if (proof.index >= checkpoint->size) {
    return std::unexpected(fmt::format("entry {} lies beyond the checkpoint's {} entries", proof.index, checkpoint->size));
  }
  auto const included = verify_inclusion(proof.hashes, proof.index, checkpoint->size, hash_leaf(entry), checkpoint->root);
  if (!included) return std::unexpected(fmt::format("entry {} is not in the log as it is said to be: {}", proof.index, included.error()));
  return checkpoint;
}

std::expected<TlogProof, std::string> prove_entry(LedgerReader const& view, Sequence index) {
  PublishedCheckpoint head = view.checkpoint();
  assert(index < head.size);
  NodeReader const node = node_reader(
      [&view](TileId const& tile) -> std::expected<std::string, std::string> {
        auto bytes = view.tile(tile);
        if (!bytes) return std::unexpected(bytes.error().message);
        if (!*bytes) return std::unexpected(tile_path(tile) + " is missing");
        return std::move(**bytes);
      },
      head.size);
  auto hashes = build_inclusion_proof(node, index, head.size);
  if (!hashes) return std::unexpected(hashes.error());
  return TlogProof{{}, index, std::move(*hashes), std::move(head.note)};
}

}  // namespace sluice::log
