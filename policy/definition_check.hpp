// Whether a declaration keeps its stated ranges: the same check for files, requests and entries.
#pragma once

#include "policy/definitions.hpp"
#include "policy/events/catalogue.hpp"

#include <optional>
#include <string>

namespace sluice::policy {

/// What is wrong, as "member: what is allowed" with the member's path ("hardware[2].cards: 1 to 1000000"); nullopt when all is well.
/// Each checks everything that can be judged from the declaration alone.
std::optional<std::string> wrong_in(ClusterDefinition const& definition);
std::optional<std::string> wrong_in(ProgrammeDefinition const& definition);
std::optional<std::string> wrong_in(EquivalenceTable const& table);
std::optional<std::string> wrong_in(MarketRules const& rules);
std::optional<std::string> wrong_in(JobSpec const& spec);
std::optional<std::string> wrong_in(Offer const& offer);
std::optional<std::string> wrong_in(VoucherTerms const& terms);

/// A region code, or none (0) where that is allowed.
bool is_region(RegionCode region);
/// ASCII from space to tilde, at most so many characters.
bool is_plain_text(std::string const& text, std::size_t length_max);

}  // namespace sluice::policy
