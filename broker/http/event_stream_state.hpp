// What producer and connection share of an event stream. Private to this folder.
#pragma once

#include "broker/http/event_stream.hpp"

#include <deque>

namespace sluice::http {

struct EventStream::State {
  std::size_t bytes_max = 0;
  std::size_t frames_max = 0;
  std::deque<std::shared_ptr<std::string const>> queue;
  std::size_t bytes = 0;
  bool closed = false;
  bool wanted_room = false;  ///< has_room() was false since on_room last ran
  std::function<void()> on_room;
  std::function<void()> on_closed;
  std::function<void()> wake;  ///< set by the connection: something to send, or closed

  bool room() const { return bytes <= bytes_max / 2 && queue.size() <= frames_max / 2; }
  /// The connection has taken the front frame.
  void pop();
  void close();
};

}  // namespace sluice::http
