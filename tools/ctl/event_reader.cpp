// Lines end in LF, CR or CRLF; a blank line ends an event; lines that begin with a colon are comments.
#include "tools/ctl/event_reader.hpp"

namespace sluice::ctl {
namespace {

constexpr std::size_t event_bytes_max = std::size_t{1} << 20;

}  // namespace

void EventReader::restart() {
  pending_.clear();
  event_.type.clear();
  event_.data.clear();
  has_data_ = false;
  after_return_ = false;
}

bool EventReader::line(std::string_view text, std::function<bool(ServerEvent const&)> const& take) {
  if (text.empty()) {
    bool go_on = true;
    if (has_data_) {
      if (event_.type.empty()) event_.type = "message";
      go_on = take(event_);
    }
    event_.type.clear();
    event_.data.clear();
    has_data_ = false;
    return go_on;
  }
  auto const colon = text.find(':');
  auto const name = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    event_.id = value;
  }
  return true;
}

bool EventReader::feed(std::string_view bytes, std::function<bool(ServerEvent const&)> const& take) {
  for (char const c : bytes) {
    if (c == '\n' && after_return_) {
      after_return_ = false;
      continue;
    }
    after_return_ = c == '\r';
    if (c == '\n' || c == '\r') {
      std::string const text = std::move(pending_);
      pending_.clear();
      if (!line(text, take)) return false;
    } else {
      pending_ += c;
    }
    if (pending_.size() + event_.data.size() > event_bytes_max) {
      overflow_ = true;
      return false;
    }
  }
  return true;
}

}  // namespace sluice::ctl
