// The parts without a server: escaping, width, tables, event streams, tiles, durations, settings.
#include "tests/tools/ctl/run.hpp"
#include "tools/ctl/checkpoint.hpp"
#include "tools/ctl/command_line.hpp"
#include "tools/ctl/event_reader.hpp"
#include "tools/ctl/failure.hpp"
#include "tools/ctl/job_request.hpp"
#include "tools/ctl/settings.hpp"
#include "tools/ctl/table.hpp"
#include "tools/ctl/terminal_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sluice::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TerminalText, EscapesWhatATerminalActsUpon) {
  EXPECT_EQ(escape_for_terminal("a\x1b[31mb\n\tc\x7f", Keep::nothing), "a\\x1b[31mb\\n\\tc\\x7f");
  EXPECT_EQ(escape_for_terminal("a\n\tb\r", Keep::lines), "a\n\tb\\x0d");
  EXPECT_EQ(escape_for_terminal("\u009b31m \u202e \u2066 \u2028 \ufeff", Keep::nothing), "\\u009b31m \\u202e \\u2066 \\u2028 \\ufeff");
  EXPECT_EQ(escape_for_terminal("{\n \"\u009b\u202e\x7f\"}", Keep::json), "{\n \"\\u009b\\u202e\\u007f\"}");
  EXPECT_EQ(escape_for_terminal("启明 ✓ é 🎉", Keep::nothing), "启明 ✓ é 🎉");
  // Overlong, surrogate, cut short, beyond Unicode.
  EXPECT_EQ(escape_for_terminal("\xc0\x8a|\xed\xa0\x80|\xe5\x90|\xf5\x80\x80\x80", Keep::lines),
            "\\xc0\\x8a|\\xed\\xa0\\x80|\\xe5\\x90|\\xf5\\x80\\x80\\x80");
}

TEST(TerminalText, MeasuresColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("启明ab"), 6U);
  EXPECT_EQ(display_width("（１）"), 6U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("🎉🚀🥳✅"), 8U);
  EXPECT_EQ(display_width("¥→·"), 3U);
}

TEST(Table, AlignsChineseAndNumbers) {
  Table table({{"NAME"}, {"YUAN", true}, {"END"}});
  table.add({"启明", "9.80", "x"});
  table.add({"wuhan", "12.00", ""});
  table.add({"a\nb", "1", "\x1b"});
  EXPECT_EQ(table.render(false),
            "NAME    YUAN  END\n"
            "启明    9.80  x\n"
            "wuhan  12.00\n"
            "a\\nb       1  \\x1b\n");
  EXPECT_THAT(table.render(true), testing::StartsWith("\x1b[1mNAME"));
}

TEST(CommandLine, SuggestsWhatIsCloseOnly) {
  std::vector<std::string> const verbs = {"list", "logs", "log", "key", "get"};
  EXPECT_EQ(closest("lst", verbs), "list");
  EXPECT_EQ(closest("lgs", verbs), "logs");
  EXPECT_EQ(closest("got", verbs), "get");
  EXPECT_EQ(closest("fly", verbs), "") << "two of three letters differ";
  EXPECT_EQ(closest("slk_secret", verbs), "");
  EXPECT_EQ(closest("", verbs), "");
}

TEST(Table, LeavesOutWhatNoRowHas) {
  Table table({{"NAME"}, {"SPENT", true, true}, {"LABEL", false, true}, {"STATUS"}});
  table.add({"a", "-", "-", "-"});
  table.add({"b", "-", "ci", "-"});
  EXPECT_EQ(table.render(false), "NAME  LABEL  STATUS\na     -      -\nb     ci     -\n");
}

std::vector<ServerEvent> events_of(std::vector<std::string> const& pieces) {
  EventReader reader;
  std::vector<ServerEvent> events;
  for (auto const& piece : pieces) {
    EXPECT_TRUE(reader.feed(piece, [&](ServerEvent const& event) {
      events.push_back(event);
      return true;
    }));
  }
  return events;
}

TEST(EventReader, ReadsPiecesOfAnySize) {
  std::string const stream =
      ": hello\nretry: 5\n\nid: 7\nevent: job.accepted/1\ndata: a\ndata:b\n\nid: 8\r\ndata: c\r\n\r\nevent: none\n\ndata: cut";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < stream.size(); at += size) pieces.push_back(stream.substr(at, size));
    auto const events = events_of(pieces);
    ASSERT_EQ(events.size(), 2U) << size;
    EXPECT_EQ(events[0].id, "7");
    EXPECT_EQ(events[0].type, "job.accepted/1");
    EXPECT_EQ(events[0].data, "a\nb");
    EXPECT_EQ(events[1].id, "8");
    EXPECT_EQ(events[1].type, "message");
    EXPECT_EQ(events[1].data, "c");
  }
}

TEST(EventReader, StopsWhenToldAndBoundsAnEvent) {
  EventReader reader;
  int taken = 0;
  EXPECT_FALSE(reader.feed("id: 1\ndata: a\n\nid: 2\ndata: b\n\n", [&](ServerEvent const&) {
    ++taken;
    return false;
  }));
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(reader.last_id(), "1");
  EXPECT_FALSE(reader.overflow());
  EventReader flooded;
  EXPECT_FALSE(flooded.feed("data: " + std::string(2 << 20, 'x'), [](ServerEvent const&) { return true; }));
  EXPECT_TRUE(flooded.overflow());
}

TEST(Checkpoint, ReadsANoteAndRefusesOthers) {
  std::string const root(43, 'A');
  std::string const good = "sluice.example/log\n50241\n" + root + "=\n\n\u2014 sluice.example/log Az3grnmr\n";
  auto const read = read_checkpoint(good);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->origin, "sluice.example/log");
  EXPECT_EQ(read->size, 50241U);
  EXPECT_EQ(read->signatures, 1);
  for (std::string const& bad :
       std::vector<std::string>{std::string(), std::string("a\n1\n"), "a\n01\n" + root + "=\n\n\u2014 a b\n",
                                "a\n1x\n" + root + "=\n\n\u2014 a b\n", "a\n1\nshort=\n\n\u2014 a b\n", "a\n1\n" + root + "=\n\n",
                                "a\n1\n" + root + "=\n\nnot a signature\n", "a\n99999999999999999999999\n" + root + "=\n\n\u2014 a b\n"}) {
    EXPECT_FALSE(read_checkpoint(bad)) << bad;
  }
}

std::vector<std::string> tiles_of(std::uint64_t size) {
  TileWalk walk(size);
  Tile tile;
  std::vector<std::string> paths;
  while (walk.next(tile)) paths.push_back(tile.path());
  EXPECT_EQ(paths.size(), TileWalk::count(size));
  return paths;
}

TEST(Checkpoint, NamesTilesAsTlogTilesDoes) {
  EXPECT_THAT(tiles_of(0), ElementsAre());
  EXPECT_THAT(tiles_of(1), ElementsAre("tile/entries/000.p/1", "tile/0/000.p/1"));
  EXPECT_THAT(tiles_of(256), ElementsAre("tile/entries/000", "tile/0/000", "tile/1/000.p/1"));
  EXPECT_THAT(tiles_of(257), ElementsAre("tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"));
  // The example of the tlog-tiles specification: index 1234067 is x001/x234/067.
  EXPECT_EQ((Tile{0, 1'234'067, 256}.path()), "tile/0/x001/x234/067");
  EXPECT_EQ((Tile{2, 1'000, 7}.path()), "tile/2/x001/000.p/7");
}

TEST(Checkpoint, MeasuresBundles) {
  std::string const bundle("\0\3abc\0\0\0\1z", 9 + 1);
  EXPECT_EQ(bundle_bytes(bundle, 3, true).value(), bundle.size());
  EXPECT_EQ(bundle_bytes(bundle, 2, false).value(), 7U);
  EXPECT_THAT(bundle_bytes(bundle, 2, true).error(), HasSubstr("3 bytes after"));
  EXPECT_THAT(bundle_bytes(bundle, 4, false).error(), HasSubstr("holds 3 entries"));
  EXPECT_THAT(bundle_bytes(bundle.substr(0, 9), 3, true).error(), HasSubstr("ends inside entry 2"));
}

TEST(JobRequest, ReadsDurations) {
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("30m"), 1'800);
  EXPECT_EQ(parse_duration("48h"), 172'800);
  EXPECT_EQ(parse_duration("366d"), 31'622'400);
  for (char const* bad : {"", "h", "0", "-1", "1.5h", "48 h", "367d", "9999999999999999999d", "4w"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Settings, FindServerAndLanguage) {
  auto const with = [](std::map<std::string, std::string> const& variables, Settings settings = {}) {
    return complete(std::move(settings), [&](char const* name) -> std::optional<std::string> {
      auto const found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
  };
  EXPECT_EQ(with({})->server, "http://127.0.0.1:8080");
  EXPECT_EQ(with({})->language, "en");
  EXPECT_EQ(with({{"LANG", "zh_CN.UTF-8"}})->language, "zh");
  EXPECT_EQ(with({{"LANG", "zh_CN.UTF-8"}, {"LC_ALL", "C"}})->language, "en");
  EXPECT_EQ(with({{"SLUICE_SERVER", "unix:/run/x.sock"}})->socket, "/run/x.sock");
  EXPECT_EQ(with({{"HOME", "/h"}})->token_file, "/h/.config/sluice/token");
  EXPECT_EQ(with({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}})->token_file, "/x/sluice/token");
  EXPECT_EQ(with({{"HOME", "/h"}, {"SLUICE_TOKEN_FILE", "/t"}})->token_file, "/t");
  EXPECT_EQ(with({{"HOME", "/h"}, {"SLUICE_SERVER", "unix:/run/x.sock"}})->token_file, "")
      << "the daemon knows a peer of its socket without a key";
  EXPECT_EQ(with({{"SLUICE_SERVER", "broker.example"}}).error().exit, ExitCode::usage);
}

TEST(Settings, ReadTokenFiles) {
  ctl_test::Folder const folder;
  Settings settings;
  settings.token_file = folder.file("token", "slk_abc\r\n");
  EXPECT_EQ(read_token(settings, true)->text, "slk_abc");
  EXPECT_EQ(read_token(settings, true)->warning, "");
  ::chmod(settings.token_file.c_str(), 0644);
  EXPECT_THAT(read_token(settings, true)->warning, HasSubstr("chmod 600"));
  for (std::string const& bad :
       {std::string(), std::string("a b"), std::string("a\nb"), std::string("\n"), std::string("a\0b", 3), std::string(5'000, 'x')}) {
    settings.token_file = folder.file("bad", bad);
    auto const token = read_token(settings, true);
    ASSERT_FALSE(token) << bad;
    EXPECT_EQ(token.error().exit, ExitCode::usage);
    EXPECT_EQ(token.error().what.find("a b"), std::string::npos) << "an error must not quote the file";
  }
  settings.token_file = (folder.path() / "none").string();
  EXPECT_EQ(read_token(settings, false)->text, "");
  EXPECT_FALSE(read_token(settings, true));
}

TEST(Failure, SaysWhatWhereAndWhatToDo) {
  auto const failure =
      failure_of(422, "application/problem+json; charset=utf-8",
                 R"({"title":"Not valid","detail":"2 fields.","code":"invalid_body","status":422,"action":"Mend them.","retry_after_s":5,
                                      "errors":[{"pointer":"/gang/cards","code":"out_of_range","detail":"0 is below 1"},{"pointer":"","code":"required","detail":"name"}]})",
                 "POST /v1/jobs", "en");
  EXPECT_EQ(failure.exit, ExitCode::invalid);
  EXPECT_EQ(to_text(failure),
            "sluicectl: Not valid. 2 fields. (invalid_body)\n  where: /gang/cards: 0 is below 1\n  where: : name\n  do:    Mend them. "
            "Repeat in 5 s.\n");
  EXPECT_EQ(failure_of(502, "text/html", "<html>", "GET /", "en").exit, ExitCode::unavailable);
  EXPECT_EQ(failure_of(500, "application/problem+json", "{", "GET /", "en").exit, ExitCode::failure);
  EXPECT_EQ(failure_of(404, "application/problem+json", "[]", "GET /", "en").exit, ExitCode::not_found);
}

}  // namespace
}  // namespace sluice::ctl
