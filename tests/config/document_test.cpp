// Documents: places are right, limits hold, and no bytes make it crash.
#include "config/document.hpp"

#include "tests/config/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using testing::HasSubstr;

std::string first_error(std::string_view text) {
  auto const document = parse_document(text, "x.toml");
  return document ? "" : to_text(document.error());
}

Member const& member(Value const& table, std::string_view key) {
  for (Member const& found : std::get<TableValue>(table.data)) {
    if (found.key == key) return found;
  }
  throw std::runtime_error("no member " + std::string(key));
}

TEST(Document, KnowsTheKindAndPlaceOfEverything) {
  auto const document =
      parse_document("a = 1\n[t]\n  b = \"二\"\nc = [true, 2.5]\nd = 2024-03-01\ne = 2024-03-01T00:00:00+08:00\nf = 07:32:00\n", "x.toml");
  ASSERT_TRUE(document) << to_text(document.error());
  EXPECT_EQ(std::get<std::int64_t>(member(*document, "a").value.data), 1);
  EXPECT_EQ(member(*document, "a").at, (Position{1, 1}));
  EXPECT_EQ(member(*document, "a").value.at, (Position{1, 5}));
  Value const& table = member(*document, "t").value;
  EXPECT_EQ(member(table, "b").at, (Position{3, 3}));
  EXPECT_EQ(member(table, "b").value.at, (Position{3, 7}));
  EXPECT_EQ(std::get<List>(member(table, "c").value.data).at(1).at, (Position{4, 12}));
  EXPECT_EQ(std::get<LocalDate>(member(table, "d").value.data).month, 3);
  EXPECT_EQ(std::get<policy::Timestamp>(member(table, "e").value.data).ms, 1'709'222'400'000);
  EXPECT_EQ(kind_name(member(table, "f").value), "a time of day");
}

TEST(Document, ReportsTheFirstSyntaxError) {
  EXPECT_THAT(first_error("a = 1\nb = \n"), HasSubstr("x.toml:2:"));
  EXPECT_THAT(first_error("a = 1\na = 2\n"), HasSubstr("x.toml:2:"));
  EXPECT_THAT(first_error("[t\n"), HasSubstr("x.toml:1:"));
  EXPECT_THAT(first_error("d = 2023-02-30\n"), HasSubstr("x.toml:1:"));
  EXPECT_THAT(first_error("i = 9223372036854775808\n"), HasSubstr("x.toml:1:"));
  EXPECT_NE(first_error(std::string("a = \"\0\"", 7)), "");
  EXPECT_NE(first_error("a = \"\xff\xfe\"\n"), "");
  EXPECT_EQ(first_error("\xEF\xBB\xBFx = 1\n"), "x.toml:1:1: syntax: the file begins with a byte order mark; save it as plain UTF-8");
}

TEST(Document, ErrorTextsDoNotReachTheTerminal) {
  std::string const error = first_error("a = \"\x1b]0;owned\x07\"\n");
  EXPECT_EQ(error.find('\x1b'), std::string::npos) << error;
  EXPECT_NE(error, "");
}

TEST(Document, BoundsNesting) {
  // Each of these would build a tree as deep as the file is long, and destroy it by recursion.
  std::string dotted = "a";
  for (int part = 0; part < 100'000; ++part) dotted += ".a";
  EXPECT_THAT(first_error(dotted + " = 1\n"), HasSubstr("nested too deeply"));
  EXPECT_THAT(first_error("[" + dotted + "]\n"), HasSubstr("nested too deeply"));
  EXPECT_THAT(first_error("a = " + std::string(100'000, '[')), HasSubstr("nested too deeply"));
  std::string inlined = "a = ";
  for (int level = 0; level < 20'000; ++level) inlined += "[\n{a.b.c = ";
  EXPECT_THAT(first_error(inlined), HasSubstr("nested too deeply"));
  std::string quoted_parts = "\"a\"";
  for (int part = 0; part < 10'000; ++part) quoted_parts += " . 'b'";
  EXPECT_THAT(first_error(quoted_parts + " = 1"), HasSubstr("nested too deeply"));
}

TEST(Document, DoesNotCountWhatStandsInTextsAndComments) {
  std::string const many = ". . . . . . . . . . . . . . . . . . . . . . [[[[[[[[[[[[[[[[[[[[[[[[ {{{{{{{{{{{{{{{{{{{{";
  EXPECT_EQ(first_error("# " + many + "\na = \"" + many + "\"\nb = '" + many + "'\nc = \"\"\"\n" + many + "\n\\\"\"\"\"\nd = '''\n" + many +
                        "'' '''\n"),
            "");
  EXPECT_THAT(first_error("a = \"\\\\\"\nb = " + std::string(20, '[')), HasSubstr("x.toml:2:21: syntax: nested too deeply"));
}

TEST(Document, BoundsSize) {
  EXPECT_THAT(first_error(std::string(file_bytes_max + 1, '\n')), HasSubstr("larger than 256 KiB"));
  TemporaryFolder const folder;
  folder.write("big.toml", std::string(file_bytes_max + 1, '\n'));
  folder.write("fits.toml", std::string(file_bytes_max, '\n'));
  EXPECT_EQ(read_file(folder.path() / "big.toml").error(), "is larger than 256 KiB");
  EXPECT_EQ(read_file(folder.path() / "fits.toml").value().size(), file_bytes_max);
}

TEST(Document, ReadsOnlyRegularFiles) {
  TemporaryFolder const folder;
  EXPECT_EQ(read_file(folder.path()).error(), "is not a regular file");
  EXPECT_EQ(read_file("/dev/zero").error(), "is not a regular file");
  EXPECT_EQ(read_file(folder.path() / "none.toml").error(), "the file is not there");
}

TEST(Printable, EscapesWhatTerminalsActOn) {
  EXPECT_EQ(printable("plain 文字 é €"), "plain 文字 é €");
  EXPECT_EQ(printable("a\x1b[31m\n\t\x7f"), "a\\x1B[31m\\x0A\\x09\\x7F");
  EXPECT_EQ(printable("\xE2\x80\xAE"), "\\xE2\\x80\\xAE") << "right-to-left override";
  EXPECT_EQ(printable("\xE2\x80\xA8"), "\\xE2\\x80\\xA8") << "line separator";
  EXPECT_EQ(printable("\xC2\x9B"), "\\xC2\\x9B") << "C1 control";
  EXPECT_EQ(printable("\xff\xC3"), "\\xFF\\xC3") << "no UTF-8";
  EXPECT_EQ(printable("二二二", 7), "二二…") << "cut at a character's border";
}

}  // namespace
}  // namespace sluice::config
