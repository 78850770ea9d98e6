// The limits every ledger enforces before it writes anything, so that all of them refuse the same Groups.
#pragma once

#include "storage/log/group.hpp"
#include "storage/log/ledger.hpp"

#include <optional>

namespace sluice::log {

constexpr std::size_t group_bytes_max = 1u << 30;  ///< all bytes of one Group and its rows; a RocksDB batch ends at 4 GiB
constexpr std::size_t row_key_bytes_max = 4'096;
constexpr std::size_t owner_bytes_max = 255;

/// What is wrong with this append, nullopt when nothing is. `size` and `epoch` are the ledger's.
std::optional<AppendError> check_append(Epoch epoch_now, std::uint64_t size, Epoch epoch, Sequence first, Group const& group,
                                        Derived const& derived);

}  // namespace sluice::log
