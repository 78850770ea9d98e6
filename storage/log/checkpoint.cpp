#include "storage/log/checkpoint.hpp"

#include "storage/log/base64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>
#include <limits>

namespace sluice::log {

std::string checkpoint_body(Checkpoint const& checkpoint) {
  std::string body = fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, to_base64(policy::Bytes{checkpoint.root.bytes}));
  for (std::string const& line : checkpoint.extensions) {
    assert(!line.empty() && line.find('\n') == std::string::npos);
    body += line;
    body += '\n';
  }
  return body;
}

std::expected<Checkpoint, std::string> parse_checkpoint(std::string_view body) {
  if (!body.ends_with('\n')) return std::unexpected("checkpoint: it does not end with a newline");
  std::vector<std::string_view> lines;
  while (!body.empty()) {
    std::size_t const end = body.find('\n');
    lines.push_back(body.substr(0, end));
    if (lines.back().empty()) return std::unexpected(fmt::format("checkpoint: line {} is empty", lines.size()));
    body.remove_prefix(end + 1);
  }
  if (lines.size() < 3) return std::unexpected("checkpoint: it has fewer than the three lines origin, size and root");
  Checkpoint checkpoint;
  checkpoint.origin = lines[0];
  char const* const end = lines[1].data() + lines[1].size();
  auto const [stop, problem] = std::from_chars(lines[1].data(), end, checkpoint.size);
  bool const other_spelling = lines[1].size() > 1 && lines[1][0] == '0';
  if (problem != std::errc{} || stop != end || other_spelling ||
      checkpoint.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::unexpected("checkpoint: line 2 is not a size, a decimal number below 2^63 without leading zeros");
  }
  auto const root = from_base64(lines[2]);
  if (!root || root->size() != 32) return std::unexpected("checkpoint: line 3 is not a root hash, 32 bytes in base64");
  std::memcpy(checkpoint.root.bytes.data(), root->data(), 32);
  checkpoint.extensions.assign(lines.begin() + 3, lines.end());
  return checkpoint;
}

std::string sign_checkpoint(NoteSigner const& signer, std::uint64_t size, policy::Hash const& root) {
  return sign_note(checkpoint_body({signer.name(), size, root, {}}), signer);
}

std::expected<Checkpoint, std::string> open_checkpoint(std::string_view note, std::span<NoteVerifier const> verifiers) {
  auto const opened = open_note(note, verifiers);
  if (!opened) return std::unexpected(opened.error());
  auto checkpoint = parse_checkpoint(opened->note.text);
  if (!checkpoint) return std::unexpected(checkpoint.error());
  bool const by_origin = std::ranges::any_of(opened->signed_by, [&](std::size_t i) { return verifiers[i].name() == checkpoint->origin; });
  if (!by_origin) return std::unexpected(fmt::format("checkpoint: no known key of its origin {} has signed it", checkpoint->origin));
  return checkpoint;
}

}  // namespace sluice::log
