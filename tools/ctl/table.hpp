// A table of text whose columns line up in a terminal, Chinese included.
#pragma once

#include <string>
#include <vector>

namespace sluice::ctl {

struct Column {
  std::string title;
  bool right = false;     ///< numbers end under each other
  bool optional = false;  ///< left out when no row has it
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// One row; cells are escaped here. REQUIRES: as many cells as columns.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// Header and rows, two blanks between columns, no trailing blanks. `bold` wraps the header in SGR codes.
  std::string render(bool bold) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sluice::ctl
