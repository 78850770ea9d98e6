// No arrow points up: every #include line of the tree against the table in layers.cpp, and proof that a breach is reported.
#include "tests/layering/layers.hpp"
#include "tests/layering/source_tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::layering {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> breaches_of(std::string const& path, std::string const& text) {
  // The files that the planted lines point at.
  std::vector<SourceFile> const files = {{path, text},
                                         {"policy/money.hpp", ""},
                                         {"policy/json/strict.hpp", ""},
                                         {"policy/assignment/solve.hpp", ""},
                                         {"storage/rocks/store.hpp", ""},
                                         {"broker/options.hpp", ""},
                                         {"broker/sequencer.hpp", ""}};
  return layering_breaches(files, layers());
}

TEST(Layering, TreeKeepsTheTable) {
  auto const files = read_source_tree(SLUICE_SOURCE_DIR);
  ASSERT_GT(files.size(), 20U) << "the tree was not found at " SLUICE_SOURCE_DIR;
  auto const breaches = layering_breaches(files, layers());
  EXPECT_THAT(breaches, IsEmpty()) << fmt::format("{}", fmt::join(breaches, "\n"));
}

TEST(Layering, TableIsAcyclicButForTheSolverInsidePolicy) {
  // Read top down, a row may name only rows above it; the one pair that names each other is one library.
  std::vector<std::string_view> above;
  for (Layer const& layer : layers()) {
    for (auto const& used : layer.ours) {
      if (used == "*" || used.ends_with(".hpp") || (layer.folder == "policy" && used == "policy/assignment")) continue;
      EXPECT_THAT(above, testing::Contains(used)) << layer.folder << " points up to " << used;
    }
    above.push_back(layer.folder);
  }
}

TEST(Layering, ReportsAnArrowThatPointsUp) {
  EXPECT_THAT(breaches_of("policy/apply.cpp", "// x\n#include \"storage/rocks/store.hpp\"\n"),
              ElementsAre(HasSubstr("policy/apply.cpp:2: policy may not use storage/rocks")));
  EXPECT_THAT(breaches_of("connectors/centre/poll.cpp", "#include \"broker/sequencer.hpp\"\n"),
              ElementsAre(HasSubstr("connectors may not use broker")));
  EXPECT_THAT(breaches_of("broker/http/server.cpp", "#include \"policy/money.hpp\"\n"),
              ElementsAre(HasSubstr("broker/http may not use policy ")));
  EXPECT_THAT(breaches_of("tools/ctl/main.cpp", "#include \"broker/sequencer.hpp\"\n"), ElementsAre(HasSubstr("may not use broker")));
}

TEST(Layering, ReportsJsonInsidePolicyAndAllowsItAbove) {
  EXPECT_THAT(breaches_of("policy/apply.cpp", "#include \"policy/json/strict.hpp\"\n"),
              ElementsAre(HasSubstr("policy may not use policy/json")));
  EXPECT_THAT(breaches_of("storage/log/entry.cpp", "#include \"policy/json/strict.hpp\"\n#include \"policy/money.hpp\"\n"), IsEmpty());
  EXPECT_THAT(breaches_of("policy/json/reader.cpp", "#include \"policy/money.hpp\"\n#include \"policy/assignment/solve.hpp\"\n"),
              ElementsAre(HasSubstr("policy/json may not use policy/assignment")));
}

TEST(Layering, ReportsAnOutsideLibraryInTheWrongLayer) {
  EXPECT_THAT(breaches_of("policy/apply.cpp", "#include <boost/asio/awaitable.hpp>\n"), ElementsAre(HasSubstr("policy may not use asio")));
  EXPECT_THAT(breaches_of("policy/apply.cpp", "#  include <openssl/ssl.h>\n"), ElementsAre(HasSubstr("policy may not use libssl")));
  EXPECT_THAT(breaches_of("storage/log/tree.cpp", "#include <rocksdb/db.h>\n"), ElementsAre(HasSubstr("storage/log may not use rocksdb")));
  EXPECT_THAT(breaches_of("config/load.cpp", "#include <sys/socket.h>\n"), ElementsAre(HasSubstr("config may not use sockets")));
  EXPECT_THAT(breaches_of("broker/sequencer.cpp", "#include <rocksdb/db.h>\n"), ElementsAre(HasSubstr("broker may not use rocksdb")));
  EXPECT_THAT(breaches_of("broker/sequencer.cpp", "#include <zstd.h>\n"), ElementsAre(HasSubstr("name its library")));
  EXPECT_THAT(breaches_of("tests/broker/gzip_test.cpp", "#include <zstd.h>\n#include <rocksdb/db.h>\n"), IsEmpty());
  EXPECT_THAT(breaches_of("policy/apply.cpp", "#include <openssl/evp.h>\n#include <fmt/format.h>\n#include <vector>\n"), IsEmpty());
}

TEST(Layering, ReportsTimeChanceOutputAndThreadsInPolicy) {
  EXPECT_THAT(breaches_of("policy/apply.cpp", "#include <random>\n"), ElementsAre(HasSubstr("<random>")));
  EXPECT_THAT(breaches_of("policy/apply.cpp", "#include <thread>\n"), ElementsAre(HasSubstr("<thread>")));
  EXPECT_THAT(breaches_of("policy/assignment/solve.cpp", "#include <thread>\n"), IsEmpty());
  EXPECT_THAT(breaches_of("policy/apply.cpp", "\nauto now = std::chrono::system_clock::now();\n"),
              ElementsAre(HasSubstr("policy/apply.cpp:2: policy may not use 'system_clock'")));
  EXPECT_THAT(breaches_of("policy/assignment/solve.cpp", "worker.detach();\n"), ElementsAre(HasSubstr("'detach'")));
  EXPECT_THAT(breaches_of("policy/apply.cpp", "// not system_clock\nauto text = \"getenv\"; int randomness = 1'000;\n"), IsEmpty());
}

TEST(Layering, LetsConfigSeeOptionsOnlyAndKeepsOptionsPlain) {
  EXPECT_THAT(breaches_of("config/load.cpp", "#include \"broker/options.hpp\"\n"), IsEmpty());
  EXPECT_THAT(breaches_of("config/load.cpp", "#include \"broker/sequencer.hpp\"\n"), ElementsAre(HasSubstr("config may not use broker")));
  EXPECT_THAT(breaches_of("broker/http/options.hpp", "#include <boost/asio/ip/address.hpp>\n"),
              ElementsAre(HasSubstr("only the standard library")));
  EXPECT_THAT(breaches_of("storage/rocks/options.hpp", "#include \"policy/money.hpp\"\n"), ElementsAre(HasSubstr("plain struct")));
}

TEST(Layering, ReportsWhatItCannotPlace) {
  EXPECT_THAT(breaches_of("policy/apply.cpp", "#include \"money.hpp\"\n"), ElementsAre(HasSubstr("no file of the tree")));
  EXPECT_THAT(breaches_of("tools/newtool/main.cpp", "#include <vector>\n"), ElementsAre(HasSubstr("no row")));
}

TEST(Layering, ReadsCodeAsTheCompilerDoes) {
  auto const includes = includes_of("// #include \"a\"\n#include <b>\n  #  include \"c/d.hpp\"  // why\n#included <e>\n");
  ASSERT_EQ(includes.size(), 2U);
  EXPECT_EQ(includes[0].target, "b");
  EXPECT_EQ(includes[1].line, 3);
  EXPECT_TRUE(includes[1].quoted);
  EXPECT_EQ(code_only("a/*\nb*/c \"d\\\"e\" 'f' 1'0 R\"x(g\")x\"h//i"), "a  \n   c            1'0          h   ");
}

}  // namespace
}  // namespace sluice::layering
