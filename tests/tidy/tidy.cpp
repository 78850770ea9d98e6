// Each habit is checked by plain text search: a check that needs more than that belongs to clang-tidy.
#include "tests/tidy/tidy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

namespace sluice::tidy {
namespace {

using layering::folder_of;
using layering::is_below;
using layering::is_cpp;
using layering::lines_of;
using layering::name_of;

bool is_word(char character) { return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_'; }

/// Whether the word stands in the text by itself, not as a part of a longer one.
bool names(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    std::size_t const end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

std::string stem_of(std::string_view path) {
  std::string const name = name_of(path);
  return name.substr(0, name.rfind('.'));
}

bool is_script(SourceFile const& file) { return file.text.starts_with("#!"); }

SourceFile const* find(Files const& files, std::string_view path) {
  auto const found = std::ranges::find(files, path, &SourceFile::path);
  return found == files.end() ? nullptr : &*found;
}

/// `name.hpp` and `name.cpp` between backticks.
std::set<std::string> sources_named_in(std::string_view markdown) {
  std::set<std::string> named;
  std::size_t open = markdown.find('`');
  while (open != std::string_view::npos) {
    std::size_t const close = markdown.find('`', open + 1);
    if (close == std::string_view::npos) break;
    std::string_view const span = markdown.substr(open + 1, close - open - 1);
    if (is_cpp(span) && span.find_first_of(" {*\n") == std::string_view::npos) named.emplace(span);
    open = markdown.find('`', close + 1);
  }
  return named;
}

}  // namespace

Remarks long_files(Files const& files, std::vector<LongFile> const& allowed) {
  constexpr std::size_t lines_max = 500;
  Remarks remarks;
  std::set<std::string_view> seen;
  for (SourceFile const& file : files) {
    if (!is_cpp(file.path) && !is_script(file)) continue;
    std::size_t const lines = lines_of(file.text).size();
    if (lines <= lines_max) continue;
    seen.insert(file.path);
    if (std::ranges::find(allowed, file.path, &LongFile::path) != allowed.end()) continue;
    remarks.push_back(fmt::format("{}:1: {} lines: split it, or list it in tests/tidy/tidy_test.cpp with the reason", file.path, lines));
  }
  for (LongFile const& listed : allowed) {
    if (!seen.contains(listed.path)) remarks.push_back(fmt::format("{}: is not long (any more): take it off the list", listed.path));
    if (listed.reason.empty()) remarks.push_back(fmt::format("{}: is listed without a reason", listed.path));
  }
  return remarks;
}

Remarks drawers(Files const& files) {
  static constexpr std::array drawer_names = {"util", "utils", "helper", "helpers", "common", "misc"};
  std::set<std::string> found;
  for (SourceFile const& file : files) {
    std::string path = file.path.substr(0, file.path.rfind('.') == std::string::npos ? std::string::npos : file.path.rfind('.'));
    std::size_t start = 0;
    while (start <= path.size()) {
      std::size_t const end = std::min(path.find('/', start), path.size());
      std::string const part = path.substr(start, end - start);
      if (std::ranges::find(drawer_names, part) != drawer_names.end()) {
        found.insert(fmt::format("{}: '{}' says nothing of what is inside: name the idea", file.path, part));
      }
      start = end + 1;
    }
  }
  return {found.begin(), found.end()};
}

Remarks readmes(Files const& files) {
  Remarks remarks;
  std::map<std::string, std::vector<SourceFile const*>> sources;  // folder -> its own sources
  std::set<std::string> test_folders;
  for (SourceFile const& file : files) {
    std::string const folder = folder_of(file.path);
    bool const is_tool = folder == "tools" && is_script(file);
    if (is_cpp(file.path) || is_tool) sources[folder].push_back(&file);
    if (is_below(file.path, "tests") && folder != "tests") test_folders.insert(folder.substr(6, folder.find('/', 6) - 6));
  }
  for (auto const& [folder, own] : sources) {
    SourceFile const* readme = find(files, folder + "/README.md");
    if (readme == nullptr) {
      if (!is_below(folder, "tests") && folder != "tests") {
        remarks.push_back(fmt::format("{}/README.md: is missing: what the folder is for, its rules, its files in reading order", folder));
      }
      continue;
    }
    for (SourceFile const* file : own) {
      if (!names(readme->text, stem_of(file->path)))
        remarks.push_back(fmt::format("{}: does not name {}", readme->path, name_of(file->path)));
    }
  }
  if (SourceFile const* readme = find(files, "tests/README.md"); readme != nullptr) {
    for (std::string const& folder : test_folders) {
      if (!names(readme->text, folder)) remarks.push_back(fmt::format("tests/README.md: does not name the folder {}", folder));
    }
  }
  for (SourceFile const& readme : files) {
    if (name_of(readme.path) != "README.md") continue;
    for (std::string const& named : sources_named_in(readme.text)) {
      std::string const folder = folder_of(readme.path);
      bool const there = std::ranges::any_of(files, [&](SourceFile const& file) {
        bool const inside = folder.empty() || is_below(file.path, folder);
        return file.path == named || (inside && ("/" + file.path).ends_with("/" + named));
      });
      if (!there) remarks.push_back(fmt::format("{}: names {}, which is not there", readme.path, named));
    }
  }
  return remarks;
}

Remarks dead_links(Files const& files) {
  Remarks remarks;
  for (SourceFile const& page : files) {
    if (!page.path.ends_with(".md")) continue;
    int number = 0;
    for (std::string_view const line : lines_of(page.text)) {
      ++number;
      for (std::size_t at = line.find("]("); at != std::string_view::npos; at = line.find("](", at + 2)) {
        std::size_t const end = line.find_first_of(")# ", at + 2);
        std::string target(line.substr(at + 2, end == std::string_view::npos ? end : end - at - 2));
        if (target.empty() || target.find(':') != std::string::npos) continue;  // a place on the same page, or elsewhere
        std::string folder = folder_of(page.path);
        while (target.starts_with("../")) {
          target.erase(0, 3);
          folder = folder_of(folder);
        }
        if (target.ends_with('/')) target.pop_back();
        std::string const path = folder.empty() ? target : folder + "/" + target;
        bool const there =
            std::ranges::any_of(files, [&](SourceFile const& file) { return file.path == path || is_below(file.path, path); });
        if (!there) remarks.push_back(fmt::format("{}:{}: links to {}, which is not there", page.path, number, path));
      }
    }
  }
  return remarks;
}

Remarks first_lines(Files const& files) {
  Remarks remarks;
  for (SourceFile const& file : files) {
    auto const lines = lines_of(file.text);
    bool const cpp = is_cpp(file.path);
    bool const script = is_script(file);
    if (!cpp && !script && !file.path.ends_with(".cmake")) continue;
    std::size_t const first = script ? 1 : 0;
    std::string_view const line = lines.size() > first ? lines[first] : std::string_view();
    // A .cpp that opens with its own header has said its purpose there.
    bool const opens_with_header =
        file.path.ends_with(".cpp") && line == fmt::format("#include \"{}.hpp\"", file.path.substr(0, file.path.size() - 4));
    if (!opens_with_header && !line.starts_with(cpp ? "// " : "# ")) {
      remarks.push_back(fmt::format("{}:{}: must be a comment with the file's one purpose", file.path, first + 1));
    }
    if (file.path.ends_with(".hpp") && std::ranges::find(lines, "#pragma once") == lines.end()) {
      remarks.push_back(fmt::format("{}:2: lacks #pragma once", file.path));
    }
  }
  return remarks;
}

Remarks unfinished(Files const& files) {
  static constexpr std::array marks = {"TODO", "FIXME", "XXX", "HACK"};
  Remarks remarks;
  for (SourceFile const& file : files) {
    if (is_below(file.path, "tests/tidy")) continue;  // which must name them
    int number = 0;
    for (std::string_view const line : lines_of(file.text)) {
      ++number;
      for (char const* mark : marks) {
        if (names(line, mark)) remarks.push_back(fmt::format("{}:{}: {}: do it, or write an issue", file.path, number, mark));
      }
      if (is_below(file.path, "tests") && line.find("DISABLED_") != std::string_view::npos) {
        remarks.push_back(fmt::format("{}:{}: a disabled test proves nothing: mend or remove it", file.path, number));
      }
    }
  }
  return remarks;
}

Remarks sleeps(Files const& files) {
  static constexpr std::array calls = {"sleep_for", "sleep_until", "usleep", "nanosleep", "sleep"};
  Remarks remarks;
  for (SourceFile const& file : files) {
    if (!is_below(file.path, "tests") || !is_cpp(file.path) || is_below(file.path, "tests/bench")) continue;
    std::string const code = layering::code_only(file.text);
    int number = 0;
    for (std::string_view const line : lines_of(code)) {
      ++number;
      for (char const* call : calls) {
        if (names(line, call)) {
          remarks.push_back(fmt::format("{}:{}: {}: wait for the event itself, or hand in the time", file.path, number, call));
        }
      }
    }
  }
  return remarks;
}

Remarks unlisted_sources(Files const& files) {
  Remarks remarks;
  for (SourceFile const& file : files) {
    if (name_of(file.path) == "CMakeLists.txt" || file.path.ends_with(".cmake")) {
      int number = 0;
      for (std::string_view const line : lines_of(file.text)) {
        ++number;
        // Installing *.toml by pattern is fine.
        bool const of_sources = line.find(".cpp") != std::string_view::npos || line.find(".hpp") != std::string_view::npos;
        if (line.find("GLOB") != std::string_view::npos && of_sources) {
          remarks.push_back(fmt::format("{}:{}: list sources by name: a globbed file appears and vanishes unseen", file.path, number));
        }
      }
    }
    if (!file.path.ends_with(".cpp")) continue;
    std::string folder = folder_of(file.path);
    bool listed = false;
    while (!listed && !folder.empty()) {
      SourceFile const* list = find(files, folder + "/CMakeLists.txt");
      listed = list != nullptr && list->text.find(file.path.substr(folder.size() + 1)) != std::string::npos;
      folder = folder_of(folder);
    }
    if (!listed) remarks.push_back(fmt::format("{}: is compiled by no CMakeLists.txt of its folder or above", file.path));
  }
  return remarks;
}

}  // namespace sluice::tidy
