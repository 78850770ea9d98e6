// write_golden_log DIRECTORY: tells the story, writes it as an exported log, prints what golden_test.cpp has to know.
#include "storage/log/tree_source.hpp"
#include "tests/golden/signed_tree.hpp"
#include "tests/golden/story.hpp"
#include "tools/audit/replay.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_golden_log DIRECTORY\n", stderr);
    return 64;
  }
  try {
    std::filesystem::remove_all(argv[1]);
    sluice::golden::write_tree(sluice::golden::group_of(sluice::golden::story()), argv[1]);
    sluice::log::DirectorySource source(argv[1]);
    auto const report = sluice::audit::replay(source, sluice::golden::signer().verifier(), {});
    std::fputs(sluice::audit::to_text(report).c_str(), stdout);
    return report.exit_code();
  } catch (std::exception const& error) {
    std::fprintf(stderr, "write_golden_log: %s\n", error.what());
    return 1;
  }
}
