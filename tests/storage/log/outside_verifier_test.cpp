// A verifier that shares no line with us reads our export, and refuses it after any one byte is changed.
#include "storage/log/file.hpp"
#include "tests/storage/log/exported_tree.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

namespace sluice::log {
namespace {

struct Ran {
  int exit_code = -1;
  std::string output;
};

Ran run(std::string const& command) {
  Ran ran;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  char buffer[4096];
  while (std::size_t const n = std::fread(buffer, 1, sizeof buffer, pipe)) ran.output.append(buffer, n);
  int const status = ::pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

class OutsideVerifier : public ::testing::Test {
 protected:
  void SetUp() override {
    if (run("command -v go").exit_code != 0) GTEST_SKIP() << "go is not installed: tools/install-packages brings golang-go";
    if (!std::filesystem::exists("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")) {
      GTEST_SKIP() << "Go's sumdb packages are not installed: tools/install-packages brings golang-golang-x-mod-dev";
    }
    std::string const cache = SLUICE_GO_CACHE;
    program_ = program_directory_.path() + "/verifier";
    Ran const built =
        run("HOME=/nonexistent GOCACHE='" + cache + "' GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-mod=mod go build -o '" + program_ +
            "' '" SLUICE_GO_VERIFIER "'");
    ASSERT_EQ(built.exit_code, 0) << built.output;
  }
  Ran verify(test::ExportedTree const& exported, std::string const& more = "") const {
    return run("'" + program_ + "' '" + exported.directory.path() + "' '" + test::signer().verifier().to_string() + "' " + more);
  }

  test::TemporaryDirectory program_directory_;
  std::string program_;
};

TEST_F(OutsideVerifier, AcceptsOurExportAndRefusesAnyChangedByte) {
  for (std::uint64_t const size : {1u, 256u, 1'000u}) {
    test::ExportedTree const exported(size);
    Ran const ran = verify(exported, size > 1 ? "200" : "");
    ASSERT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_EQ(ran.output, "verified " + std::to_string(size) + " entries\n");
  }
  test::ExportedTree const exported(1'000);
  std::mt19937_64 random(7);
  for (std::string const path :
       {"checkpoint", "tile/0/000", "tile/0/003.p/232", "tile/1/000.p/3", "tile/entries/001", "tile/entries/003.p/232"}) {
    std::string const file = exported.file(path);
    std::string const good = **read_file(file, 1u << 26);
    for (int sample = 0; sample < 4; ++sample) {
      std::string bad = good;
      std::size_t const at = random() % bad.size();
      bad[at] = static_cast<char>(bad[at] ^ static_cast<int>(1 + random() % 255));
      ASSERT_TRUE(write_file(file, bad, Durability::renamed));
      EXPECT_EQ(verify(exported).exit_code, 1) << path << " byte " << at;
    }
    ASSERT_TRUE(write_file(file, good, Durability::renamed));
  }
  EXPECT_EQ(verify(exported).exit_code, 0);
}

}  // namespace
}  // namespace sluice::log
