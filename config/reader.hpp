// Carries file, path and place through the reading of one document, and collects what is wrong with it.
#pragma once

#include "config/document.hpp"
#include "config/report.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::config {

/// Where each key that was read stands, by its path. Checks across files point with it.
using Places = std::map<std::string, Position, std::less<>>;

/// Where the key stands, or the nearest table or list around it that stands somewhere: of "track[1].name", then "track[1]", then "track".
Position find_place(Places const& places, std::string path);

/// Of one file; what comes after is not shown.
constexpr std::size_t errors_shown_max = 200;

class Reader {
 public:
  /// Relative paths in the file start at `base`.
  Reader(std::string file, std::filesystem::path base, std::vector<Diagnostic>& diagnostics)
      : file_(std::move(file)), base_(std::move(base)), diagnostics_(diagnostics) {}

  /// An error about the value at the current path.
  void error(Position at, std::string text);
  /// An error about a key below the table at the current path; at the key's place if it stands there, else at that of what is around it.
  void error_at(std::string_view key, std::string text);

  /// Whether a key below the table at the current path stands in the file.
  bool has(std::string_view key) const;
  /// Remembers where the value at the current path stands.
  void place(Position at) { places_[path_] = at; }
  std::filesystem::path const& base() const { return base_; }
  std::size_t errors() const { return errors_; }
  Places take_places() { return std::move(places_); }

  /// One step down the path for as long as it lives.
  class Step {
   public:
    Step(Reader& reader, std::string_view key);
    Step(Reader& reader, std::size_t row);
    ~Step() { reader_.path_.resize(length_before_); }
    Step(Step const&) = delete;
    Step& operator=(Step const&) = delete;

   private:
    Reader& reader_;
    std::size_t length_before_;
  };

 private:
  std::string file_;
  std::filesystem::path base_;
  std::vector<Diagnostic>& diagnostics_;
  std::string path_;
  Places places_;
  std::size_t errors_ = 0;
};

}  // namespace sluice::config
