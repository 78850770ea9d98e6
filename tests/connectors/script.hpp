// Scripts for conversations: the same script is run as written, and again failing at every step with every fault.
#pragma once

#include "connectors/conversation.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice::test {

/// One expected request ("GET /v1/capacity") and what comes back.
struct Exchange {
  std::string request;
  connectors::Answer answer;
};

inline connectors::Answer answered(int status, std::string body, std::vector<http_client::Header> headers = {}) {
  return http_client::HttpReply{status, std::move(headers), std::move(body), {}};
}
inline connectors::Answer lost(http_client::HttpFaultKind kind, bool may_have_been_received) {
  return std::unexpected(http_client::HttpFault{kind, may_have_been_received, "scripted", 0});
}

/// What can go wrong with one exchange, and whether it leaves the outcome of an acting request unknown.
struct ScriptedFault {
  std::string name;
  connectors::Answer answer;
  bool leaves_unknown = false;
  connectors::FaultKind kind;
};
std::vector<ScriptedFault> const& every_fault();

/// Drives the conversation along the script. Fails the test when a request differs or the script is not used up.
template <class Result>
connectors::Step<Result> run(connectors::Conversation<Result>& conversation, std::vector<Exchange> const& script) {
  connectors::Step<Result> step = conversation.resume();
  std::size_t at = 0;
  while (auto const* request = std::get_if<http_client::HttpRequest>(&step)) {
    if (at == script.size()) {
      ADD_FAILURE() << "unexpected request " << request->method << ' ' << request->target;
      break;
    }
    EXPECT_EQ(request->method + ' ' + request->target, script[at].request);
    step = conversation.resume(script[at].answer);
    ++at;
  }
  EXPECT_EQ(at, script.size()) << "the conversation ended early";
  return step;
}

/// Re-runs the script failing at each step with each fault. A conversation that meets a fault must end with a Fault of that
/// kind, never with a result; `acts_at` is the step whose request changes something (SIZE_MAX: none).
template <class Result>
void fail_at_every_step(std::function<connectors::Conversation<Result>()> const& begin, std::vector<Exchange> const& script,
                        std::size_t acts_at) {
  for (std::size_t broken = 0; broken < script.size(); ++broken) {
    for (ScriptedFault const& fault : every_fault()) {
      SCOPED_TRACE(fault.name + " at step " + std::to_string(broken));
      auto conversation = begin();
      connectors::Step<Result> step = conversation.resume();
      for (std::size_t at = 0; at < broken; ++at) step = conversation.resume(script[at].answer);
      ASSERT_TRUE(std::holds_alternative<http_client::HttpRequest>(step));
      step = conversation.resume(fault.answer);
      auto const* ended = std::get_if<connectors::Fault>(&step);
      ASSERT_NE(ended, nullptr);
      EXPECT_EQ(connectors::name_of(ended->kind), connectors::name_of(fault.kind));
      EXPECT_EQ(ended->outcome_unknown, broken == acts_at && fault.leaves_unknown);
      EXPECT_FALSE(ended->what.empty());
      EXPECT_FALSE(ended->to_do.empty());
      EXPECT_EQ(ended->raw.size(), broken + (fault.answer.has_value() ? 1u : 0u)) << "every answer is kept";
      EXPECT_EQ(ended->what.find('\n'), std::string::npos);
    }
  }
}

}  // namespace sluice::test
