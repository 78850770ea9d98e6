// The queue of one client of an event stream.
#include "broker/http/event_stream.hpp"

#include "broker/http/event_stream_state.hpp"

#include <cassert>
#include <utility>

namespace sluice::http {

std::string event_frame(std::string_view id, std::string_view event, std::string_view data) {
  assert(id.find_first_of("\r\n") == std::string_view::npos && event.find_first_of("\r\n") == std::string_view::npos);
  std::string out;
  out.reserve(id.size() + event.size() + data.size() + 32);
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  if (!event.empty()) out.append("event: ").append(event).append("\n");
  // CR, LF and CR LF all end a line of the stream; each line of the data gets its own field.
  for (;;) {
    auto const end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  out.push_back('\n');
  return out;
}

EventStream::EventStream(std::size_t queue_bytes_max, std::size_t queue_frames_max) : state_(std::make_unique<State>()) {
  state_->bytes_max = queue_bytes_max;
  state_->frames_max = queue_frames_max;
}

EventStream::~EventStream() = default;

bool EventStream::push(std::shared_ptr<std::string const> frame) {
  State& state = *state_;
  if (state.closed) return false;
  if (state.bytes + frame->size() > state.bytes_max || state.queue.size() == state.frames_max) {
    state.close();
    return false;
  }
  state.bytes += frame->size();
  state.queue.push_back(std::move(frame));
  if (!state.room()) state.wanted_room = true;
  if (state.wake) state.wake();
  return true;
}

bool EventStream::has_room() const { return state_->room(); }
void EventStream::close() { state_->close(); }
bool EventStream::closed() const { return state_->closed; }
void EventStream::on_room(std::function<void()> callback) { state_->on_room = std::move(callback); }
void EventStream::on_closed(std::function<void()> callback) { state_->on_closed = std::move(callback); }

void EventStream::State::pop() {
  assert(!queue.empty());
  bytes -= queue.front()->size();
  queue.pop_front();
  if (wanted_room && room() && !closed) {
    wanted_room = false;
    if (auto callback = on_room) callback();
  }
}

void EventStream::State::close() {
  if (std::exchange(closed, true)) return;
  if (wake) wake();
  // Copies: a callback may replace or drop what called it.
  auto const room_callback = std::exchange(on_room, nullptr);
  auto const closed_callback = std::exchange(on_closed, nullptr);
  if (wanted_room && room_callback) room_callback();
  if (closed_callback) closed_callback();
}

}  // namespace sluice::http
