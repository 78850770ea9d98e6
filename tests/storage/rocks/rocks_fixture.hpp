// A ledger on RocksDB in a temporary directory, with the small sizes that tests want.
#pragma once

#include "storage/rocks/rocks_ledger.hpp"
#include "tests/storage/groups.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <string>

namespace sluice::test {

inline std::string const master_key(32, 'M');

inline rocks::Options rocks_options(std::string const& directory) {
  rocks::Options options;
  options.directory = directory;
  options.ballast_bytes = 0;
  options.free_bytes_floor = 0;
  options.write_buffer_bytes = 1u << 20;
  options.block_cache_bytes = 1u << 20;
  return options;
}

inline auto open_rocks(std::string const& directory) { return rocks::RocksLedger::open(rocks_options(directory), signer(), master_key); }

/// The payload that full_group(first, …) carries.
inline log::PrivatePart full_group_payload(std::uint64_t first) {
  return bound_part(log::PrivateKind::payload, "tenant-" + std::to_string(first % 3), "canary secret " + std::to_string(first));
}

/// A Group as the driver appends it: entries, a row that counts them, a blob, private parts of two owners.
inline log::Group full_group(std::uint64_t first, std::uint64_t count) {
  log::Group made = group(first, count);
  made.blobs.push_back(blob("blob " + std::to_string(first)));
  made.private_parts.push_back(full_group_payload(first));
  made.private_parts.push_back({log::PrivateKind::idempotency, "operator", std::to_string(first), "answer", 1'000'000});
  return made;
}
inline log::Derived derived(std::uint64_t first, std::uint64_t count) {
  return {{{"count", std::to_string(first + count)}, {"row/" + std::to_string(first), "value"}},
          {{"finished/" + std::to_string(first), "history"}}};
}

}  // namespace sluice::test
