// Figures of the ledger beside the limits of what it stands on, interleaved in one run, medians.
//
//   bench_ledger [DIRECTORY]        durable appends go to DIRECTORY (default: the current one): choose the disk to measure
#include "policy/hash.hpp"
#include "storage/log/checkpoint.hpp"
#include "storage/log/memory_ledger.hpp"
#include "storage/log/proof.hpp"
#include "storage/log/tree.hpp"
#include "storage/log/tree_export.hpp"
#include "storage/log/verified_tree.hpp"
#include "storage/rocks/database.hpp"
#include "storage/rocks/rocks_ledger.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/sha.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <vector>

namespace {

using namespace sluice;

double wall() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
double cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

[[noreturn]] void stop(std::string const& message) {
  std::cerr << "bench_ledger: " << message << "\n";
  std::exit(1);
}

std::string entry(std::uint64_t i) {
  std::string bytes = fmt::format(R"({{"@":"bench/1","n":"{}","pad":")", i);
  bytes.resize(298, 'x');
  return bytes + "\"}";
}

std::string const seed(32, 'S');
log::NoteSigner signer() { return {"log.sluice.test/bench", *log::Ed25519Key::from_seed(policy::bytes_of(seed))}; }

// 1. Leaf and node hashing against libcrypto's block rate, both in CPU time.
void hashing() {
  std::string const big(16'384, 'b');
  std::vector<std::string> entries;
  for (std::uint64_t i = 0; i < 1'000; ++i) entries.push_back(entry(i));
  std::vector<double> limit, ours;
  std::uint8_t sink = 0;
  for (int round = 0; round < 9; ++round) {
    double start = cpu();
    for (int i = 0; i < 4'000; ++i) sink = static_cast<std::uint8_t>(sink ^ policy::sha256(big).bytes[0]);
    limit.push_back(4'000.0 * (16'384.0 / 64) / (cpu() - start));
    start = cpu();
    log::Frontier frontier;
    for (int i = 0; i < 200; ++i) {
      for (std::string const& bytes : entries) frontier.append(log::hash_leaf(bytes));
    }
    ours.push_back(200'000.0 * 7 / (cpu() - start));  // 5 blocks a leaf of 301 bytes, 2 blocks a node
    sink = static_cast<std::uint8_t>(sink ^ frontier.root().bytes[0]);
  }
  fmt::print("hashing: {:.1f} M blocks/s of {:.1f} M ({:.2f}), {:.2f} M entries/s and core [{}]\n", median(ours) / 1e6, median(limit) / 1e6,
             median(ours) / median(limit), median(ours) / 7e6, sink % 2);
}

// What an append costs without a log: the same bytes, one signature, the same number of fdatasyncs.
class Peer {
 public:
  explicit Peer(std::string const& directory) {
    rocks::Options options;
    auto opened = rocks::Database::open(directory + "/peer", options, true);
    if (!opened) stop(opened.error());
    database_ = std::move(*opened);
    fd_ = ::open((directory + "/peer-mark").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0 || ::posix_fallocate(fd_, 0, 8192) != 0) stop("peer mark");
  }
  ~Peer() { ::close(fd_); }
  // `extra` stands for frontier, checkpoint and marks.
  void append(std::vector<std::string> const& entries, std::vector<std::pair<std::string, std::string>> const& rows, bool sign_and_mark) {
    rocksdb::WriteBatch batch(0, 0, rocks::batch_protection_bytes, 0);
    bool ok = true;
    for (std::string const& bytes : entries)
      ok &= batch.Put(database_->handle(rocks::Family::entry), rocks::be64_key(next_++), rocks::slice(bytes)).ok();
    for (auto const& [key, value] : rows)
      ok &= batch.Put(database_->handle(rocks::Family::state), rocks::slice(key), rocks::slice(value)).ok();
    if (sign_and_mark) {
      note_ = log::sign_checkpoint(signer_, next_, policy::Hash{});
      ok &= batch.Put(database_->handle(rocks::Family::meta), "checkpoint", rocks::slice(note_)).ok();
    }
    ok &= database_->db().Write(rocks::synced_write(), &batch).ok();
    if (sign_and_mark) ok &= ::pwrite(fd_, note_.data(), std::min<std::size_t>(note_.size(), 512), 0) > 0 && ::fdatasync(fd_) == 0;
    if (!ok) stop("peer append");
  }

 private:
  std::unique_ptr<rocks::Database> database_;
  log::NoteSigner signer_ = signer();
  std::uint64_t next_ = 0;
  std::string note_;
  int fd_ = -1;
};

// 2. Durable appends, interleaved: ours, the peer with signature and mark, the bare batch.
void appends(std::string const& directory) {
  rocks::Options options;
  options.directory = directory + "/ledger";
  auto opened = rocks::RocksLedger::open(options, signer(), std::string(32, 'M'));
  if (!opened) stop(opened.error().message);
  rocks::RocksLedger& ledger = **opened;
  Peer peer(directory);
  for (std::uint64_t const batch : {1u, 16u, 256u, 1'024u}) {
    std::vector<double> ours, like, bare, ours_cpu, like_cpu;
    int const rounds = batch <= 16 ? 301 : 101;
    for (int round = 0; round < rounds; ++round) {
      std::uint64_t const first = ledger.size();
      log::Group group;
      log::Derived derived;
      std::vector<std::pair<std::string, std::string>> rows;
      for (std::uint64_t i = 0; i < batch; ++i) {
        group.entries.push_back(entry(first + i));
        rows.emplace_back(fmt::format("job/{:016}", first + i), std::string(200, 'r'));
        derived.state.push_back({rows.back().first, rows.back().second});
      }
      double start = wall();
      double start_cpu = cpu();
      if (auto const appended = ledger.append(1, first, group, derived); !appended) stop(appended.error().message);
      ours.push_back(wall() - start);
      ours_cpu.push_back(cpu() - start_cpu);
      start = wall();
      start_cpu = cpu();
      peer.append(group.entries, rows, true);
      like.push_back(wall() - start);
      like_cpu.push_back(cpu() - start_cpu);
      start = wall();
      peer.append(group.entries, rows, false);
      bare.push_back(wall() - start);
    }
    fmt::print(
        "append of {:4}: {:8.0f} us, peer {:8.0f} us ({:.2f}), bare batch {:8.0f} us ({:.2f}); CPU {:.0f} us, peer {:.0f} us; {:.0f} "
        "entries/s\n",
        batch, median(ours) * 1e6, median(like) * 1e6, median(like) / median(ours), median(bare) * 1e6, median(bare) / median(ours),
        median(ours_cpu) * 1e6, median(like_cpu) * 1e6, static_cast<double>(batch) / median(ours));
  }
}

// 3. A million state rows of 500 bytes, scanned and reopened.
void rows(std::string const& directory) {
  rocks::Options options;
  options.directory = directory + "/rows";
  {
    auto opened = rocks::RocksLedger::open(options, signer(), std::string(32, 'M'));
    if (!opened) stop(opened.error().message);
    for (int group = 0; group < 250; ++group) {
      log::Derived derived;
      for (int i = 0; i < 4'000; ++i)
        derived.state.push_back({fmt::format("job/{:016}", group * 4'000 + i), std::string(500, static_cast<char>('a' + i % 26))});
      if (!(*opened)->append(1, (*opened)->size(), {{entry((*opened)->size())}, {}, {}}, derived)) stop("rows");
    }
  }
  double start = wall();
  auto opened = rocks::RocksLedger::open(options, signer(), std::string(32, 'M'));
  if (!opened) stop(opened.error().message);
  fmt::print("reopen with 1,000,000 rows of 500 B: {:.2f} s", wall() - start);
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  start = wall();
  double const start_cpu = cpu();
  if (!(*opened)->scan_rows(log::Table::state, {}, [&](std::string_view key, std::string_view value) {
        ++count;
        bytes += key.size() + value.size();
        return true;
      })) {
    stop("scan");
  }
  double const elapsed = wall() - start;
  fmt::print("; scan of {} rows: {:.2f} s, {:.2f} CPU s, {:.0f} MB/s\n", count, elapsed, cpu() - start_cpu,
             static_cast<double>(bytes) / elapsed / 1e6);
}

// 4. Export and verification of a million entries; proofs from its tiles.
void verification(std::string const& directory) {
  constexpr std::uint64_t size = 1'000'000;
  log::MemoryLedger ledger(signer(), log::make_memory_disk());
  while (ledger.size() < size) {
    log::Group group;
    for (std::uint64_t i = 0; i < 4'000; ++i) group.entries.push_back(entry(ledger.size() + i));
    if (!ledger.append(1, ledger.size(), group, {})) stop("memory append");
  }
  double start = wall();
  if (auto exported = log::export_tree(ledger, directory + "/tree"); !exported) stop(exported.error());
  fmt::print("export of {} entries: {:.2f} s", size, wall() - start);
  log::DirectorySource source(directory + "/tree");
  std::vector<log::NoteVerifier> const known{signer().verifier()};
  auto tree = log::VerifiedTree::open(source, known);
  if (!tree) stop(tree.error().message());
  start = cpu();
  std::uint64_t seen = 0;
  if (auto read = tree->entries(0, size, [&](log::Sequence, std::string_view) { return ++seen > 0; }); !read) stop(read.error().message());
  double const elapsed = cpu() - start;
  fmt::print("; verify: {:.2f} CPU s, {:.2f} M entries/s and core\n", elapsed, static_cast<double>(seen) / elapsed / 1e6);
  log::TileBytesReader const tiles = [&](log::TileId const& id) -> std::expected<std::string, std::string> { return **ledger.tile(id); };
  log::NodeReader const node = log::node_reader(tiles, size);
  std::vector<double> build, check;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    std::uint64_t const index = i * 499'979 % size;
    start = cpu();
    auto const proof = log::build_inclusion_proof(node, index, size);
    build.push_back(cpu() - start);
    if (!proof) stop(proof.error());
    start = cpu();
    if (!log::verify_inclusion(*proof, index, size, log::hash_leaf(entry(index)), ledger.checkpoint().root)) stop("proof");
    check.push_back(cpu() - start);
  }
  fmt::print("inclusion proof from {} entries: build {:.1f} us, verify with its leaf {:.1f} us\n", size, median(build) * 1e6,
             median(check) * 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory = std::string(argc > 1 ? argv[1] : ".") + "/bench-ledger-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) stop("cannot create " + directory);
  hashing();
  appends(directory);
  rows(directory);
  verification(directory);
  std::filesystem::remove_all(directory);
  return 0;
}
