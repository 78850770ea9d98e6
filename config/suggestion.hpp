// "Did you mean": the nearest of the words that would have been right.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// Edits (insertion, deletion, replacement, swap of neighbours) from one word to the other: optimal string alignment distance.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The allowed word nearest to `word`, letter case and '-' against '_' set aside, within a third of its length (at least one edit, at
/// most four); or the only one that `word` begins ("interval" of "interval_ms"). Ties go to the first. nullopt when none is near.
std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& allowed);

/// "; did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view word, std::vector<std::string> const& allowed);

}  // namespace sluice::config
