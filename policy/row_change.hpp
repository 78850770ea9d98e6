// One change of a derived row, as the state machine hands it to the writer.
#pragma once

#include <optional>
#include <string>

namespace sluice::policy {

/// A row of the snapshot or of history that changed: nullopt deletes.
struct RowChange {
  std::string key;
  std::optional<std::string> value;
};

}  // namespace sluice::policy
