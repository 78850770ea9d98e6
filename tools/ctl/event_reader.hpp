// Reads a stream of server-sent events, as the HTML standard parses them, from pieces of any size.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::ctl {

struct ServerEvent {
  std::string id;    ///< last id seen, which a reader sends back as Last-Event-ID
  std::string type;  ///< "message" when the server names none
  std::string data;
};

class EventReader {
 public:
  /// Feeds bytes; calls `take` for each complete event with data. `take` returning false stops: the rest is dropped.
  /// False when `take` said so, or an event exceeds 1 MiB (then `overflow()` is true).
  bool feed(std::string_view bytes, std::function<bool(ServerEvent const&)> const& take);
  std::string const& last_id() const { return event_.id; }
  bool overflow() const { return overflow_; }
  /// A new connection begins: an unfinished event is dropped, the last id is kept.
  void restart();

 private:
  bool line(std::string_view text, std::function<bool(ServerEvent const&)> const& take);

  ServerEvent event_;
  std::string pending_;
  bool has_data_ = false;
  bool after_return_ = false;
  bool overflow_ = false;
};

}  // namespace sluice::ctl
