// Runs the real sluicectl.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sluice::ctl_test {

/// A folder that is removed again.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  std::filesystem::path const& path() const { return path_; }
  /// Writes a file (mode 0600) and returns its path.
  std::string file(std::string const& name, std::string const& content) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(std::filesystem::path const& path);

struct Ran {
  int status = -1;  ///< exit status; 128 + signal when it was killed
  std::string out;
  std::string err;  ///< empty with a terminal: both go to `out`
};

struct How {
  std::map<std::string, std::string> environment = {};  ///< beside PATH, HOME (an empty folder) and LANG
  std::string input = {};
  bool terminal = false;    ///< standard output and error are a terminal (TERM=xterm)
  std::string output = {};  ///< not empty: a file that standard output goes to instead
};

Ran run(std::vector<std::string> const& arguments, How const& how = {});

}  // namespace sluice::ctl_test
