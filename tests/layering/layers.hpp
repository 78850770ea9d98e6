// The table of who may use whom, and the check of every #include line against it.
#pragma once

#include "tests/layering/source_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::layering {

/// A row of the table: what the files of one folder may include besides their own layer, the C++ standard library and fmt.
struct Layer {
  std::string_view folder;                             ///< the layer of a file is the row with the longest folder above it
  std::vector<std::string_view> ours = {};             ///< other rows' folders, or single files of them
  std::vector<std::string_view> outside = {};          ///< names of library_of(); "*" for all
  std::vector<std::string_view> standard_not = {};     ///< standard headers that break the layer's promise
  std::vector<std::string_view> identifiers_not = {};  ///< words that may not occur in its code
  bool any_options = false;                            ///< may include each layer's options.hpp
};

/// The project's table.
std::vector<Layer> const& layers();

/// The outside library a header belongs to: "std", "asio", "rocksdb", "sockets", "posix", ...; "" when nobody has named it yet.
std::string_view library_of(std::string_view header);

/// Every breach, as "path:line: what is wrong and where to look". Empty when the tree keeps the table.
std::vector<std::string> layering_breaches(std::vector<SourceFile> const& files, std::vector<Layer> const& table);

}  // namespace sluice::layering
