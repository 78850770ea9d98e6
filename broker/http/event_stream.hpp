// One client of a stream of server-sent events: a bounded queue between a producer on the loop and the connection.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::http {

/// Text of one event ("id", "event", one "data" line per line of data, blank line). Empty id or event: the field is left out.
/// REQUIRES: id and event without line breaks.
std::string event_frame(std::string_view id, std::string_view event, std::string_view data);

/// Not thread-safe: producer and connection live on the same loop. The producer keeps a shared_ptr and stops when closed().
class EventStream {
 public:
  /// Neither more bytes nor more frames than this wait for a slow client.
  explicit EventStream(std::size_t queue_bytes_max = 256 * 1024, std::size_t queue_frames_max = 1'024);
  ~EventStream();
  EventStream(EventStream const&) = delete;
  EventStream& operator=(EventStream const&) = delete;

  /// Queues a frame (shared: one text serves many clients). False when closed, or when the queue is full: the stream is
  /// then closed after what was queued, and the client resumes with Last-Event-ID.
  bool push(std::shared_ptr<std::string const> frame);
  bool push(std::string frame) { return push(std::make_shared<std::string const>(std::move(frame))); }
  /// True while at least half of the queue is free: a producer that reads history waits for this.
  bool has_room() const;
  /// No more frames; what is queued is still sent.
  void close();
  /// Closed by either side. The client's departure closes too.
  bool closed() const;

  /// Called (once each time) when has_room() becomes true again, or the stream closes. Replaces the previous one.
  void on_room(std::function<void()> callback);
  /// Called once when the stream has closed, by whichever side.
  void on_closed(std::function<void()> callback);

  // The connection's side.
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace sluice::http
