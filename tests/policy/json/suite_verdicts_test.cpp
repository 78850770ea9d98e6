// The verdicts of RFC 8259 over its grammar's corners: accepted, refused, and left to the implementation (with our choice written down).
#include "policy/json/strict.hpp"

#include <dirent.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice::json {
namespace {

using namespace std::string_literals;

bool accepts(std::string const& text) { return parse_strict(text).has_value(); }

TEST(Verdicts, acceptsWhatTheGrammarAllows) {
  for (std::string const& text : {
           " [] "s,
           "\t\r\n[1]\n"s,
           "true"s,
           "null"s,
           "-0"s,
           "0"s,
           "\"\""s,
           "[[]   ]"s,
           "[\"\"]"s,
           "{}"s,
           "{\"\":0}"s,
           "{\"a\\u0000b\":1}"s,
           "[1E22]"s,
           "[1e-2]"s,
           "[1e+2]"s,
           "[123.456e78]"s,
           "[0e1]"s,
           "[0e+1]"s,
           "[-0.0]"s,
           "[1.000000000000000000005]"s,
           "[-1]"s,
           "[20e1]"s,
           "[1e00]"s,
           "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"s,
           "[\"\\u0060\\u012a\\u12AB\"]"s,
           "[\"\\uD801\\udc37\"]"s,
           "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"s,
           "[\"\x7f\"]"s,
           "[\"\xe2\x80\xa8\xe2\x80\xa9\"]"s,
           "[\"\xf4\x8f\xbf\xbf\"]"s,
           "[\"\xef\xbf\xbf\"]"s,
           "[\"\\uFFFF\"]"s,
           "[\"\\u0000\"]"s,
           "[1,null,null,null,2]"s,
           "{\"a\":[]}"s,
           "[\"a/*b*/c/*d//e\"]"s,
       }) {
    EXPECT_TRUE(accepts(text)) << text;
  }
}

TEST(Verdicts, refusesWhatTheGrammarForbids) {
  for (std::string const& text : {
           ""s,
           " "s,
           "[1 true]"s,
           "[a\xe5]"s,
           "[\"\": 1]"s,
           "[\"\"],"s,
           "[,1]"s,
           "[1,,2]"s,
           "[\"x\",,]"s,
           "[\"x\"]]"s,
           "[\"\",]"s,
           "[\"x\""s,
           "[x"s,
           "[3[ 4]]"s,
           "[,]"s,
           "[-]"s,
           "[   , \"\"]"s,
           "[\"\v\"]"s,
           "[1,]"s,
           "[*]"s,
           "[fals]"s,
           "[nul]"s,
           "[tru]"s,
           "[-01]"s,
           "[-2.]"s,
           "[-NaN]"s,
           "[.-1]"s,
           "[.2e-3]"s,
           "[0.1.2]"s,
           "[0.3e+]"s,
           "[0.e1]"s,
           "[0E]"s,
           "[0e+]"s,
           "[1.0e-]"s,
           "[1 000.0]"s,
           "[1eE2]"s,
           "[2.e+3]"s,
           "[9.e+]"s,
           "[Inf]"s,
           "[\xef\xbc\x91]"s,
           "[1+2]"s,
           "[0x1]"s,
           "[0x42]"s,
           "[-foo]"s,
           "[- 1]"s,
           "[-012]"s,
           "[-.123]"s,
           "[-1x]"s,
           "[1ea]"s,
           "[1.]"s,
           "[.123]"s,
           "[1.2a-3]"s,
           "[012]"s,
           "[\"x\", truth]"s,
           "{[: \"x\"}"s,
           "{\"x\", null}"s,
           "{\"x\"::\"b\"}"s,
           "{\"a\":\"a\" 123}"s,
           "{key: 'value'}"s,
           "{\"a\" b}"s,
           "{:\"b\"}"s,
           "{\"a\" \"b\"}"s,
           "{\"a\":"s,
           "{\"a\""s,
           "{1:1}"s,
           "{9999E9999:1}"s,
           "{null:null}"s,
           "{\"id\":0,,,,,}"s,
           "{'a':0}"s,
           "{\"id\":0,}"s,
           "{\"a\":\"b\"}/**/"s,
           "{\"a\":\"b\"}#"s,
           "{\"a\":\"b\",,\"c\":\"d\"}"s,
           "{a: \"b\"}"s,
           "{\"a\":\"a"s,
           "[\"\\uD800\\\"]"s,
           "[\"\\uD800\\u\"]"s,
           "[\"\\uD800\\u1x\"]"s,
           "[\\u0020\"asd\"]"s,
           "[\"\\\t\"]"s,
           "[\"\\\xf0\x9f\x8c\x80\"]"s,
           "[\"\\\"]"s,
           "[\"\\x00\"]"s,
           "[\"\\u00A\"]"s,
           "[\"\\a\"]"s,
           "[\"\\u\xe5\"]"s,
           "\""s,
           "['single']"s,
           "abc"s,
           "[\"\t\"]"s,
           "\"\\UA66D\""s,
           "\"\"x"s,
           "<.>"s,
           "[<null>]"s,
           "[True]"s,
           "1]"s,
           "{\"x\": true,"s,
           "[][]"s,
           "]"s,
           "{}}"s,
           "{\"\":"s,
           "{\"a\":/*comment*/\"b\"}"s,
           "{'a'"s,
           "[\"\\{[\"\\{"s,
           "*"s,
           "{\"a\":\"b\"}#{}"s,
           "[\\u000A\"\"]"s,
           "[1"s,
           "[ false, nul"s,
           "å"s,
           "[\xe2\x81\xa0]"s,
           "\xef\xbb\xbf"s,
           "[\f]"s,
           "123\0"s,
           "[\"new\nline\"]"s,
           "-"s,
           "--1"s,
           "1e"s,
           "\\u0031"s,
       }) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

// RFC 8259 leaves these open. Ours: refuse whatever would change silently; keep finite doubles.
TEST(Verdicts, choosesWhereTheGrammarIsSilent) {
  for (std::string const& text : {
           "[123.456e-789]"s,  // underflows to zero: a double, never an integer
           "[1.7976931348623157e308]"s, "[0.4e-00669999999999999999999999999999969999999006]"s,
           "[123123123123123123123123123123.0]"s,  // has a point, so it is meant as a real
       }) {
    EXPECT_TRUE(accepts(text)) << text;
  }
  for (std::string const& text : {
           "[0.4e00669999999999999999999999999999969999999006]"s,
           "[1.5e+9999]"s,
           "[-1e9999]"s,  // no double holds them
           "[100000000000000000000]"s,
           "[-123123123123123123123123123123]"s,  // no int64 holds them
           "[\"\\uDADA\"]"s,
           "[\"\\uD888\\u1234\"]"s,
           "[\"\\uDd1e\\uD834\"]"s,
           "[\"\\ud800abc\"]"s,
           "[\"\\uDFAA\"]"s,  // lone surrogates
           "[\"\xff\"]"s,
           "[\"\xe0\xff\"]"s,
           "[\"\xed\xa0\x80\"]"s,
           "[\"\xfc\x80\x80\x80\x80\x80\"]"s,
           "[\"\xc0\xaf\"]"s,
           "[\"\x81\"]"s,
           "[\"\xf4\xbf\xbf\xbf\"]"s,
           "[\"\xe6\x97\xa5\xd1\x88\xfa\"]"s,  // not UTF-8
           "\xff\xfe[\0\"\0\xe9\0\"\0]\0"s,
           "\0[\0\"\0\xe9\0\"\0]"s,                        // UTF-16
           "\xef\xbb\xbf{}"s,                              // byte order mark
           std::string(500, '[') + std::string(500, ']'),  // deeper than 64
           "{\"a\":\"b\",\"a\":\"b\"}"s,                   // duplicates, though the grammar allows them
       }) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

// Every one-byte change of a sound document is either JSON of its own or refused; none may crash, hang or keep a NUL.
TEST(Verdicts, survivesEveryOneByteMutation) {
  std::string const sound = R"({"a":[1,-2.5e3,"\u00e9\n"],"b":{"c":null,"d":true}})";
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = sound;
      changed[i] = static_cast<char>(byte);
      auto const parsed = parse_strict(changed);
      if (parsed.has_value()) {
        ++accepted;
        EXPECT_NE(byte, 0);
        EXPECT_TRUE(nlohmann::json::accept(changed));
      } else {
        ++refused;
        EXPECT_LE(parsed.error().offset, changed.size());
      }
    }
    for (std::string const& shorter : {sound.substr(0, i), sound.substr(i + 1)}) EXPECT_FALSE(accepts(shorter)) << shorter;
  }
  EXPECT_GT(accepted, sound.size());
  EXPECT_GT(refused, accepted);
}

// With SLUICE_JSON_SUITE naming a folder of y_*, n_* and i_* files, all of them are judged too; without it the tables above are the test.
TEST(Verdicts, agreesWithASuiteOnDisk) {
  char const* folder = std::getenv("SLUICE_JSON_SUITE");
  if (folder == nullptr) GTEST_SKIP() << "SLUICE_JSON_SUITE is not set";
  DIR* dir = opendir(folder);
  ASSERT_NE(dir, nullptr) << folder;
  std::size_t judged = 0;
  while (dirent const* entry = readdir(dir)) {
    std::string const name = entry->d_name;
    if (!name.ends_with(".json")) continue;
    std::ifstream file(std::string(folder) + "/" + name, std::ios::binary);
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    // The two y_ files with duplicate keys are well-formed; we refuse them by our own rule.
    if (name.starts_with("y_object_duplicated_key")) {
      EXPECT_FALSE(accepts(text)) << name;
    } else if (name.starts_with("y_")) {
      EXPECT_TRUE(accepts(text)) << name << ": " << to_string(parse_strict(text).error());
    } else if (name.starts_with("n_")) {
      EXPECT_FALSE(accepts(text)) << name;
    } else {
      std::string verdict = accepts(text) ? "accepted" : "refused: " + parse_strict(text).error().what;
      std::printf("%s %s\n", name.c_str(), verdict.c_str());
    }
    ++judged;
  }
  closedir(dir);
  EXPECT_GT(judged, 300u);
}

}  // namespace
}  // namespace sluice::json
