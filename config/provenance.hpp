// Where a figure comes from and how far it may be trusted.
#pragma once

#include "policy/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::config {

enum class SourceStatus : std::uint8_t {
  government,    ///< a government page, or a full reprint of the official document
  press,         ///< named press
  secondary,     ///< an aggregator, a blog, a data set: a default, no proof
  background,    ///< general knowledge, not confirmed
  unverified,    ///< a claim that found sources do not confirm, or contradict
  computed,      ///< follows from figures named in the source
  site,          ///< stated by the centre or its contract
  illustrative,  ///< made up to show the form; replace before real use
};

struct Provenance {
  SourceStatus status = SourceStatus::illustrative;
  std::string source;  ///< document, page or reasoning; may be empty where the status is illustrative
  std::optional<policy::Timestamp> as_of;
};

}  // namespace sluice::config
