// The project's own files as data, so that tests can read the code the way a reviewer does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::layering {

/// One file: its path from the root of the tree ("policy/money.hpp") and its bytes.
struct SourceFile {
  std::string path;
  std::string text;
};

/// One `#include` line: what stands between the quotes or brackets.
struct Include {
  std::string target;
  bool quoted = false;  ///< "target" (ours) rather than <target>
  int line = 0;
};

/// All files below the source folders and at the root, sorted by path. Build folders and hidden folders but .ci are left out.
/// Read from the file system, not from git: a file is judged before it is committed, and in an archive without .git.
std::vector<SourceFile> read_source_tree(std::string const& root);

/// The include lines of a file, in order. Commented-out ones do not count.
std::vector<Include> includes_of(std::string_view text);

/// The text without comments and without the contents of string and character literals; lines keep their numbers.
std::string code_only(std::string_view text);

bool is_cpp(std::string_view path);                             ///< .hpp or .cpp
bool is_below(std::string_view path, std::string_view folder);  ///< folder itself does not end in a slash
std::string folder_of(std::string_view path);                   ///< "" for a file at the root
std::string name_of(std::string_view path);                     ///< the part after the last slash
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace sluice::layering
