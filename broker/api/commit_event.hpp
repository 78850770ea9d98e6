// The short way for an operation that is one event.
#pragma once

#include "broker/api/api.hpp"
#include "broker/secrets.hpp"

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace sluice::broker::api {

/// Submits `event` with the private parts it cites and answers `status` with render(sequence), made of what the state says then.
template <class Event, class Render>
boost::asio::awaitable<Answer> commit_event(Api& api, Call& call, Event event, std::vector<Sealed> sealed, int status, Render render) {
  std::vector<policy::Event> events;
  events.emplace_back(std::move(event));
  Submission submission = submission_of(std::move(events));
  for (Sealed& each : sealed) submission.private_parts.push_back(std::move(each.part));
  AnswerMaker answer = [&](log::Sequence sequence, policy::Effects const&, policy::Timestamp) -> std::optional<http::Response> {
    return http::json_response(status, render(sequence).dump());
  };
  co_return co_await commit(api, call, std::move(submission), std::move(answer));
}

}  // namespace sluice::broker::api
