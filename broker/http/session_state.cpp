// Buffers, admission and answers of a connection.
#include "broker/http/session_state.hpp"

#include "broker/http/head_parser.hpp"
#include "broker/http/target.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::size_t buffer_bytes_initial = 4 * 1024;
constexpr std::size_t body_bytes_kept = 16 * 1024;    ///< a larger body's memory is given back after its request
constexpr std::size_t body_bytes_copied = 16 * 1024;  ///< smaller answers leave in one piece with their header

void append_number(std::string& out, std::size_t value) {
  std::array<char, 20> digits;
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out.append(digits.data() + at, digits.size() - at);
}

}  // namespace

SessionState::SessionState(std::shared_ptr<ServerCore> core, Peer peer, std::string group, bool farewell)
    : core_(std::move(core)), peer_(std::move(peer)), farewell_(farewell), group_(std::move(group)) {
  place_ = core_->connections.insert(core_->connections.end(), this);
  if (farewell_) {
    ++core_->refusals;
    return;
  }
  ++core_->counters.connections;
  if (!group_.empty()) ++core_->peers[group_];
}

SessionState::~SessionState() {
  core_->counters.body_bytes -= body_charged_;
  if (in_flight_) --core_->counters.requests_in_flight;
  core_->connections.erase(place_);
  if (farewell_) {
    --core_->refusals;
  } else {
    --core_->counters.connections;
    if (auto const peer = core_->peers.find(group_); peer != core_->peers.end() && --peer->second == 0) core_->peers.erase(peer);
  }
  core_->drained.cancel();
}

std::span<char> SessionState::room() {
  if (end_ == buffer_.size()) {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    } else {
      // HeaderScan refuses before this passes header_bytes_max by more than one read.
      buffer_.resize(buffer_.empty() ? buffer_bytes_initial : buffer_.size() * 2);
    }
  }
  return room_in_place();
}

void SessionState::received_more(std::size_t count) {
  end_ += count;
  assert(end_ <= buffer_.size());
}

void SessionState::consume(std::size_t count) {
  begin_ += count;
  assert(begin_ <= end_);
  if (begin_ < end_) return;
  begin_ = end_ = 0;
  if (buffer_.size() > buffer_bytes_initial) buffer_ = std::vector<char>(buffer_bytes_initial);
}

bool SessionState::grow_body(std::size_t to) {
  if (to > body_charged_) {
    std::size_t const more = to - body_charged_;
    if (core_->counters.body_bytes + more > core_->options.body_bytes_total_max) return false;
    core_->counters.body_bytes += more;
    body_charged_ = to;
  }
  body_.resize(to);
  return true;
}

Clock::time_point SessionState::rate_deadline(Clock::time_point since, std::chrono::milliseconds grace, std::size_t bytes) const {
  return since + grace + std::chrono::milliseconds(bytes * 1'000 / std::max<std::size_t>(1, core_->options.bytes_per_second_min));
}

void SessionState::begin_exchange() {
  core_->next_request_id(request_id_);
  request_ = Request{};
  request_.peer = &peer_;
  request_.request_id = request_id();
  framing_ = Framing{};
  keep_alive_ = false;
  route_ = nullptr;
  options_methods_.reset();
  method_text_ = {};
  failure_.clear();
  sent_bytes_ = 0;
  received_bytes_ = 0;
  started_ = Clock::now();
  ++core_->counters.requests;
  ++core_->counters.requests_in_flight;
  in_flight_ = true;
}

void SessionState::end_exchange(int status, std::string_view outcome) {
  if (!in_flight_) return;
  in_flight_ = false;
  --core_->counters.requests_in_flight;
  if (core_->observer.exchange) {
    core_->observer.exchange({.method = method_text_,
                              .route = route_,
                              .path = request_.path,
                              .status = status,
                              .outcome = outcome,
                              .duration = Clock::now() - started_,
                              .bytes_received = received_bytes_,
                              .bytes_sent = sent_bytes_,
                              .request_id = request_id(),
                              .trace_id = request_.trace.trace_id,
                              .peer = &peer_,
                              .failure = failure_});
  }
  core_->counters.body_bytes -= std::exchange(body_charged_, 0);
  if (body_.capacity() > body_bytes_kept) body_ = std::string();
  body_.clear();
}

std::optional<Problem> SessionState::admit(std::string_view header) {
  received_bytes_ = header.size();
  auto const head = parse_head(header, fields_);
  if (!head) return problem(head.error());
  method_text_ = head->method;
  auto const framing = check_head(*head, core_->options);
  if (!framing) return problem(framing.error());
  framing_ = *framing;
  received_bytes_ += framing_.content_length;
  keep_alive_ = head->keep_alive && head->http_1_1;
  if (!head->http_1_1) framing_.expect_continue = false;  // RFC 9110 §10.1.1: a 1.0 client cannot mean it

  request_.method = framing_.method;
  request_.target = head->target;
  request_.path = framing_.path;
  request_.headers = fields_;
  request_.content_type = framing_.content_type;
  if (!framing_.traceparent.empty()) request_.trace = parse_traceparent(framing_.traceparent);
  auto refused = check_route();
  if (refused && !refused->close && framing_.expect_continue) refused->close = true;  // whether the body follows is anyone's guess
  return refused;
}

std::optional<Problem> SessionState::check_route() {
  if (framing_.path == "*") {
    options_methods_ = static_cast<std::uint8_t>((1u << method_count) - 1);
    return std::nullopt;
  }
  RouteMatch const match = core_->router.match(framing_.method, framing_.path);
  if (!match.path_known) return problem(Refusal::not_found);
  if (framing_.method == Method::options) {
    if (framing_.content_length > 0) return problem(Refusal::content_not_allowed);
    options_methods_ = match.methods;
    return std::nullopt;
  }
  if (match.route == nullptr) {
    Problem refused = problem(Refusal::method_not_allowed);
    refused.headers.emplace_back("Allow", allow_value(match.methods));
    return refused;
  }
  route_ = match.route;

  arena_.clear();
  arena_.reserve(request_.target.size());
  parameters_.clear();
  for (std::size_t i = 0; i < match.value_count; ++i) {
    auto const value = percent_decode(match.values[i], arena_);
    if (!value) return problem(Refusal::target_malformed);
    parameters_.push_back({match.names[i], *value});
  }
  request_.parameters = parameters_;
  query_.clear();
  if (!parse_query(framing_.query, query_, arena_)) return problem(Refusal::query_malformed);
  request_.query = query_;

  if (framing_.expect_other) return problem(Refusal::expectation_failed);
  if (!framing_.content_encoding.empty()) return problem(Refusal::content_encoding);
  BodyRule const& rule = route_->body;
  if (framing_.content_length > 0) {
    bool const bodiless = framing_.method == Method::get || framing_.method == Method::head;
    if (rule.content_types.empty() || bodiless) return problem(Refusal::content_not_allowed);
    if (framing_.content_type.empty()) return problem(Refusal::content_type_missing);
    auto const fits = [&](std::string const& type) { return equals_ignoring_case(type, framing_.content_type); };
    if (std::ranges::none_of(rule.content_types, fits)) return problem(Refusal::content_type_unsupported);
    if (framing_.content_length > rule.bytes_max) return problem(Refusal::content_too_large);
  }
  if (core_->admission) return core_->admission(request_, *route_, framing_.content_length);
  return std::nullopt;
}

std::string_view SessionState::format_answer(Response const& response, bool head_only, bool keep_alive) {
  bool const stream = std::holds_alternative<std::shared_ptr<EventStream>>(response.body);
  std::string_view const body = response.body_text();
  out_.clear();
  out_.append("HTTP/1.1 ");
  append_number(out_, static_cast<std::size_t>(response.status));
  out_.append(" ").append(reason_phrase(response.status)).append("\r\nDate: ").append(core_->date());
  out_.append("\r\nX-Request-Id: ").append(request_id()).append("\r\n");
  if (!response.content_type.empty()) out_.append("Content-Type: ").append(response.content_type).append("\r\n");
  bool const bodiless = response.status == 204 || response.status == 304;
  assert(!bodiless || body.empty());
  if (!stream && !bodiless) {
    out_.append("Content-Length: ");
    append_number(out_, body.size());
    out_.append("\r\n");
  }
  if (!keep_alive) out_.append("Connection: close\r\n");
  out_.append(response.fields).append("\r\n");
  if (head_only) return {};
  if (body.size() > body_bytes_copied) return body;
  out_.append(body);
  return {};
}

}  // namespace sluice::http
