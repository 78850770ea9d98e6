// The raw scan of a header: RFC 9112 §2.2, §2.3, §5.1, §5.2, without the leniencies those sections allow.
#include "broker/http/header_scan.hpp"

namespace sluice::http {
namespace {

/// Control characters other than the tab. Written without an early exit, so that it vectorises.
bool has_control(std::string_view line) {
  unsigned found = 0;
  for (char const c : line) {
    auto const byte = static_cast<unsigned char>(c);
    found |= static_cast<unsigned>(byte < 0x20 && byte != '\t') | static_cast<unsigned>(byte == 0x7f);
  }
  return found != 0;
}

constexpr std::size_t request_line_overhead = 64;  // method, two blanks, version

}  // namespace

HeaderScan::State HeaderScan::refuse(Refusal refusal) {
  refusal_ = refusal;
  return State::refused;
}

HeaderScan::State HeaderScan::scan(std::string_view received, Options const& options) {
  for (;;) {
    std::size_t const feed = received.find('\n', seen_);
    std::size_t const line_end = feed == std::string_view::npos ? received.size() : feed;
    if (request_line_ && line_end - line_ > options.target_bytes_max + request_line_overhead) return refuse(Refusal::target_too_long);
    if (line_end - begin_ > options.header_bytes_max) return refuse(Refusal::header_too_large);
    if (feed == std::string_view::npos) {
      seen_ = received.size();
      return State::more;
    }
    if (feed == line_ || received[feed - 1] != '\r') return refuse(Refusal::bare_line_feed);
    std::string_view const line = received.substr(line_, feed - 1 - line_);
    seen_ = feed + 1;
    if (line.find('\r') != std::string_view::npos) return refuse(Refusal::bare_carriage_return);
    if (has_control(line)) return refuse(Refusal::control_character);
    if (request_line_) {
      if (line.empty()) {
        if (begin_ != 0) return refuse(Refusal::malformed_request_line);
        begin_ = line_ = seen_;
        continue;
      }
      request_line_ = false;
    } else if (line.empty()) {
      line_ = seen_;
      return State::complete;
    } else if (line.front() == ' ' || line.front() == '\t') {
      return refuse(Refusal::folded_field);
    } else if (++fields_ > options.header_fields_max) {
      return refuse(Refusal::too_many_fields);
    }
    line_ = seen_;
  }
}

}  // namespace sluice::http
