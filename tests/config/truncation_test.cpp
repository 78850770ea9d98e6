// Every shipped file, cut short at its bytes and with bytes changed: an error or a value, never a crash.
#include "config/schemas.hpp"
#include "tests/drill_length.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

/// Reads the text as the file would be read. Whether it was right.
bool reads(std::string_view text, fs::path const& path) {
  auto const document = parse_document(text, path.string());
  if (!document) {
    EXPECT_GE(document.error().at.line, 1);
    EXPECT_FALSE(to_text(document.error()).empty());
    return false;
  }
  std::vector<Diagnostic> diagnostics;
  Reader reader(path.string(), path.parent_path(), diagnostics);
  std::string const parent = path.parent_path().filename().string();
  bool good = false;
  if (parent == "clusters") {
    ClusterFile file;
    good = cluster_schema().read(reader, *document, file);
    if (good)
      good = definition_of(file, {"x"}).hardware.size() == file.hardware.size() && connection_of(file).name_en == file.cluster.name_en;
  } else if (parent == "programmes") {
    ProgrammeFile file;
    good = programme_schema().read(reader, *document, file);
    if (good) good = definition_of(file.programme, file.tracks.at(0)).version == file.programme.version;
  } else if (parent == "scenarios") {
    Scenario file;
    good = scenario_schema().read(reader, *document, file);
  } else if (path.filename() == "equivalence.toml") {
    EquivalenceFile file;
    good = equivalence_schema().read(reader, *document, file);
  } else {
    MainFile file;
    good = main_schema().read(reader, *document, file);
  }
  EXPECT_EQ(good, diagnostics.empty());
  for (Diagnostic const& diagnostic : diagnostics) EXPECT_FALSE(to_text(diagnostic).empty());
  return good;
}

std::vector<fs::path> shipped_files() {
  std::vector<fs::path> files;
  for (auto const& entry : fs::recursive_directory_iterator(fs::path(SLUICE_SOURCE_DIR) / "config")) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string text_of_file(fs::path const& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Truncation, AtEveryByteOfEveryShippedFile) {
  std::vector<fs::path> const files = shipped_files();
  ASSERT_GT(files.size(), 40U);
  std::size_t cuts = 0;
  for (fs::path const& path : files) {
    std::string const text = text_of_file(path);
    ASSERT_TRUE(reads(text, path)) << path;
    for (std::size_t length = 0; length < text.size(); ++length) {
      reads(std::string_view(text).substr(0, length), path);
      ++cuts;
    }
  }
  EXPECT_GT(cuts, 50'000U);
}

TEST(Mutation, OfShippedFiles) {
  constexpr std::uint32_t seed = 20'261'122;
  std::mt19937 random(seed);
  std::vector<fs::path> const files = shipped_files();
  static constexpr std::string_view pieces[] = {"\"",           "'",  "[",   "]",       "{",   "}",          "=",
                                                "\n",           ".",  "\\",  "\"\"\"",  "'''", "#",          "\x80",
                                                "\xEF\xBB\xBF", "-1", "1e9", "inf",     "nan", "2024-13-01", "9223372036854775807",
                                                "0x",           "[[", "= {", "\\u0000", "\t",  "\r"};
  int const rounds = tests::drill_length(3'000, 100'000);
  for (int round = 0; round < rounds; ++round) {
    fs::path const& path = files[random() % files.size()];
    std::string text = text_of_file(path);
    for (std::uint32_t change = random() % 4; change < 4; ++change) {
      std::size_t const at = random() % text.size();
      std::string_view const piece = pieces[random() % std::size(pieces)];
      text.replace(at, random() % 8, piece);
    }
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round << ", " << path);
    reads(text, path);
  }
}

}  // namespace
}  // namespace sluice::config
