// Habits of the house that a reader would otherwise have to remark upon, each as a function from files to remarks.
#pragma once

#include "tests/layering/source_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::tidy {

using layering::SourceFile;
using Files = std::vector<SourceFile>;
using Remarks = std::vector<std::string>;  ///< "path:line: what, and what to do"; empty when all is well

/// A file that is long on purpose.
struct LongFile {
  std::string_view path;
  std::string_view reason;
};

/// Files longer than 500 lines, but for those listed; and listed ones that are short again or gone.
Remarks long_files(Files const& files, std::vector<LongFile> const& allowed);

/// Files and folders whose name says that they hold anything: util, helpers, common, misc.
Remarks drawers(Files const& files);

/// Folders with sources but no README.md (below tests/ one README serves all), READMEs that leave out a source of their folder,
/// and READMEs that name a source that is not there.
Remarks readmes(Files const& files);

/// C++, CMake modules and scripts whose first line (after #!) is not a comment (a .cpp may open with its own header
/// instead, which says it); headers without `#pragma once`.
Remarks first_lines(Files const& files);

/// Links from one page to a file or folder that is not in the tree.
Remarks dead_links(const Files& files);

/// Marks of unfinished work, and disabled tests.
Remarks unfinished(Files const& files);

/// Tests that wait for time to pass. Benchmarks may.
Remarks sleeps(Files const& files);

/// .cpp files that no CMakeLists.txt of their folder or above lists by name; lists made by GLOB.
Remarks unlisted_sources(Files const& files);

}  // namespace sluice::tidy
