// The reference documentation of every key, written from the schemas so that it cannot differ from them.
#pragma once

#include <string>

namespace sluice::config {

/// The text of config/REFERENCE.md.
std::string reference_markdown();

}  // namespace sluice::config
