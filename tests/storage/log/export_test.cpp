// Export: exactly the files of the specification, blobs beside them, nothing stale, and no damaged ledger spread further.
#include "storage/log/file.hpp"
#include "storage/log/tree_export.hpp"
#include "storage/log/tree_source.hpp"
#include "storage/log/verified_tree.hpp"
#include "tests/storage/log/exported_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace sluice::log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::set<std::string> files(std::string const& directory) {
  std::set<std::string> found;
  for (auto const& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (file.is_regular_file()) found.insert(std::filesystem::relative(file.path(), directory).string());
  }
  return found;
}

TEST(Export, WritesTheFilesOfTheSpecification) {
  test::ExportedTree const tree(600);
  EXPECT_THAT(files(tree.directory.path()), ElementsAre("checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
                                                        "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"));
  EXPECT_EQ(**read_file(tree.file("checkpoint"), 10'000), tree.ledger.checkpoint().note);
  EXPECT_EQ((*read_file(tree.file("tile/0/002.p/88"), 10'000))->size(), 88u * 32);
}

TEST(Export, AnEmptyLogIsACheckpoint) {
  test::ExportedTree const tree(0);
  EXPECT_THAT(files(tree.directory.path()), ElementsAre("checkpoint"));
}

TEST(Export, AgainLaterReplacesPartialFiles) {
  test::ExportedTree tree(200);
  EXPECT_THAT(files(tree.directory.path()), ElementsAre("checkpoint", "tile/0/000.p/200", "tile/entries/000.p/200"));
  test::grow(tree.ledger, 250);
  tree.export_again();
  EXPECT_THAT(files(tree.directory.path()), ElementsAre("checkpoint", "tile/0/000.p/250", "tile/entries/000.p/250"));
  test::grow(tree.ledger, 256);
  tree.export_again();
  EXPECT_THAT(files(tree.directory.path()), ElementsAre("checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/000"));
}

TEST(Export, BlobsAreNamedByTheirHash) {
  test::ExportedTree tree(3);
  Group group = test::group(3, 1);
  group.blobs = {test::blob("plan"), test::blob("")};
  ASSERT_TRUE(tree.ledger.append(1, 3, group, {}));
  std::uint64_t told = 0;
  auto const summary = export_tree(tree.ledger, tree.directory.path(), [&](std::uint64_t written, std::uint64_t size) {
    told = written;
    EXPECT_EQ(size, 4u);
  });
  ASSERT_TRUE(summary) << summary.error();
  EXPECT_EQ(summary->blobs, 2u);
  EXPECT_EQ(told, 4u);
  EXPECT_EQ(**read_file(tree.file(blob_path(policy::sha256("plan"))), 100), "plan");
}

// A reader that answers as the ledger does, except where a test says otherwise.
class Lying : public LedgerReader {
 public:
  explicit Lying(LedgerReader const& truth) : truth_(&truth) {}
  std::function<std::expected<std::optional<std::string>, LedgerError>(TileId const&)> on_tile;
  std::function<std::string(Sequence, std::string_view)> on_entry;
  std::optional<std::pair<policy::Hash, std::string>> extra_blob;
  bool drops_last_entry = false;
  bool scans_fail = false;

  std::uint64_t size() const override { return truth_->size(); }
  PublishedCheckpoint checkpoint() const override { return truth_->checkpoint(); }
  std::expected<std::optional<std::string>, LedgerError> entry(Sequence index) const override { return truth_->entry(index); }
  std::expected<void, LedgerError> scan_entries(Sequence first, std::uint64_t count, EntryVisitor const& visit) const override {
    if (scans_fail) return std::unexpected(LedgerError{LedgerError::Kind::io, "cannot scan"});
    return truth_->scan_entries(first, drops_last_entry ? count - 1 : count, [&](Sequence i, std::string_view bytes) {
      return visit(i, on_entry ? on_entry(i, bytes) : std::string(bytes));
    });
  }
  std::expected<std::optional<std::string>, LedgerError> tile(TileId const& id) const override {
    return on_tile ? on_tile(id) : truth_->tile(id);
  }
  std::expected<std::optional<std::string>, LedgerError> row(Table, std::string_view) const override { return std::nullopt; }
  std::expected<void, LedgerError> scan_rows(Table, RowRange const&, RowVisitor const&) const override { return {}; }
  std::expected<std::optional<std::string>, LedgerError> blob(policy::Hash const&) const override { return std::nullopt; }
  std::expected<void, LedgerError> scan_blobs(BlobVisitor const& visit) const override {
    if (extra_blob) visit(extra_blob->first, extra_blob->second);
    return {};
  }
  std::expected<std::optional<OpenedPart>, LedgerError> private_part(PrivateKind, std::string_view, std::string_view) const override {
    return std::nullopt;
  }
  std::expected<void, LedgerError> scan_private_parts(PrivateKind, PrivatePartVisitor const&) const override { return {}; }

 private:
  LedgerReader const* truth_;
};

TEST(Export, ADamagedLedgerIsNamedAndNotExported) {
  test::ExportedTree const tree(300);
  test::TemporaryDirectory const elsewhere;
  auto const exported = [&](Lying const& ledger) {
    auto const summary = export_tree(ledger, elsewhere.path());
    EXPECT_FALSE(std::filesystem::exists(elsewhere.path() + "/checkpoint"));
    return summary ? std::string("exported") : summary.error();
  };
  Lying ledger(tree.ledger);
  ledger.on_entry = [](Sequence i, std::string_view bytes) { return i == 257 ? std::string("forged") : std::string(bytes); };
  EXPECT_THAT(exported(ledger), HasSubstr("entry 257 does not hash to its leaf in tile/0/001.p/44"));
  ledger = Lying(tree.ledger);
  ledger.drops_last_entry = true;
  EXPECT_THAT(exported(ledger), HasSubstr("returned 255 of 256"));
  ledger = Lying(tree.ledger);
  ledger.scans_fail = true;
  EXPECT_THAT(exported(ledger), HasSubstr("cannot scan"));
  ledger = Lying(tree.ledger);
  ledger.on_tile = [](TileId const&) { return std::optional<std::string>(); };
  EXPECT_THAT(exported(ledger), HasSubstr("tile/0/000: the ledger does not have it"));
  ledger.on_tile = [](TileId const&) { return std::unexpected(LedgerError{LedgerError::Kind::damaged, "bad block"}); };
  EXPECT_THAT(exported(ledger), HasSubstr("bad block"));
  ledger = Lying(tree.ledger);
  ledger.extra_blob = {policy::sha256("a"), "b"};
  EXPECT_THAT(exported(ledger), HasSubstr("the stored bytes have another hash"));
}

// It fails before its checkpoint is there: whoever holds the earlier one still finds every file of its tree.
TEST(Export, AnInterruptedOneLeavesTheEarlierTreeWhole) {
  for (std::uint64_t const later : {250u, 256u, 600u}) {
    test::ExportedTree tree(200);
    std::set<std::string> const earlier = files(tree.directory.path());
    test::grow(tree.ledger, later);
    Lying ledger(tree.ledger);
    ledger.extra_blob = {policy::sha256("a"), "b"};
    ASSERT_FALSE(export_tree(ledger, tree.directory.path()));
    DirectorySource source(tree.directory.path());
    auto verified = VerifiedTree::open(source, tree.verifiers);
    ASSERT_TRUE(verified) << verified.error().message();
    EXPECT_EQ(verified->size(), 200u);
    EXPECT_TRUE(verified->entries(0, 200, [](Sequence, std::string_view) { return true; }));
    EXPECT_TRUE(verified->check_tiles());
    for (std::string const& file : earlier) EXPECT_TRUE(std::filesystem::exists(tree.file(file))) << file;
    tree.export_again();
    EXPECT_EQ(files(tree.directory.path()).contains("tile/0/000.p/200"), false);
  }
}

TEST(Export, AnUnwritableDirectoryIsNamed) {
  test::ExportedTree const tree(3);
  EXPECT_THAT(export_tree(tree.ledger, "/proc/none").error(), HasSubstr("/proc/none"));
}

}  // namespace
}  // namespace sluice::log
