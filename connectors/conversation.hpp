// A conversation with a site as a pure state machine: resume(answer) gives the next request, the result, or the fault.
//
// Protocols write a conversation as a coroutine that never touches a socket, a clock or chance:
//
//     Conversation<Usage> CentreProtocol::usage(Call call, RemoteHandle handle) {
//       Answer answer = co_await ask(request_for(handle));      // resume() returned the HttpRequest and was given the answer
//       if (!answer) co_return std::unexpected(fault_of(answer.error()));
//       co_return read_usage(*answer);
//     }
//
// Whoever drives it sends the requests: Connector over the network, a test from a script. Rules for the bodies: parameters
// by value, no lambda, nothing awaited but ask().
#pragma once

#include "connectors/fault.hpp"
#include "connectors/http/message.hpp"

#include <cassert>
#include <coroutine>
#include <exception>
#include <expected>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::connectors {

/// What came back for a request.
using Answer = std::expected<http_client::HttpReply, http_client::HttpFault>;

/// `HttpRequest::site` names an endpoint of the protocol: "" the cluster's main address, else one declared beside it.
template <class Result>
using Step = std::variant<http_client::HttpRequest, Result, Fault>;

/// The awaitable a conversation's body uses to put one question.
struct Question {
  http_client::HttpRequest request;
};
inline Question ask(http_client::HttpRequest request) { return Question{std::move(request)}; }

/// Move-only; destroying it before its end abandons it. Not thread-safe.
template <class Result>
class Conversation {
 public:
  struct promise_type {
    std::optional<http_client::HttpRequest> request;
    std::optional<Answer> answer;
    std::optional<std::expected<Result, Fault>> outcome;

    Conversation get_return_object() { return Conversation{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(std::expected<Result, Fault> value) { outcome.emplace(std::move(value)); }
    // A conversation computes on values; all that can throw in it is lack of memory, which is not handled anywhere here.
    void unhandled_exception() noexcept { std::terminate(); }

    struct Waiter {
      promise_type* promise;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type>) const noexcept {}
      Answer await_resume() {
        assert(promise->answer && "resume() gave no answer to a question");
        Answer taken = std::move(*promise->answer);
        promise->answer.reset();
        return taken;
      }
    };
    Waiter await_transform(Question question) {
      request.emplace(std::move(question.request));
      return Waiter{this};
    }
  };

  Conversation(Conversation&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), asked_(std::move(other.asked_)), raw_(std::move(other.raw_)) {}
  Conversation& operator=(Conversation&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
      asked_ = std::move(other.asked_);
      raw_ = std::move(other.raw_);
    }
    return *this;
  }
  ~Conversation() {
    if (handle_) handle_.destroy();
  }

  /// Goes on to the next step. REQUIRES: no answer on the first call, one on each later call, no call after Result or Fault.
  Step<Result> resume(std::optional<Answer> answer = std::nullopt) {
    assert(handle_ && !handle_.done());
    promise_type& promise = handle_.promise();
    assert(answer.has_value() == asked_.has_value());
    if (answer) {
      if (answer->has_value()) raw_.push_back({*asked_, (*answer)->status, (*answer)->body});
      asked_.reset();
      promise.answer = std::move(answer);
    }
    handle_.resume();
    if (handle_.done()) {
      std::expected<Result, Fault> outcome = std::move(*promise.outcome);
      if (outcome) return Step<Result>{std::in_place_index<1>, std::move(*outcome)};
      outcome.error().raw = raw_;
      return Step<Result>{std::in_place_index<2>, std::move(outcome.error())};
    }
    http_client::HttpRequest request = std::move(*promise.request);
    promise.request.reset();
    asked_ = request.method + ' ' + request.target;
    return Step<Result>{std::in_place_index<0>, std::move(request)};
  }

  /// Every answer so far, in order.
  std::vector<RawReply> const& raw() const { return raw_; }
  std::vector<RawReply> take_raw() { return std::move(raw_); }

 private:
  explicit Conversation(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
  std::optional<std::string> asked_;  ///< request line that waits for its answer
  std::vector<RawReply> raw_;
};

}  // namespace sluice::connectors
