#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {
namespace {

std::string folded(std::string_view word) {
  std::string out(word.substr(0, 64));
  for (char& letter : out) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    if (letter == '-') letter = '_';
  }
  return out;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::size_t const width = b.size() + 1;
  std::vector<std::size_t> rows((a.size() + 1) * width);
  auto const cell = [&](std::size_t i, std::size_t j) -> std::size_t& { return rows[i * width + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i) cell(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cell(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const replaced = cell(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      cell(i, j) = std::min({cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cell(i, j) = std::min(cell(i, j), cell(i - 2, j - 2) + 1);
    }
  }
  return cell(a.size(), b.size());
}

std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& allowed) {
  if (word.empty() || word.size() > 64) return std::nullopt;
  std::string const wanted = folded(word);
  std::optional<std::string> best;
  std::size_t best_distance = std::clamp<std::size_t>(wanted.size() / 3, 1, 4) + 1;
  for (std::string const& candidate : allowed) {
    std::size_t const distance = edit_distance(wanted, folded(candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (best) return best;
  for (std::string const& candidate : allowed) {
    if (wanted.size() < 3 || !folded(candidate).starts_with(wanted)) continue;
    if (best) return std::nullopt;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::vector<std::string> const& allowed) {
  auto const near = nearest(word, allowed);
  return near ? fmt::format("; did you mean '{}'?", *near) : std::string();
}

}  // namespace sluice::config
