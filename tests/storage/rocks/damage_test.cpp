// Every file of a ledger × every kind of damage: repaired, refused with a name, or found when read. Never opened with less.
#include "storage/log/file.hpp"
#include "tests/drill_length.hpp"
#include "tests/storage/rocks/driver.hpp"
#include "tests/storage/rocks/rocks_fixture.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <random>

namespace sluice {
namespace {

namespace fs = std::filesystem;

struct Damage {
  char const* name;
  void (*apply)(std::string&, std::mt19937_64&);
};

std::vector<Damage> const damages{
    {"flip", [](std::string& bytes, std::mt19937_64& random) { bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8); }},
    {"flip late", [](std::string& bytes,
                     std::mt19937_64& random) { bytes[bytes.size() - 1 - random() % std::min<std::size_t>(bytes.size(), 200)] ^= 1; }},
    {"zero page",
     [](std::string& bytes, std::mt19937_64& random) {
       std::size_t const page = random() % (bytes.size() / 4096 + 1) * 4096;
       for (std::size_t i = page; i < std::min(page + 4096, bytes.size()); ++i) bytes[i] = '\0';
     }},
    {"truncate", [](std::string& bytes, std::mt19937_64& random) { bytes.resize(random() % bytes.size()); }},
    {"lose the last byte", [](std::string& bytes, std::mt19937_64&) { bytes.pop_back(); }},
    {"empty", [](std::string& bytes, std::mt19937_64&) { bytes.clear(); }},
};

class DamageMatrix : public ::testing::Test {
 protected:
  // Tables from two earlier runs, a log with the third: every file class holds acknowledged data.
  void SetUp() override {
    for (std::uint64_t const groups : {12u, 7u, 9u}) {
      auto const run = test::run_driver(test::append_command(base_, groups, 33));
      ASSERT_EQ(run.exit_code, 0) << run.output;
      acked_ = run.acked();
      if (groups == 7) fs::copy(base_, older_, fs::copy_options::recursive);
    }
    ASSERT_EQ(test::verify_with_driver(copy(), acked_).exit_code, 0);
  }
  std::string copy() const {
    fs::remove_all(damaged_);
    fs::copy(base_, damaged_, fs::copy_options::recursive);
    return damaged_;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (auto const& file : fs::recursive_directory_iterator(base_)) {
      std::string const path = fs::relative(file.path(), base_).string();
      if (file.is_regular_file() && !path.starts_with("db/LOG") && path != "lock" && path != "db/LOCK") found.push_back(path);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  void judge(std::string const& cell) {
    auto const found = test::verify_with_driver(damaged_, acked_);
    bool const aborted = found.exit_code == -1;  // RocksDB's own assertion: refused, without manners
    EXPECT_TRUE(found.exit_code == 0 || found.exit_code == 3 || found.exit_code == 4 || aborted) << cell << ": " << found.output;
    if (found.exit_code == 3 || found.exit_code == 4) {
      EXPECT_GT(found.output.size(), 20u) << cell << " is refused without a reason";
    }
    ++outcomes_[found.exit_code == 0   ? "harmless or repaired"
                : found.exit_code == 3 ? "refused at start"
                : found.exit_code == 4 ? "found at reading"
                                       : "aborted"];
  }

  test::TemporaryDirectory directory_ = test::TemporaryDirectory::in_memory();
  std::string const base_ = directory_.path() + "/base";
  std::string const older_ = directory_.path() + "/older";
  std::string const damaged_ = directory_.path() + "/damaged";
  std::uint64_t acked_ = 0;
  std::map<std::string, int> outcomes_;
};

TEST_F(DamageMatrix, NoCellOpensWithLess) {
  std::mt19937_64 random(2611);
  int const samples = tests::drill_length(1, 20);
  for (std::string const& path : files()) {
    std::string const good = **log::read_file(base_ + "/" + path, 1u << 28);
    if (good.empty()) continue;
    // Tables are many and alike: the short run takes one in six of their cells.
    bool const alike = path.ends_with(".sst") && !tests::is_long_run();
    for (Damage const& damage : damages) {
      for (int sample = 0; sample < samples; ++sample) {
        if (alike && random() % 6 != 0) continue;
        copy();
        std::string bytes = good;
        damage.apply(bytes, random);
        ASSERT_TRUE(log::write_file(damaged_ + "/" + path, bytes, log::Durability::renamed));
        judge(path + ": " + damage.name);
      }
    }
    if (alike && random() % 6 != 0) continue;
    copy();
    fs::remove(damaged_ + "/" + path);
    judge(path + ": deleted");
    if (fs::exists(older_ + "/" + path)) {
      copy();
      fs::copy_file(older_ + "/" + path, damaged_ + "/" + path, fs::copy_options::overwrite_existing);
      judge(path + ": older version");
    }
  }
  std::cout << "cells:";
  for (auto const& [outcome, count] : outcomes_) std::cout << " " << outcome << " " << count << ";";
  std::cout << "\n";
}

TEST_F(DamageMatrix, AnOlderDatabaseUnderTheNewMarkIsRefusedByName) {
  copy();
  fs::remove_all(damaged_ + "/db");
  fs::copy(older_ + "/db", damaged_ + "/db", fs::copy_options::recursive);
  auto const found = test::verify_with_driver(damaged_, acked_);
  EXPECT_EQ(found.exit_code, 3);
  EXPECT_NE(found.output.find("an older version was put back"), std::string::npos) << found.output;
}

TEST_F(DamageMatrix, AllLogsDeletedIsRefused) {
  copy();
  for (auto const& file : fs::directory_iterator(damaged_ + "/db")) {
    if (file.path().extension() == ".log") fs::remove(file.path());
  }
  auto const found = test::verify_with_driver(damaged_, acked_);
  EXPECT_EQ(found.exit_code, 3) << found.output;
}

}  // namespace
}  // namespace sluice
