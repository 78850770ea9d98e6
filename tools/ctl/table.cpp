// Lays out rows by display width.
#include "tools/ctl/table.hpp"

#include "tools/ctl/terminal_text.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::ctl {

void Table::add(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  for (auto& cell : cells) cell = escape_for_terminal(cell, Keep::nothing);
  rows_.push_back(std::move(cells));
}

std::string Table::render(bool bold) const {
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    bool const said = std::ranges::any_of(rows_, [i](auto const& row) { return row[i] != "-" && !row[i].empty(); });
    if (columns_[i].optional && !said) continue;
    shown.push_back(i);
    widths[i] = display_width(columns_[i].title);
    for (auto const& row : rows_) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  auto const line = [&](auto const& cell_of) {
    std::string result;
    for (std::size_t const i : shown) {
      std::string const& cell = cell_of(i);
      std::string const padding(widths[i] - display_width(cell), ' ');
      if (i != shown.front()) result += "  ";
      result += columns_[i].right ? padding + cell : cell + padding;
    }
    result.resize(result.find_last_not_of(' ') + 1);
    return result;
  };
  auto const header = line([&](std::size_t i) -> std::string const& { return columns_[i].title; });
  std::string result = (bold ? "\x1b[1m" + header + "\x1b[0m" : header) + "\n";
  for (auto const& row : rows_) result += line([&](std::size_t i) -> std::string const& { return row[i]; }) + "\n";
  return result;
}

}  // namespace sluice::ctl
