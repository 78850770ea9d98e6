// What an audit found: nothing, or the first divergence, with its class and place.
#pragma once

#include "storage/log/verified_tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::audit {

/// The exit code of a finding.
enum class Class : std::uint8_t {
  clean = 0,
  tampered = 1,    ///< bytes are not what the checkpoint covers
  signature = 2,   ///< the checkpoint is not signed by the key given
  policy = 3,      ///< an entry is not canonical, does not apply, breaks an invariant, or a digest differs
  round = 4,       ///< a round's decision is not proven
  draw = 5,        ///< a lottery's draw does not follow
  incomplete = 6,  ///< something needed is missing: cannot tell
};

/// The first thing that is not as it should be.
struct Finding {
  Class kind = Class::clean;
  std::string check;                   ///< which check: "entry_hash", "canonical_form", "apply", "invariants", "round", "digest", …
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
  std::uint64_t rounds_abandoned = 0;
  std::uint64_t jobs = 0;
  std::uint64_t allocations = 0;
  std::uint64_t settlements = 0;
  std::uint64_t digests = 0;
  std::int64_t last_at_ms = 0;
  std::string root;
  std::string state_digest;
};

struct Report {
  std::string origin;
  std::optional<Finding> finding;
  Figures figures;

  int exit_code() const { return finding ? static_cast<int>(finding->kind) : 0; }
};

/// From the tree's own divergence.
Finding finding_of(log::Divergence const& divergence);

/// The report for people; opens with what replay cannot prove.
std::string to_text(Report const& report);
/// One JSON object.
std::string to_json(Report const& report);

}  // namespace sluice::audit
