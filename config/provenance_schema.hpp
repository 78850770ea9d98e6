// The keys `status`, `source` and `as_of`, for every row that states figures.
#pragma once

#include "config/kinds.hpp"
#include "config/provenance.hpp"
#include "config/section.hpp"

namespace sluice::config {

/// Adds the three keys, and the rule that only what is illustrative, or stated by the site, may go without a source.
template <class S>
void add_provenance(Section<S>& section) {
  section.required("status", &Provenance::status,
                   choice<SourceStatus>({{"government", SourceStatus::government},
                                         {"press", SourceStatus::press},
                                         {"secondary", SourceStatus::secondary},
                                         {"background", SourceStatus::background},
                                         {"unverified", SourceStatus::unverified},
                                         {"computed", SourceStatus::computed},
                                         {"site", SourceStatus::site},
                                         {"illustrative", SourceStatus::illustrative}}),
                   "How far the figures of this table may be trusted.");
  section.defaulted("source", &Provenance::source, text(400), "Where they come from.");
  section.optional("as_of", &Provenance::as_of, day_begin(), "When the source said so.");
  section.check([](Reader& reader, S const& row) {
    bool const may_lack = row.status == SourceStatus::illustrative || row.status == SourceStatus::site;
    if (row.Provenance::source.empty() && !may_lack) {
      reader.error_at("source", "is required with this status; only 'illustrative' and 'site' figures may go without one");
    }
  });
}

}  // namespace sluice::config
