// Through a ledger in memory, in Groups of a size that the ledger takes.
#include "tests/golden/signed_tree.hpp"

#include "storage/log/event_codec.hpp"
#include "storage/log/memory_ledger.hpp"
#include "storage/log/tree_export.hpp"

#include <algorithm>
#include <stdexcept>

namespace sluice::golden {

log::NoteSigner signer() {
  std::string const seed(32, 'G');
  return {"sluice.example/log", log::Ed25519Key::from_seed(policy::bytes_of(seed)).value()};
}

log::Group group_of(std::vector<policy::Stamped> const& entries) {
  log::Group group;
  for (policy::Stamped const& entry : entries) {
    group.entries.push_back(log::encode_entry(entry));
    log::collect_blobs(entry.event, group.blobs);
  }
  return group;
}

void write_tree(log::Group const& group, std::string const& directory) {
  log::MemoryLedger ledger(signer(), log::make_memory_disk());
  for (std::size_t first = 0; first < group.entries.size(); first += log::group_entries_max) {
    log::Group part;
    std::size_t const end = std::min(first + log::group_entries_max, group.entries.size());
    part.entries.assign(group.entries.begin() + static_cast<std::ptrdiff_t>(first),
                        group.entries.begin() + static_cast<std::ptrdiff_t>(end));
    if (first == 0) part.blobs = group.blobs;
    if (auto const appended = ledger.append(ledger.epoch(), first, part, {}); !appended) throw std::runtime_error(appended.error().message);
  }
  if (auto const written = log::export_tree(ledger, directory); !written) throw std::runtime_error(written.error());
}

}  // namespace sluice::golden
