// Problem documents of the API: one table of codes, read from the contract, and every reason mapped in one place.
#pragma once

#include "broker/http/problem.hpp"
#include "broker/sequencer/sequencer.hpp"
#include "policy/reason.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::broker::api {

enum class Language : std::uint8_t { english, chinese };
/// Chinese when the request prefers it (Accept-Language), else English.
Language language_of(http::Request const& request);
std::string_view text(policy::Reason reason, Language language);

/// A problem of a code that the contract lists, with its status and type. REQUIRES: a known code (asserted).
http::Problem problem(std::string_view code, std::string detail);

/// What every problem document gets before it leaves: the contract's title and action in the caller's language, the caller's trace, and the
/// header fields that go with the status. REQUIRES: a code of the contract (asserted).
void give_texts(http::Problem& problem, http::Request const& request);

/// A reason as the contract writes it: {"code","en","zh"}.
std::string reason_json(policy::Reason reason);

/// What the caller gets when the state machine refused: status and code follow from the reason, the reason stands in `reasons`.
http::Problem problem_of(policy::Refusal const& refusal, Language language);
/// What the caller gets when a submission came to nothing.
http::Problem problem_of(Rejected const& rejected, Language language);

/// Every code with its texts, as the body of GET /problems/{code}; nullopt when there is no such code.
std::optional<std::string> problem_page(std::string_view code);

/// The contract, as compiled in.
std::string_view openapi_text();

}  // namespace sluice::broker::api
