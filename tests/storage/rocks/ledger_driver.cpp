// Appends and acknowledges, or verifies what an earlier run acknowledged, in a process that may be killed, starved or damaged.
//
//   ledger_driver append DIRECTORY GROUPS ENTRIES [RUN]   prints "acked SIZE ROOT" after each append; exit 0, or 5 with the error
//   ledger_driver verify DIRECTORY ACKED [ROOTS]                prints what it found; exit codes below
//
// Entries say which RUN wrote them, so that a Group which was never acknowledged differs from the one that took its place. ROOTS is a file
// of all "SIZE ROOT" ever acknowledged: the log must still have each of them.
#include "policy/hash.hpp"
#include "storage/log/checkpoint.hpp"
#include "storage/log/frontier.hpp"
#include "tests/storage/rocks/rocks_fixture.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>

namespace {

using namespace sluice;

enum ExitCode { whole = 0, less = 1, usage = 2, refused = 3, found_at_reading = 4, append_failed = 5 };

void say(std::string const& line) {
  std::string const text = line + "\n";
  ssize_t written = 0;
  do {
    written = ::write(STDOUT_FILENO, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(text.size())) std::_Exit(append_failed);
}

std::string entry_of_run(std::string entry, std::string const& run) {
  if (run.empty()) return entry;
  entry.pop_back();
  return entry + R"(,"run":")" + run + R"("})";
}

int append(std::string const& directory, std::uint64_t groups, std::uint64_t entries, std::string const& run) {
  auto ledger = test::open_rocks(directory);
  if (!ledger) {
    say("refused: " + ledger.error().message);
    return refused;
  }
  for (std::uint64_t i = 0; i < groups; ++i) {
    std::uint64_t const first = (*ledger)->size();
    log::Group group = test::full_group(first, entries);
    for (std::string& entry : group.entries) entry = entry_of_run(std::move(entry), run);
    auto const appended = (*ledger)->append((*ledger)->epoch(), first, group, test::derived(first, entries));
    if (!appended) {
      say(fmt::format("failed {}: {}", static_cast<int>(appended.error().kind), appended.error().message));
      return append_failed;
    }
    say(fmt::format("acked {} {}", appended->size, policy::to_hex(appended->root)));
  }
  return whole;
}

int damaged(std::string const& what) {
  say("damaged: " + what);
  return found_at_reading;
}

using Roots = std::map<std::uint64_t, std::string>;

Roots read_roots(std::string const& path) {
  Roots roots;
  std::ifstream file(path);
  std::string root;
  for (std::uint64_t size = 0; file >> size >> root;) roots[size] = root;
  return roots;
}

// Every entry from its bytes to the signed root, every root that was acknowledged, every derived row, every private part.
int verify(std::string const& directory, std::uint64_t acked, Roots const& acknowledged) {
  auto opened = test::open_rocks(directory);
  if (!opened) {
    say("refused: " + opened.error().message);
    return refused;
  }
  rocks::RocksLedger& ledger = **opened;
  std::uint64_t const size = ledger.size();
  if (size < acked) {
    say(fmt::format("LESS: {} acknowledged, opened with {}", acked, size));
    return less;
  }
  log::Frontier frontier;
  std::string wrong;
  auto const scanned = ledger.scan_entries(0, size, [&](log::Sequence i, std::string_view bytes) {
    std::string meant = test::entry(i);
    meant.pop_back();  // an entry may go on with its run
    if (!bytes.starts_with(meant)) wrong = fmt::format("entry {} has other bytes", i);
    frontier.append(log::hash_leaf(bytes));
    if (auto const root = acknowledged.find(i + 1); root != acknowledged.end() && root->second != policy::to_hex(frontier.root()))
      wrong = fmt::format("the root of {} entries is not the one that was acknowledged", i + 1);
    return wrong.empty();
  });
  if (!scanned) return damaged(scanned.error().message);
  if (!wrong.empty()) {
    say("LESS: " + wrong);
    return less;
  }
  std::vector<log::NoteVerifier> const known{test::signer().verifier()};
  auto const checkpoint = log::open_checkpoint(ledger.checkpoint().note, known);
  if (!checkpoint || checkpoint->size != size || checkpoint->root != frontier.root()) {
    say("LESS: the checkpoint is not over these entries");
    return less;
  }
  for (std::uint64_t i = 0; i < size / 256; ++i) {
    auto const tile = ledger.tile({0, i, 256});
    if (!tile) return damaged(tile.error().message);
  }
  auto const count = ledger.row(log::Table::state, "count");
  if (!count) return damaged(count.error().message);
  if (count->value_or("0") != std::to_string(size)) {
    say("LESS: the state row says " + count->value_or("nothing"));
    return less;
  }
  std::uint64_t parts = 0;
  std::uint64_t rows = 0;
  std::uint64_t blobs = 0;
  auto const read_parts = ledger.scan_private_parts(log::PrivateKind::payload, [&](log::PrivatePart const& part) {
    ++parts;
    std::string const first = part.bytes.substr(part.bytes.rfind(' ') + 1);
    if (part.bytes != test::full_group_payload(std::stoull(first)).bytes) wrong = "the private part of Group " + first + " has other bytes";
    return true;
  });
  if (!read_parts) return damaged(read_parts.error().message);
  std::uint64_t answers = 0;
  auto const read_answers = ledger.scan_private_parts(log::PrivateKind::idempotency, [&](log::PrivatePart const& part) {
    ++answers;
    if (part.bytes != "answer") wrong = "the answer of Group " + part.key + " has other bytes";
    return true;
  });
  if (!read_answers) return damaged(read_answers.error().message);
  if (auto const read = ledger.scan_rows(log::Table::state, {"row/", "", false}, [&](auto, auto) { return ++rows > 0; }); !read)
    return damaged(read.error().message);
  std::uint64_t history = 0;
  if (auto const read = ledger.scan_rows(log::Table::history, {"finished/", "", false}, [&](auto, auto) { return ++history > 0; }); !read)
    return damaged(read.error().message);
  if (auto const read = ledger.scan_blobs([&](policy::Hash const& hash, std::string_view bytes) {
        ++blobs;
        if (policy::sha256(bytes) != hash) wrong = "a blob has other bytes";
        return true;
      });
      !read) {
    return damaged(read.error().message);
  }
  for (auto const& [what, left] : {std::pair{"history rows", history}, {"private parts", parts}, {"answers", answers}, {"blobs", blobs}}) {
    if (left != rows) wrong = fmt::format("{} Groups left {} {}", rows, left, what);
  }
  if (!wrong.empty()) {
    say("LESS: " + wrong);
    return less;
  }
  say(fmt::format("whole {}", size));
  return whole;
}

}  // namespace

int main(int argc, char** argv) {
  std::string const mode = argc > 1 ? argv[1] : "";
  if (mode == "append" && (argc == 5 || argc == 6))
    return append(argv[2], std::stoull(argv[3]), std::stoull(argv[4]), argc == 6 ? argv[5] : "");
  if (mode == "verify" && (argc == 4 || argc == 5)) return verify(argv[2], std::stoull(argv[3]), argc == 5 ? read_roots(argv[4]) : Roots{});
  say("usage: ledger_driver append DIRECTORY GROUPS ENTRIES [RUN] | verify DIRECTORY ACKED [ROOTS]");
  return usage;
}
