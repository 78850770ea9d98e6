// What every ledger promises, run over each of them.
#include "storage/log/checkpoint.hpp"
#include "storage/log/ledger.hpp"
#include "storage/log/memory_ledger.hpp"
#include "storage/log/proof.hpp"
#include "storage/log/tree.hpp"
#include "storage/rocks/rocks_ledger.hpp"
#include "tests/storage/groups.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace sluice {
namespace {

using log::AppendError;
using log::Derived;
using log::Group;
using log::Ledger;
using log::LedgerReader;
using log::PrivateKind;
using log::Table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One place where a ledger can be opened again and again.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<Ledger> open() = 0;
};

class MemoryPlace : public Place {
 public:
  std::unique_ptr<Ledger> open() override { return std::make_unique<log::MemoryLedger>(test::signer(), disk_); }

 private:
  std::shared_ptr<log::MemoryDisk> disk_ = log::make_memory_disk();
};

class RocksPlace : public Place {
 public:
  std::unique_ptr<Ledger> open() override {
    rocks::Options options;
    options.directory = directory_.path() + "/ledger";
    options.ballast_bytes = 0;
    options.free_bytes_floor = 1u << 20;
    auto ledger = rocks::RocksLedger::open(options, test::signer(), std::string(32, 'M'));
    if (!ledger) throw std::runtime_error(ledger.error().message);
    return std::move(*ledger);
  }

 private:
  test::TemporaryDirectory directory_;
};

struct Kind {
  std::string name;
  std::unique_ptr<Place> (*make)();
};
std::ostream& operator<<(std::ostream& out, Kind const& kind) { return out << kind.name; }

class LedgerContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    ledger_ = place_->open();
  }
  void reopen() {
    ledger_.reset();
    ledger_ = place_->open();
  }
  void append(Group const& group, Derived const& derived = {}) {
    auto const appended = ledger_->append(1, ledger_->size(), group, derived);
    ASSERT_TRUE(appended) << appended.error().message;
  }
  static std::vector<std::string> keys(LedgerReader const& reader, log::RowRange const& range, Table table = Table::state) {
    std::vector<std::string> found;
    auto const scanned = reader.scan_rows(table, range, [&](std::string_view key, std::string_view) {
      found.emplace_back(key);
      return true;
    });
    EXPECT_TRUE(scanned);
    return found;
  }

  std::unique_ptr<Place> place_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_P(LedgerContract, BeginsEmptyUnderASignedCheckpoint) {
  EXPECT_EQ(ledger_->size(), 0u);
  EXPECT_EQ(ledger_->epoch(), 0u);
  std::vector<log::NoteVerifier> const known{test::signer().verifier()};
  auto const checkpoint = log::open_checkpoint(ledger_->checkpoint().note, known);
  ASSERT_TRUE(checkpoint) << checkpoint.error();
  EXPECT_EQ(checkpoint->size, 0u);
  EXPECT_EQ(checkpoint->root, log::empty_root());
  EXPECT_EQ(*ledger_->entry(0), std::nullopt);
  EXPECT_EQ(*ledger_->tile({0, 0, 1}), std::nullopt);
  EXPECT_THAT(keys(*ledger_, {}), IsEmpty());
}

TEST_P(LedgerContract, AppendedGroupsAreReadBackAlsoAfterReopening) {
  auto const first = ledger_->append(3, 0, test::group(0, 300), {});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->first, 0u);
  EXPECT_EQ(first->size, 300u);
  auto const second = ledger_->append(3, 300, test::group(300, 1), {});
  ASSERT_TRUE(second);
  auto const leaves = test::leaves(301);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(ledger_->size(), 301u);
    EXPECT_EQ(ledger_->epoch(), 3u);
    EXPECT_EQ(ledger_->checkpoint().root, test::reference_root(leaves, 0, 301));
    EXPECT_EQ(second->root, ledger_->checkpoint().root);
    std::vector<log::NoteVerifier> const known{test::signer().verifier()};
    EXPECT_EQ(log::open_checkpoint(ledger_->checkpoint().note, known)->size, 301u);
    for (std::uint64_t const i : {0u, 255u, 256u, 300u}) EXPECT_EQ(*ledger_->entry(i), test::entry(i));
    EXPECT_EQ(*ledger_->entry(301), std::nullopt);
    EXPECT_EQ(*ledger_->entry(~std::uint64_t{0}), std::nullopt);
    std::vector<std::string> seen;
    ASSERT_TRUE(ledger_->scan_entries(298, 100, [&](log::Sequence i, std::string_view bytes) {
      EXPECT_EQ(bytes, test::entry(i));
      seen.emplace_back(bytes);
      return true;
    }));
    EXPECT_EQ(seen.size(), 3u);
    int visits = 0;
    ASSERT_TRUE(ledger_->scan_entries(0, ~std::uint64_t{0}, [&](log::Sequence, std::string_view) { return ++visits < 5; }));
    EXPECT_EQ(visits, 5);
    ASSERT_TRUE(ledger_->scan_entries(301, 5, [](log::Sequence, std::string_view) -> bool { throw std::logic_error("nothing is there"); }));
    reopen();
  }
}

TEST_P(LedgerContract, TilesOfEveryWidthMakeProofs) {
  append(test::group(0, 600));
  auto const leaves = test::leaves(600);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ((*ledger_->tile({0, 0, 256}))->size(), 8192u);
    EXPECT_EQ((*ledger_->tile({0, 0, 17}))->size(), 17u * 32);  // a full tile as an older size saw it
    EXPECT_EQ(**ledger_->tile({0, 0, 17}), (*ledger_->tile({0, 0, 256}))->substr(0, 17 * 32));
    EXPECT_EQ((*ledger_->tile({0, 2, 88}))->size(), 88u * 32);
    EXPECT_EQ((*ledger_->tile({1, 0, 2}))->size(), 64u);
    for (log::TileId const missing :
         {log::TileId{0, 2, 89}, log::TileId{0, 3, 1}, log::TileId{1, 0, 3}, log::TileId{2, 0, 1}, log::TileId{0, 0, 0},
          log::TileId{0, 0, 257}, log::TileId{9, 0, 1}, log::TileId{0, ~std::uint64_t{0}, 1}}) {
      EXPECT_EQ(*ledger_->tile(missing), std::nullopt) << log::tile_path({missing.level, missing.index, 256});
    }
    log::TileBytesReader const tiles = [&](log::TileId const& id) -> std::expected<std::string, std::string> {
      return **ledger_->tile(id);
    };
    auto const proof = log::build_inclusion_proof(log::node_reader(tiles, 600), 123, 600);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(log::verify_inclusion(*proof, 123, 600, leaves[123], ledger_->checkpoint().root));
    auto const consistency = log::build_consistency_proof(log::node_reader(tiles, 600), 300, 600);
    ASSERT_TRUE(consistency);
    EXPECT_TRUE(log::verify_consistency(*consistency, 300, test::reference_root(leaves, 0, 300), 600, ledger_->checkpoint().root));
    reopen();
  }
}

TEST_P(LedgerContract, RowsAreWrittenReplacedAndDeletedWithTheirGroup) {
  append(test::group(0, 1),
         {.state = {{"job/1", "a"}, {"job/2", "b"}, {std::string("\0", 1), "nul"}, {"\xff\xff", "last"}}, .history = {{"job/1", "h"}}});
  append(test::group(1, 1),
         {.state = {{"job/1", std::nullopt}, {"job/2", "c"}, {"none", std::nullopt}, {"x", "1"}, {"x", "2"}}, .history = {{"old/1", "i"}}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*ledger_->row(Table::state, "job/1"), std::nullopt);
    EXPECT_EQ(*ledger_->row(Table::state, "job/2"), "c");
    EXPECT_EQ(*ledger_->row(Table::state, "x"), "2");  // in order within the Group
    EXPECT_EQ(*ledger_->row(Table::state, ""), std::nullopt);
    EXPECT_EQ(*ledger_->row(Table::history, "job/1"), "h");
    EXPECT_EQ(*ledger_->row(Table::history, "job/2"), std::nullopt);
    EXPECT_THAT(keys(*ledger_, {}), ElementsAre(std::string("\0", 1), "job/2", "x", "\xff\xff"));
    EXPECT_THAT(keys(*ledger_, {}, Table::history), ElementsAre("job/1", "old/1"));
    reopen();
  }
}

TEST_P(LedgerContract, ScansTakePrefixStartAndDirection) {
  append(test::group(0, 1),
         {.state = {{"a/1", ""}, {"b/1", ""}, {"b/2", ""}, {"b/3", ""}, {"c/1", ""}, {"b\xff", ""}, {"\xff", ""}, {"\xff\xff/1", ""}},
          .history = {}});
  EXPECT_THAT(keys(*ledger_, {"b/", "", false}), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(keys(*ledger_, {"b/", "b/2", false}), ElementsAre("b/2", "b/3"));
  EXPECT_THAT(keys(*ledger_, {"b/", "b/25", false}), ElementsAre("b/3"));
  EXPECT_THAT(keys(*ledger_, {"b/", "a", false}), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(keys(*ledger_, {"b/", "c", false}), IsEmpty());
  EXPECT_THAT(keys(*ledger_, {"b/", "", true}), ElementsAre("b/3", "b/2", "b/1"));
  EXPECT_THAT(keys(*ledger_, {"b/", "b/3", true}), ElementsAre("b/2", "b/1"));
  EXPECT_THAT(keys(*ledger_, {"b/", "b/25", true}), ElementsAre("b/2", "b/1"));
  EXPECT_THAT(keys(*ledger_, {"b/", "z", true}), ElementsAre("b/3", "b/2", "b/1"));
  EXPECT_THAT(keys(*ledger_, {"b/", "a", true}), IsEmpty());
  EXPECT_THAT(keys(*ledger_, {"b", "", true}), ElementsAre("b\xff", "b/3", "b/2", "b/1"));
  EXPECT_THAT(keys(*ledger_, {"\xff", "", false}), ElementsAre("\xff", "\xff\xff/1"));
  EXPECT_THAT(keys(*ledger_, {"\xff", "", true}), ElementsAre("\xff\xff/1", "\xff"));
  EXPECT_THAT(keys(*ledger_, {"d", "", false}), IsEmpty());
  EXPECT_THAT(keys(*ledger_, {"", "c", false}), ElementsAre("c/1", "\xff", "\xff\xff/1"));
  EXPECT_THAT(keys(*ledger_, {"", "b/2", true}), ElementsAre("b/1", "a/1"));
  EXPECT_THAT(keys(*ledger_, {"", "", true}).size(), 8u);
  int visits = 0;
  ASSERT_TRUE(ledger_->scan_rows(Table::state, {}, [&](std::string_view, std::string_view) { return ++visits < 2; }));
  EXPECT_EQ(visits, 2);
}

TEST_P(LedgerContract, AVisitorMayCallTheLedger) {
  append(test::group(0, 1), {.state = {{"a", "1"}, {"b", "2"}}, .history = {}});
  std::vector<std::string> seen;
  ASSERT_TRUE(ledger_->scan_rows(Table::state, {}, [&](std::string_view key, std::string_view) {
    seen.emplace_back(**ledger_->row(Table::state, key));
    append(test::group(ledger_->size(), 1), {.state = {{"b", "changed"}, {"c", "new"}}, .history = {}});
    return true;
  }));
  EXPECT_THAT(seen, ElementsAre("1", "changed"));  // the scan sees its moment, the look-up the present
}

TEST_P(LedgerContract, BlobsAreKeptByHash) {
  Group group = test::group(0, 1);
  group.blobs = {test::blob("plan"), test::blob(""), test::blob("plan")};
  append(group);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*ledger_->blob(policy::sha256("plan")), "plan");
    EXPECT_EQ(*ledger_->blob(policy::sha256("")), "");
    EXPECT_EQ(*ledger_->blob(policy::sha256("none")), std::nullopt);
    std::vector<policy::Hash> seen;
    ASSERT_TRUE(ledger_->scan_blobs([&](policy::Hash const& hash, std::string_view bytes) {
      EXPECT_EQ(policy::sha256(bytes), hash);
      seen.push_back(hash);
      return true;
    }));
    EXPECT_EQ(seen.size(), 2u);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    reopen();
  }
}

TEST_P(LedgerContract, PrivatePartsAreKeptByKindOwnerAndKey) {
  Group group = test::group(0, 1);
  group.private_parts = {{PrivateKind::secret_state, "t1", "k", "secret one", 0},
                         {PrivateKind::idempotency, "t1", "k", "answer", 5'000},
                         {PrivateKind::secret_state, "t2", "k", "secret two", 0},
                         {PrivateKind::secret_state, "t2", std::string("\0\xff", 2), "", 0}};
  append(group);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ((*ledger_->private_part(PrivateKind::secret_state, "t1", "k"))->bytes, "secret one");
    EXPECT_EQ((*ledger_->private_part(PrivateKind::idempotency, "t1", "k"))->bytes, "answer");
    EXPECT_EQ((*ledger_->private_part(PrivateKind::idempotency, "t1", "k"))->expires_at_ms, 5'000);
    EXPECT_EQ((*ledger_->private_part(PrivateKind::secret_state, "t2", "k"))->bytes, "secret two");
    EXPECT_EQ((*ledger_->private_part(PrivateKind::secret_state, "t2", std::string_view("\0\xff", 2)))->bytes, "");
    EXPECT_FALSE(*ledger_->private_part(PrivateKind::payload, "t1", "k"));
    EXPECT_FALSE(*ledger_->private_part(PrivateKind::secret_state, "t3", "k"));
    EXPECT_FALSE(*ledger_->private_part(PrivateKind::secret_state, "t1", "kk"));
    EXPECT_FALSE(*ledger_->private_part(PrivateKind::secret_state, "", ""));
    std::vector<std::string> seen;
    ASSERT_TRUE(ledger_->scan_private_parts(PrivateKind::secret_state, [&](log::PrivatePart const& part) {
      seen.push_back(part.owner + ":" + part.bytes);
      return true;
    }));
    EXPECT_THAT(seen, ElementsAre("t1:secret one", "t2:", "t2:secret two"));
    reopen();
  }
  // Stored again: the last one counts.
  group = test::group(1, 1);
  group.private_parts = {{PrivateKind::idempotency, "t1", "k", "second", 9'000}};
  append(group);
  EXPECT_EQ((*ledger_->private_part(PrivateKind::idempotency, "t1", "k"))->bytes, "second");
}

TEST_P(LedgerContract, PayloadsAndEvidenceAreKeptUnderTheirCommitment) {
  auto const payload = test::bound_part(PrivateKind::payload, "t1", "image and command");
  auto const evidence = test::bound_part(PrivateKind::evidence, "operator", "", 5'000);
  append({{"e"}, {}, {payload, evidence}});
  EXPECT_EQ((*ledger_->private_part(PrivateKind::payload, "t1", payload.key))->bytes, payload.bytes);
  EXPECT_EQ((*ledger_->private_part(PrivateKind::evidence, "operator", evidence.key))->bytes, evidence.bytes);
  for (auto const kind : {PrivateKind::payload, PrivateKind::evidence}) {
    auto const good = test::bound_part(kind, "t1", "content");
    auto other_bytes = good;
    other_bytes.bytes.back() = 'x';
    auto other_key = good;
    other_key.key.back() = static_cast<char>(other_key.key.back() ^ 1);
    auto longer_key = good;
    longer_key.key += 'k';
    auto unsalted = good;
    unsalted.bytes = std::string(31, 's');
    policy::Hash const hash = policy::sha256(unsalted.bytes);
    unsalted.key.assign(hash.bytes.begin(), hash.bytes.end());
    for (auto const& bad : {other_bytes, other_key, longer_key, unsalted}) {
      auto const refused = ledger_->append(1, ledger_->size(), {{"e"}, {}, {bad}}, {});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, AppendError::Kind::invalid);
      EXPECT_THAT(refused.error().message, HasSubstr("is not the SHA-256 of its salt and content"));
    }
  }
}

TEST_P(LedgerContract, AnErasedOwnersPartsAreGoneAndTheLogStays) {
  Group group = test::group(0, 5);
  auto const payload = test::bound_part(PrivateKind::payload, "t1", "secret");
  auto const evidence = test::bound_part(PrivateKind::evidence, "t1", "raw", 9'000);
  auto const neighbour = test::bound_part(PrivateKind::payload, "t11", "neighbour");
  group.private_parts = {payload,   {PrivateKind::idempotency, "t1", "i", "answer", 5'000},
                         evidence,  {PrivateKind::secret_state, "t1", "s", "state", 0},
                         neighbour, {PrivateKind::idempotency, "t2", "i", "other", 5'000}};
  append(group);
  auto const before = ledger_->checkpoint();
  ASSERT_TRUE(ledger_->erase_owner("t1"));
  ASSERT_TRUE(ledger_->erase_owner("t1"));
  ASSERT_TRUE(ledger_->erase_owner("nobody"));
  for (int round = 0; round < 2; ++round) {
    for (auto const& part : group.private_parts) {
      if (part.owner != "t1") continue;
      EXPECT_FALSE(*ledger_->private_part(part.kind, "t1", part.key));
    }
    EXPECT_EQ((*ledger_->private_part(PrivateKind::payload, "t11", neighbour.key))->bytes, neighbour.bytes);
    EXPECT_EQ(ledger_->checkpoint().note, before.note);
    EXPECT_EQ(*ledger_->entry(4), test::entry(4));
    if (round == 0) reopen();
  }
  // The owner may come back, with a new key and new parts.
  auto const again = test::bound_part(PrivateKind::payload, "t1", "new");
  append({{"e"}, {}, {again}});
  EXPECT_EQ((*ledger_->private_part(PrivateKind::payload, "t1", again.key))->bytes, again.bytes);
  EXPECT_FALSE(*ledger_->private_part(PrivateKind::payload, "t1", payload.key));
  EXPECT_EQ(*ledger_->purge_expired(10'000, 100), 1u);  // t2's: nothing of t1 is left to purge
}

TEST_P(LedgerContract, ExpiredPartsArePurgedInOrderAndOnlyThey) {
  Group group = test::group(0, 1);
  for (int i = 0; i < 10; ++i) {
    group.private_parts.push_back({PrivateKind::idempotency, "t" + std::to_string(i % 3), "k" + std::to_string(i), "answer", 1'000 + i});
  }
  group.private_parts.push_back({PrivateKind::secret_state, "t0", "forever", "state", 0});
  append(group);
  group = test::group(1, 1);
  group.private_parts = {{PrivateKind::idempotency, "t0", "k0", "prolonged", 2'000}};
  append(group);
  EXPECT_EQ(*ledger_->purge_expired(999, 100), 0u);
  EXPECT_EQ(*ledger_->purge_expired(1'003, 2), 2u);  // k1, k2
  EXPECT_FALSE(*ledger_->private_part(PrivateKind::idempotency, "t2", "k2"));
  EXPECT_TRUE(*ledger_->private_part(PrivateKind::idempotency, "t0", "k3"));
  EXPECT_EQ(*ledger_->purge_expired(1'003, 100), 1u);  // k3
  EXPECT_EQ((*ledger_->private_part(PrivateKind::idempotency, "t0", "k0"))->bytes, "prolonged");
  reopen();
  EXPECT_EQ(*ledger_->purge_expired(1'999, 100), 6u);
  EXPECT_EQ(*ledger_->purge_expired(2'000, 100), 1u);
  EXPECT_EQ(*ledger_->purge_expired(~std::uint64_t{0} >> 1, 100), 0u);
  EXPECT_TRUE(*ledger_->private_part(PrivateKind::secret_state, "t0", "forever"));
}

TEST_P(LedgerContract, ALimitSplitsWhatExpiresTogether) {
  Group group = test::group(0, 1);
  for (int i = 0; i < 5; ++i) group.private_parts.push_back({PrivateKind::idempotency, "t", "k" + std::to_string(i), "answer", 1'000});
  append(group);
  EXPECT_EQ(*ledger_->purge_expired(1'000, 3), 3u);
  reopen();
  EXPECT_EQ(*ledger_->purge_expired(1'000, 3), 2u);
  EXPECT_EQ(*ledger_->purge_expired(1'000, 3), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(*ledger_->private_part(PrivateKind::idempotency, "t", "k" + std::to_string(i)));
}

TEST_P(LedgerContract, ASnapshotStaysWhereItWas) {
  append(test::group(0, 10), {.state = {{"a", "1"}}, .history = {}});
  auto const view = ledger_->snapshot();
  append(test::group(10, 300), {.state = {{"a", "2"}, {"b", "1"}}, .history = {}});
  EXPECT_EQ(view->size(), 10u);
  EXPECT_EQ(view->checkpoint().size, 10u);
  EXPECT_EQ(*view->entry(10), std::nullopt);
  EXPECT_EQ(*view->row(Table::state, "a"), "1");
  EXPECT_THAT(keys(*view, {}), ElementsAre("a"));
  EXPECT_EQ((*view->tile({0, 0, 10}))->size(), 320u);
  EXPECT_EQ(*view->tile({0, 0, 11}), std::nullopt);
  EXPECT_EQ(*ledger_->row(Table::state, "a"), "2");
  EXPECT_EQ((*ledger_->tile({0, 0, 256}))->size(), 8192u);
}

TEST_P(LedgerContract, InvalidGroupsAreRefusedAndTheLedgerGoesOn) {
  append(test::group(0, 2));
  auto const refused = [&](log::Sequence first, Group const& group, Derived const& derived, std::string const& reason) {
    auto const appended = ledger_->append(1, first, group, derived);
    ASSERT_FALSE(appended) << reason;
    EXPECT_EQ(appended.error().kind, AppendError::Kind::invalid);
    EXPECT_THAT(appended.error().message, HasSubstr(reason));
  };
  refused(1, test::group(1, 1), {}, "begins at 1, the log has 2");
  refused(3, test::group(3, 1), {}, "begins at 3, the log has 2");
  refused(2, {}, {}, "1 to 4096 entries");
  refused(2, test::group(2, 4'097), {}, "1 to 4096 entries");
  refused(2, {{"fine", ""}, {}, {}}, {}, "entry 1 of the Group has 0 bytes");
  refused(2, {{std::string(65'536, 'x')}, {}, {}}, {}, "entry 0 of the Group has 65536 bytes");
  refused(2, {{"e"}, {{policy::sha256("a"), "b"}}, {}}, {}, "another hash");
  refused(2, {{"e"}, {}, {{PrivateKind::secret_state, "", "k", "b", 0}}}, {}, "owner: 0 bytes");
  refused(2, {{"e"}, {}, {{PrivateKind::secret_state, std::string(256, 'o'), "k", "b", 0}}}, {}, "owner: 256 bytes");
  refused(2, {{"e"}, {}, {{PrivateKind::secret_state, std::string("o\0p", 3), "k", "b", 0}}}, {}, "NUL");
  refused(2, {{"e"}, {}, {{PrivateKind::secret_state, "o", "", "b", 0}}}, {}, "key: 0 bytes");
  refused(2, {{"e"}, {}, {{PrivateKind::secret_state, "o", "k", "b", -1}}}, {}, "expires before");
  refused(2, {{"e"}, {}, {}}, {.state = {{"", "v"}}, .history = {}}, "row's key: 0 bytes");
  refused(2, {{"e"}, {}, {}}, {.state = {}, .history = {{std::string(4'097, 'k'), "v"}}}, "row's key: 4097 bytes");
  append(test::group(2, 1));
  EXPECT_EQ(ledger_->size(), 3u);
}

TEST_P(LedgerContract, LimitsAreReachable) {
  Group group{{std::string(65'535, 'x')},
              {},
              {{PrivateKind::secret_state, std::string(255, 'o'), std::string(4'096, 'k'), std::string(100'000, 'b'), 1}}};
  append(group, {.state = {{std::string(4'096, 'k'), std::string(1'000'000, 'v')}}, .history = {}});
  append(test::group(1, 4'096));
  reopen();
  EXPECT_EQ(ledger_->size(), 4'097u);
  EXPECT_EQ((*ledger_->entry(0))->size(), 65'535u);
  EXPECT_EQ((*ledger_->private_part(PrivateKind::secret_state, std::string(255, 'o'), std::string(4'096, 'k')))->bytes.size(), 100'000u);
}

TEST_P(LedgerContract, AnOlderEpochIsFencedAlsoAfterReopening) {
  ASSERT_TRUE(ledger_->append(7, 0, test::group(0, 1), {}));
  for (int round = 0; round < 2; ++round) {
    auto const fenced = ledger_->append(6, ledger_->size(), test::group(ledger_->size(), 1), {});
    ASSERT_FALSE(fenced);
    EXPECT_EQ(fenced.error().kind, AppendError::Kind::fenced);
    EXPECT_THAT(fenced.error().message, HasSubstr("succeeded by 7"));
    reopen();
  }
  EXPECT_EQ(ledger_->epoch(), 7u);
  ASSERT_TRUE(ledger_->append(8, 1, test::group(1, 1), {}));
  EXPECT_EQ(ledger_->append(7, 2, test::group(2, 1), {}).error().kind, AppendError::Kind::fenced);
}

// What one thread reads while another appends always fits together.
TEST_P(LedgerContract, ReadersSeeOneMomentWhileTheCommitterGoesOn) {
  std::atomic<bool> done = false;
  std::atomic<int> checks = 0;
  std::thread reader([&] {
    while (!done || checks == 0) {
      auto const view = ledger_->snapshot();
      std::uint64_t const size = view->size();
      auto const row = view->row(Table::state, "count");
      EXPECT_EQ(row->value_or("0"), std::to_string(size));
      if (size > 0) {
        EXPECT_EQ(*view->entry(size - 1), test::entry(size - 1));
        std::uint32_t const width = log::tile_width_at(size, 0, (size - 1) / 256);
        EXPECT_EQ((*view->tile({0, (size - 1) / 256, width}))->size(), width * 32u);
      }
      EXPECT_EQ(view->checkpoint().size, size);
      ++checks;
    }
  });
  for (std::uint64_t size = 0; size < 600; size += 7)
    append(test::group(size, 7), {.state = {{"count", std::to_string(size + 7)}}, .history = {}});
  done = true;
  reader.join();
  EXPECT_GT(checks, 0);
}

INSTANTIATE_TEST_SUITE_P(Ledgers, LedgerContract,
                         ::testing::Values(Kind{"Memory", []() -> std::unique_ptr<Place> { return std::make_unique<MemoryPlace>(); }},
                                           Kind{"Rocks", []() -> std::unique_ptr<Place> { return std::make_unique<RocksPlace>(); }}),
                         [](auto const& each) { return each.param.name; });

}  // namespace
}  // namespace sluice
