// A folder of configuration files that exists for one test.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::config {

/// Made empty below the system's folder for temporary files, and removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;

  /// Writes a file, its folders included.
  void write(std::string const& name, std::string_view text) const;
  void remove(std::string const& name) const;
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The smallest files that load: sluice.toml, equivalence.toml, one cluster "qingyang", one programme "voucher" that is active there.
void write_valid(TemporaryFolder const& folder);
extern std::string const valid_main;
extern std::string const valid_equivalence;
extern std::string const valid_cluster;
extern std::string const valid_programme;

/// The text with the first occurrence of `from` replaced. REQUIRES: it occurs.
std::string with(std::string text, std::string_view from, std::string_view to);

}  // namespace sluice::config
