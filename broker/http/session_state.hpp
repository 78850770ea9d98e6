// Everything about a connection that does not touch its socket: buffers, the request in progress, the answer's header.
#pragma once

#include "broker/http/gate.hpp"
#include "broker/http/server_core.hpp"

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Base of both kinds of session. Registers itself with the server, and counts.
class SessionState : public Connection {
 public:
  SessionState(std::shared_ptr<ServerCore> core, Peer peer, std::string group, bool farewell);
  ~SessionState() override;
  SessionState(SessionState const&) = delete;
  SessionState& operator=(SessionState const&) = delete;

 protected:
  // Input. What has been received and not yet consumed is buffer_[begin_, end_).
  std::string_view received() const { return {buffer_.data() + begin_, end_ - begin_}; }
  /// Where the next bytes go; grows or moves the contents when there is no room. Invalidates views.
  std::span<char> room();
  /// Room behind the contents without moving them: views stay good.
  std::span<char> room_in_place() { return {buffer_.data() + end_, buffer_.size() - end_}; }
  void received_more(std::size_t count);
  void consume(std::size_t count);
  /// True when so many bytes behind the header fit into the buffer as it is.
  bool body_fits(std::size_t length) const { return begin_ + header_end_ + length <= buffer_.size(); }
  /// Makes the separate body so large; false when the server's memory for bodies is used up.
  bool grow_body(std::size_t to);

  // One exchange.
  void begin_exchange();
  Problem problem(Refusal refusal) const { return problem_of(refusal, core_->options); }
  /// The problem with the texts of the server's owner.
  Problem told(Problem problem) const {
    if (core_->problem_texts) core_->problem_texts(problem, request_);
    return problem;
  }
  /// Parses, gates, routes and checks. A problem: refused; its `close` tells whether the connection can go on.
  std::optional<Problem> admit(std::string_view header);
  /// Reports to the observer and forgets the request; views of it end here.
  void end_exchange(int status, std::string_view outcome);

  /// Fills out_ with the answer's header, and its body when that is small; returns the rest of the body.
  std::string_view format_answer(Response const& response, bool head_only, bool keep_alive);
  std::string_view request_id() const { return {request_id_.data(), request_id_.size()}; }
  /// As long as the body's rate stays above the minimum.
  Clock::time_point rate_deadline(Clock::time_point since, std::chrono::milliseconds grace, std::size_t bytes) const;

  std::shared_ptr<ServerCore> core_;
  Peer peer_;
  bool farewell_;

  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t header_end_ = 0;  ///< of the request in progress, from begin_
  std::string body_;            ///< a body that did not fit into the buffer
  std::string out_;

  Request request_;
  Framing framing_;
  bool keep_alive_ = false;
  Route const* route_ = nullptr;
  std::optional<std::uint8_t> options_methods_;  ///< set when the answer is the path's methods
  std::string failure_;
  std::size_t sent_bytes_ = 0;
  bool linger_ = false;  ///< the peer may still be sending when we close

 private:
  std::optional<Problem> check_route();

  std::string group_;
  std::list<Connection*>::iterator place_;
  std::size_t body_charged_ = 0;  ///< of body_, in the server's account
  std::vector<HeaderField> fields_;
  std::vector<QueryParameter> query_;
  std::vector<PathParameter> parameters_;
  std::string arena_;  ///< decoded texts
  std::array<char, 32> request_id_{};
  std::string_view method_text_;
  Clock::time_point started_{};
  std::size_t received_bytes_ = 0;
  bool in_flight_ = false;
};

}  // namespace sluice::http
