// What equivalence.toml says: the throughput of each accelerator type, as a range with its source.
#pragma once

#include "config/provenance.hpp"
#include "policy/definitions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

/// One row: what one card does against one reference card. The middle decides; the ends say how sure that is.
struct EquivalenceRange : policy::EquivalenceRow, Provenance {
  std::optional<std::int32_t> throughput_ppm_low;
  std::optional<std::int32_t> throughput_ppm_high;
  std::string precision;  ///< what was compared: "fp16 dense"
};

struct EquivalenceFile {
  policy::AcceleratorType reference;
  std::string source;
  std::int32_t version = 1;
  std::vector<EquivalenceRange> rows;
};

/// REQUIRES: the file passed its checks. Rows come sorted by type, then framework.
policy::EquivalenceTable equivalence_table(EquivalenceFile const& file);

}  // namespace sluice::config
