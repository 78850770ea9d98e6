// Every answer of the real daemon, held against the published contract.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tests {

/// An answer as a client got it.
struct Answered {
  std::string_view method;
  std::string_view target;  ///< path and query
  int status = 0;
  std::string_view body;
  std::function<std::string const*(std::string_view)> header;  ///< by lower-case name; null when absent
};

/// What of the answer the contract does not promise, or promises and lacks; empty when it keeps it. Thread-safe.
std::vector<std::string> breaches(Answered const& answer);

/// "submitJob 201" for each operation and status that breaches() has seen in this process.
std::set<std::string> answers_seen();

}  // namespace sluice::tests
