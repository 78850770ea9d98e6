// The schema of equivalence.toml.
#include "config/kinds.hpp"
#include "config/provenance_schema.hpp"
#include "config/schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sluice::config {
namespace {

constexpr std::int64_t ppm_max = 1'000'000'000;  // a thousand reference cards

Section<EquivalenceRange> row_section() {
  Section<EquivalenceRange> section("row", "What one card of a type does under a framework.");
  section.required("type", &EquivalenceRange::type, name<policy::AcceleratorTag>(), "Accelerator type.");
  section.required("framework", &EquivalenceRange::framework, name<policy::FrameworkTag>(), "Under which framework.");
  section.required("throughput_ppm", &EquivalenceRange::throughput_ppm, integer(1, ppm_max),
                   "Millionths of one reference card; this decides.");
  section.optional("throughput_ppm_low", &EquivalenceRange::throughput_ppm_low, integer(1, ppm_max), "Low end of what the source allows.");
  section.optional("throughput_ppm_high", &EquivalenceRange::throughput_ppm_high, integer(1, ppm_max), "High end of it.");
  section.defaulted("precision", &EquivalenceRange::precision, text(64), "What was compared.");
  section.check([](Reader& reader, EquivalenceRange const& row) {
    if (row.throughput_ppm_low.value_or(row.throughput_ppm) > row.throughput_ppm ||
        row.throughput_ppm_high.value_or(row.throughput_ppm) < row.throughput_ppm) {
      reader.error_at("throughput_ppm", "must lie between throughput_ppm_low and throughput_ppm_high");
    }
  });
  add_provenance(section);
  return section;
}

Section<EquivalenceFile> make_equivalence_schema() {
  Section<EquivalenceFile> section("equivalence.toml",
                                   "Which accelerator stands in for which. A type that is not here runs only jobs that state their own "
                                   "throughput: it is never assumed.");
  section.required("reference", &EquivalenceFile::reference, name<policy::AcceleratorTag>(), "The card that all are measured against.");
  section.required("source", &EquivalenceFile::source, ascii_text(200), "Of the table as a whole; it goes into the log.");
  section.defaulted("version", &EquivalenceFile::version, integer(1, 1'000'000), "Raise it with every change.");
  section.required("row", &EquivalenceFile::rows, tables_of(row_section(), 256), "Types.");
  section.check([](Reader& reader, EquivalenceFile const& file) {
    for (std::size_t row = 0; row < file.rows.size(); ++row) {
      for (std::size_t earlier = 0; earlier < row; ++earlier) {
        if (file.rows[earlier].type != file.rows[row].type || file.rows[earlier].framework != file.rows[row].framework) continue;
        reader.error_at(fmt::format("row[{}].type", row), fmt::format("'{}' under '{}' stands in row[{}] already", file.rows[row].type.text,
                                                                      file.rows[row].framework.text, earlier));
        break;
      }
      if (file.rows[row].type == file.reference && file.rows[row].throughput_ppm != 1'000'000) {
        reader.error_at(fmt::format("row[{}].throughput_ppm", row), "must be 1000000: the type is the reference itself");
      }
    }
  });
  return section;
}

}  // namespace

Section<EquivalenceFile> const& equivalence_schema() {
  static Section<EquivalenceFile> const schema = make_equivalence_schema();
  return schema;
}

policy::EquivalenceTable equivalence_table(EquivalenceFile const& file) {
  policy::EquivalenceTable table;
  table.reference = file.reference;
  for (EquivalenceRange const& row : file.rows) table.rows.push_back(row);
  std::ranges::sort(table.rows, [](policy::EquivalenceRow const& a, policy::EquivalenceRow const& b) {
    return std::tie(a.type, a.framework) < std::tie(b.type, b.framework);
  });
  table.source = file.source;
  table.version = file.version;
  return table;
}

}  // namespace sluice::config
