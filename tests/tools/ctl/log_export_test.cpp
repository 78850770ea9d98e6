// log export: what is copied, what is kept, what is refused.
#include "tests/tools/ctl/fake_broker.hpp"
#include "tests/tools/ctl/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace sluice::ctl_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char const* blob_hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // FIPS 180-4: "abc"

std::string checkpoint(std::uint64_t size, char root = 'A', std::string const& origin = "sluice.example/log") {
  return fmt::format("{}\n{}\n{}=\n\n\u2014 {} Az3grnmr\n", origin, size, std::string(43, root), origin);
}

std::string bundle(int entries) {
  std::string result;
  for (int i = 0; i < entries; ++i) {
    std::string const entry = fmt::format("entry {}", i);
    result += '\0';
    result += static_cast<char>(entry.size());
    result += entry;
  }
  return result;
}

// A log of 300 entries as files; hashes are of the right size, which is all that a copy can check.
std::map<std::string, std::string> log_of_300() {
  return {{"/checkpoint", checkpoint(300)},
          {"/tile/entries/000", bundle(256)},
          {"/tile/entries/001.p/44", bundle(44)},
          {"/tile/0/000", std::string(256 * 32, 'a')},
          {"/tile/0/001.p/44", std::string(44 * 32, 'b')},
          {"/tile/1/000.p/1", std::string(32, 'c')},
          {"/v1/log/blobs", fmt::format(R"({{"data":[{{"hash":"{}","bytes":3,"sequence":"5"}}],"next":null}})", blob_hash)},
          {fmt::format("/blob/{}", blob_hash), "abc"}};
}

struct Log {
  std::map<std::string, std::string> files = log_of_300();
  FakeBroker broker{[this](FakeRequest const& request) {
    auto const found = files.find(request.path);
    if (found == files.end()) return problem(404, "not_found");
    bool const is_json = request.path.starts_with("/v1/");
    return FakeReply{.status = 200,
                     .content_type = is_json ? "application/json" : "application/octet-stream",
                     .body = found->second,
                     .headers = {},
                     .pieces = {}};
  }};
  Folder folder;
  std::filesystem::path const copy = folder.path() / "copy";

  Ran run_export(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--server", broker.url(), "log", "export", copy.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> paths;
    for (auto const& request : broker.requests()) paths.push_back(request.path);
    return paths;
  }
};

TEST(LogExport, CopiesTheTreeByteForByte) {
  Log log;
  auto const ran = log.run_export();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("300 entries of sluice.example/log"), HasSubstr("5 tiles and 1 blobs fetched, 0 kept")));
  for (auto const& [path, bytes] : log.files) {
    if (!path.starts_with("/v1/")) {
      EXPECT_EQ(read_file(log.copy.string() + path), bytes) << path;
    }
  }
  EXPECT_EQ(log.broker.requests()[6].query, "limit=1000&before=300");
}

TEST(LogExport, GoesOnWhereItStopped) {
  Log log;
  log.files.erase("/tile/0/001.p/44");
  log.files.erase("/tile/1/000.p/1");
  EXPECT_EQ(log.run_export().status, 3);
  EXPECT_FALSE(std::filesystem::exists(log.copy / "checkpoint")) << "a folder with a checkpoint has everything below it";
  log.files = log_of_300();
  // A file cut short by a crash is not taken for whole.
  std::filesystem::resize_file(log.copy / "tile/entries/000", 100);
  auto const before = log.asked().size();
  EXPECT_EQ(log.run_export().status, 0);
  auto asked = log.asked();
  asked.erase(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(before));
  EXPECT_THAT(asked, ElementsAre("/checkpoint", "/tile/entries/000", "/tile/0/001.p/44", "/tile/1/000.p/1", "/v1/log/blobs",
                                 fmt::format("/blob/{}", blob_hash)));
  auto const third = log.run_export();
  EXPECT_THAT(third.out, HasSubstr("0 tiles and 0 blobs fetched, 6 kept"));
}

TEST(LogExport, CutsAPartialTileFromTheFullOneThatReplacedIt) {
  Log log;
  log.files.erase("/tile/entries/001.p/44");
  log.files.erase("/tile/0/001.p/44");
  log.files["/tile/entries/001"] = bundle(256);
  log.files["/tile/0/001"] = std::string(256 * 32, 'b');
  EXPECT_EQ(log.run_export().status, 0);
  EXPECT_EQ(read_file(log.copy / "tile/entries/001.p/44"), bundle(44));
  EXPECT_EQ(read_file(log.copy / "tile/0/001.p/44"), std::string(44 * 32, 'b'));
}

TEST(LogExport, RefusesWhatDoesNotHaveItsSize) {
  std::map<std::string, std::string> const spoiled = {
      {"/tile/entries/000", bundle(255)},        {"/tile/entries/001.p/44", bundle(44) + "x"}, {"/tile/0/000", std::string(8'191, 'a')},
      {"/tile/1/000.p/1", std::string(64, 'c')}, {"/checkpoint", "no checkpoint\n"},           {fmt::format("/blob/{}", blob_hash), "abd"}};
  for (auto const& [path, bytes] : spoiled) {
    Log log;
    log.files[path] = bytes;
    auto const ran = log.run_export();
    EXPECT_EQ(ran.status, 1) << path;
    EXPECT_FALSE(std::filesystem::exists(log.copy / "checkpoint")) << path;
    EXPECT_FALSE(std::filesystem::exists(log.copy.string() + path)) << path;
  }
}

TEST(LogExport, LetsNoNameLeaveTheFolder) {
  for (char const* const name :
       {"../../evil", "/etc/passwd", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", "ba78", ""}) {
    Log log;
    log.files["/v1/log/blobs"] = fmt::format(R"({{"data":[{{"hash":"{}","bytes":3,"sequence":"5"}}],"next":null}})", name);
    EXPECT_EQ(log.run_export().status, 1) << name;
    EXPECT_THAT(log.asked(), Not(testing::Contains(HasSubstr("/blob/")))) << name;
  }
}

TEST(LogExport, RefusesAForkAndAShorterLog) {
  for (auto const& other : {checkpoint(299), checkpoint(300, 'B'), checkpoint(300, 'A', "other.example/log")}) {
    Log log;
    ASSERT_EQ(log.run_export().status, 0);
    log.files["/checkpoint"] = other;
    auto const ran = log.run_export();
    EXPECT_EQ(ran.status, 4) << other;
    EXPECT_THAT(ran.err, HasSubstr("may be evidence"));
    EXPECT_EQ(read_file(log.copy / "checkpoint"), checkpoint(300));
  }
}

TEST(LogExport, LeavesBlobsOutWhenAsked) {
  Log log;
  EXPECT_EQ(log.run_export({"--without-blobs"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(log.copy / "blob"));
}

TEST(LogExport, EmptyLogIsACheckpointAlone) {
  Log log;
  log.files = {{"/checkpoint", checkpoint(0)}, {"/v1/log/blobs", R"({"data":[],"next":null})"}};
  EXPECT_EQ(log.run_export().status, 0);
  EXPECT_EQ(read_file(log.copy / "checkpoint"), checkpoint(0));
}

}  // namespace
}  // namespace sluice::ctl_test
