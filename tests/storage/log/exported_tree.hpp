// A log of a given size exported to a directory, for tests that read or damage it.
#pragma once

#include "storage/log/memory_ledger.hpp"
#include "storage/log/tree_export.hpp"
#include "tests/storage/groups.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sluice::test {

/// Appends entries until the ledger has `size` of them.
inline void grow(log::Ledger& ledger, std::uint64_t size, std::uint64_t per_group = 1'000) {
  while (ledger.size() < size) {
    std::uint64_t const first = ledger.size();
    auto const appended = ledger.append(1, first, group(first, std::min(per_group, size - first)), {});
    ASSERT_TRUE(appended) << appended.error().message;
  }
}

struct ExportedTree {
  TemporaryDirectory directory;
  log::MemoryLedger ledger{signer(), log::make_memory_disk()};
  std::vector<log::NoteVerifier> verifiers{signer().verifier()};

  explicit ExportedTree(std::uint64_t size) {
    grow(ledger, size);
    export_again();
  }
  void export_again() {
    auto const summary = log::export_tree(ledger, directory.path());
    ASSERT_TRUE(summary) << summary.error();
    ASSERT_EQ(summary->entries, ledger.size());
  }
  std::string file(std::string const& path) const { return directory.path() + "/" + path; }
};

}  // namespace sluice::test
