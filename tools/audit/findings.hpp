// What an audit found: nothing, or the first divergence, with its class and place; and what it could not tell.
#pragma once

#include "storage/log/verified_tree.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::audit {

/// The exit code of a finding.
enum class Class : std::uint8_t {
  clean = 0,
  tampered = 1,    ///< bytes are not what the checkpoint covers
  signature = 2,   ///< the checkpoint is not signed by the key given
  policy = 3,      ///< an entry is not canonical, does not apply, breaks an invariant, has another lot, or a digest differs
  round = 4,       ///< a round's decision is not proven
  draw = 5,        ///< a lottery's draw does not follow
  incomplete = 6,  ///< something needed is missing: cannot tell
};

/// The first thing that is not as it should be.
struct Finding {
  Class kind = Class::clean;
  std::string check;                   ///< which check: "entry_hash", "canonical_form", "apply", "invariants", "round", "digest", "lot", …
  std::string file;                    ///< of the tree; empty where none is concerned
  std::uint64_t offset = 0;            ///< in a bundle the byte of the entry's length prefix, in a tile the hash index
  std::optional<std::uint64_t> entry;  ///< sequence number
  std::string expected;
  std::string actual;
};

/// What was looked at.
struct Figures {
  std::uint64_t entries = 0;
  std::uint64_t rounds_decided = 0;
  std::uint64_t rounds_unproven = 0;  ///< decided, and their certificates not checked because nobody asked
  std::uint64_t rounds_abandoned = 0;
  std::uint64_t jobs = 0;
  std::uint64_t lots_drawn_again = 0;  ///< jobs whose lot follows from the day's secret
  std::uint64_t lots_untold = 0;       ///< jobs of days whose secret the log does not tell (yet)
  std::uint64_t reaches_untold = 0;    ///< places a job could not run by its private part
  std::uint64_t allocations = 0;
  std::uint64_t settlements = 0;
  std::uint64_t digests = 0;         ///< compared
  std::uint64_t digests_untold = 0;  ///< not compared
  std::uint64_t private_parts = 0;   ///< bound by entries and not opened
  std::int64_t last_at_ms = 0;
  std::string root;
  std::string state_digest;
};

struct Report {
  std::string origin;
  std::optional<Finding> finding;
  Figures figures;
  bool replayed = false;  ///< false: bytes and signature only

  /// One sentence for each thing that the entries claim and this audit had no means to judge.
  std::vector<std::string> cannot_tell() const;
  /// The finding's class; without one 0, or with `strict` incomplete while anything could not be told.
  int exit_code(bool strict = false) const;
};

/// One without a place yet.
Finding wrong(Class kind, std::string check, std::string expected, std::string actual);

/// From the tree's own divergence.
Finding finding_of(log::Divergence const& divergence);

/// "clean", "tampered", …
std::string_view name_of(Class kind);

/// Text of the log on one line: what could drive a terminal is shown by its bytes.
std::string printable(std::string_view text);

/// A finding for people, and as a member of a JSON object.
std::string to_text(Finding const& finding);
nlohmann::ordered_json to_value(Finding const& finding);

/// Indented, with a newline. What a damaged tree says may be any bytes: they are replaced, where dump() would throw.
std::string to_document(nlohmann::ordered_json const& value);

/// The report for people; opens with what replay cannot prove. Nothing that came from the log can drive a terminal.
std::string to_text(Report const& report);
/// One JSON object.
std::string to_json(Report const& report);

}  // namespace sluice::audit
