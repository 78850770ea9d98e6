// The house keeps its habits; and each check, fed with a breach, says so.
#include "tests/tidy/tidy.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice::tidy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Files over 500 lines, each with the reason why splitting it would make it harder to read.
std::vector<LongFile> const long_on_purpose = {
    {"policy/assignment/exact.cpp", "one search: nodes, tables, bounds and branching share a state that no part could hand on by itself"},
    {"tests/broker/http/server_test.cpp", "one server under each of its limits: the cases share their harness and are read side by side"},
};

Files const& tree() {
  static Files const files = layering::read_source_tree(SLUICE_SOURCE_DIR);
  return files;
}

void expect_none(Remarks const& remarks) { EXPECT_THAT(remarks, IsEmpty()) << fmt::format("{}", fmt::join(remarks, "\n")); }

TEST(Tree, IsFound) { ASSERT_GT(tree().size(), 20U) << "nothing to judge at " SLUICE_SOURCE_DIR; }
TEST(Tree, HasNoLongFilesWithoutAReason) { expect_none(long_files(tree(), long_on_purpose)); }
TEST(Tree, HasNoDrawers) { expect_none(drawers(tree())); }
TEST(Tree, HasReadmesThatNameTheirFiles) { expect_none(readmes(tree())); }
TEST(Tree, HasNoDeadLinks) { expect_none(dead_links(tree())); }
TEST(Tree, OpensEachFileWithItsPurpose) { expect_none(first_lines(tree())); }
TEST(Tree, HasNothingUnfinished) { expect_none(unfinished(tree())); }
TEST(Tree, HasNoSleepingTests) { expect_none(sleeps(tree())); }
TEST(Tree, ListsItsSourcesByName) { expect_none(unlisted_sources(tree())); }

TEST(Check, LongFiles) {
  Files const files = {{"policy/long.cpp", std::string(501, '\n')}, {"policy/short.cpp", std::string(500, '\n')}};
  EXPECT_THAT(long_files(files, {}), ElementsAre(HasSubstr("policy/long.cpp:1: 501 lines")));
  EXPECT_THAT(long_files(files, {{"policy/long.cpp", "a table"}}), IsEmpty());
  EXPECT_THAT(long_files(files, {{"policy/long.cpp", "a table"}, {"policy/short.cpp", "a table"}}), ElementsAre(HasSubstr("take it off")));
}

TEST(Check, Drawers) {
  EXPECT_THAT(drawers({{"broker/util/time.cpp", ""}, {"policy/helpers.hpp", ""}, {"policy/utility_curve.hpp", ""}}),
              ElementsAre(HasSubstr("broker/util/time.cpp"), HasSubstr("policy/helpers.hpp")));
}

TEST(Check, Readmes) {
  EXPECT_THAT(readmes({{"policy/money.hpp", ""}}), ElementsAre(HasSubstr("policy/README.md: is missing")));
  EXPECT_THAT(readmes({{"policy/README.md", "1. `hash.hpp`, all money_laundering"}, {"policy/hash.hpp", ""}, {"policy/money.hpp", ""}}),
              ElementsAre(HasSubstr("does not name money.hpp")));
  EXPECT_THAT(readmes({{"policy/README.md", "`money.{hpp,cpp}` and `hash.hpp`"}, {"policy/money.cpp", ""}}),
              ElementsAre(HasSubstr("names hash.hpp, which is not there")));
  EXPECT_THAT(readmes({{"tests/README.md", "- `policy`"}, {"tests/policy/a_test.cpp", ""}, {"tests/broker/b_test.cpp", ""}}),
              ElementsAre(HasSubstr("does not name the folder broker")));
  EXPECT_THAT(readmes({{"tools/README.md", "nothing"}, {"tools/demo", "#!/usr/bin/env bash\n"}}),
              ElementsAre(HasSubstr("does not name demo")));
}

TEST(Check, DeadLinks) {
  Files const files = {
      {"policy/README.md", "[a](money.hpp) [b](../broker/) [c](../README.md#house)\n[d](https://example/x) [e](gone.md)\n"},
      {"policy/money.hpp", ""},
      {"broker/main.cpp", ""},
      {"README.md", "[f](broker/README.md)"}};
  EXPECT_THAT(dead_links(files), ElementsAre(HasSubstr("policy/README.md:2: links to policy/gone.md"), HasSubstr("broker/README.md")));
}

TEST(Check, FirstLines) {
  EXPECT_THAT(first_lines({{"policy/a.hpp", "#pragma once\n"}}), ElementsAre(HasSubstr("policy/a.hpp:1")));
  EXPECT_THAT(first_lines({{"policy/a.hpp", "// Why.\n"}}), ElementsAre(HasSubstr("pragma once")));
  EXPECT_THAT(first_lines({{"tools/run", "#!/bin/sh\nset -e\n"}}), ElementsAre(HasSubstr("tools/run:2")));
  EXPECT_THAT(first_lines({{"policy/a.cpp", "#include \"policy/b.hpp\"\n"}}), ElementsAre(HasSubstr("policy/a.cpp:1")));
  EXPECT_THAT(first_lines({{"policy/a.cpp", "#include \"policy/a.hpp\"\n"}}), IsEmpty());
  EXPECT_THAT(first_lines({{"policy/a.cpp", "// Why.\n"}, {"tools/run", "#!/bin/sh\n# Why.\n"}}), IsEmpty());
}

TEST(Check, Unfinished) {
  EXPECT_THAT(unfinished({{"policy/a.cpp", "\n// TODO: all\n"}}), ElementsAre(HasSubstr("policy/a.cpp:2: TODO")));
  EXPECT_THAT(unfinished({{"tests/a_test.cpp", "TEST(A, DISABLED_B) {}\n"}}), ElementsAre(HasSubstr("disabled test")));
  EXPECT_THAT(unfinished({{"policy/a.cpp", "int xXXXx;\n"}}), IsEmpty());
}

TEST(Check, Sleeps) {
  EXPECT_THAT(sleeps({{"tests/a_test.cpp", "// sleep\nstd::this_thread::sleep_for(1s);\n"}}), ElementsAre(HasSubstr("tests/a_test.cpp:2")));
  EXPECT_THAT(sleeps({{"tests/bench/load.cpp", "sleep(1);\n"}, {"broker/http/server.cpp", "sleep(1);\n"}}), IsEmpty());
}

TEST(Check, UnlistedSources) {
  SourceFile const list{"policy/CMakeLists.txt", "sluice_library(policy SOURCES money.cpp events/job.cpp)"};
  EXPECT_THAT(unlisted_sources({list, {"policy/money.cpp", ""}, {"policy/events/job.cpp", ""}}), IsEmpty());
  EXPECT_THAT(unlisted_sources({list, {"policy/hash.cpp", ""}}), ElementsAre(HasSubstr("policy/hash.cpp: is compiled by no")));
  EXPECT_THAT(unlisted_sources({{"policy/CMakeLists.txt", "file(GLOB sources *.cpp)\n"}}), ElementsAre(HasSubstr("by name")));
}

}  // namespace
}  // namespace sluice::tidy
