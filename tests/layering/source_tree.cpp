// Walking the tree and the little lexing that the checks need: comments, literals, include lines.
#include "tests/layering/source_tree.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::layering {
namespace fs = std::filesystem;
namespace {

constexpr std::array source_folders = {".ci", "broker", "config", "connectors", "policy", "storage", "tests", "tools"};

bool is_skipped_folder(std::string const& name) { return name == "node_modules" || name == "__pycache__" || name.starts_with("."); }

SourceFile read(fs::path const& root, fs::path const& file) {
  std::ifstream stream(file, std::ios::binary);
  return {fs::relative(file, root).generic_string(), {std::istreambuf_iterator<char>(stream), {}}};
}

bool is_word(char character) { return (std::isalnum(static_cast<unsigned char>(character)) != 0) || character == '_'; }

}  // namespace

std::vector<SourceFile> read_source_tree(std::string const& root) {
  std::vector<SourceFile> files;
  for (auto const& entry : fs::directory_iterator(root)) {
    if (entry.is_regular_file()) files.push_back(read(root, entry.path()));
  }
  for (char const* folder : source_folders) {
    fs::path const top = fs::path(root) / folder;
    if (!fs::is_directory(top)) continue;
    for (auto walk = fs::recursive_directory_iterator(top); walk != fs::recursive_directory_iterator(); ++walk) {
      if (walk->is_directory() && is_skipped_folder(walk->path().filename().string())) {
        walk.disable_recursion_pending();
      } else if (walk->is_regular_file()) {
        files.push_back(read(root, walk->path()));
      }
    }
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> found;
  int number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    auto const skip_blanks = [&line] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    skip_blanks();
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    skip_blanks();
    if (!line.starts_with("include")) continue;
    line.remove_prefix(7);
    skip_blanks();
    if (line.empty() || (line.front() != '"' && line.front() != '<')) continue;
    bool const quoted = line.front() == '"';
    std::size_t const end = line.find(quoted ? '"' : '>', 1);
    if (end != std::string_view::npos) found.push_back({std::string(line.substr(1, end - 1)), quoted, number});
  }
  return found;
}

std::string code_only(std::string_view text) {
  std::string code;
  code.reserve(text.size());
  // Blanks what is skipped but keeps its line breaks, so that line numbers still hold.
  auto const skip_to = [&](std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < to; ++at) code += text[at] == '\n' ? '\n' : ' ';
    return to;
  };
  auto const end_after = [&](std::string_view mark, std::size_t from) {
    std::size_t const at = text.find(mark, from);
    return at == std::string_view::npos ? text.size() : at + mark.size();
  };
  std::size_t at = 0;
  while (at < text.size()) {
    char const character = text[at];
    std::string_view const rest = text.substr(at);
    if (rest.starts_with("//")) {
      at = skip_to(at, std::min(text.find('\n', at), text.size()));
    } else if (rest.starts_with("/*")) {
      at = skip_to(at, end_after("*/", at + 2));
    } else if (rest.starts_with("R\"")) {
      std::size_t const open = text.find('(', at);
      if (open == std::string_view::npos) return code;
      std::string const close = ")" + std::string(text.substr(at + 2, open - at - 2)) + "\"";
      at = skip_to(at, end_after(close, open));
    } else if (character == '"' || (character == '\'' && (at == 0 || !is_word(text[at - 1])))) {  // 1'000 is no literal
      std::size_t end = at + 1;
      while (end < text.size() && text[end] != character && text[end] != '\n') end += text[end] == '\\' ? 2U : 1U;
      at = skip_to(at, std::min(end + 1, text.size()));
    } else {
      code += character;
      ++at;
    }
  }
  return code;
}

bool is_cpp(std::string_view path) { return path.ends_with(".hpp") || path.ends_with(".cpp"); }

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::string folder_of(std::string_view path) {
  std::size_t const slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string name_of(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace sluice::layering
