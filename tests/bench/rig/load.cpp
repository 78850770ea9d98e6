// Epoll, one request in flight a connection.
#include "tests/bench/rig/load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace sluice::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void die(std::string const& what) { throw std::runtime_error("load: " + what + ": " + std::strerror(errno)); }

struct Connection {
  int fd = -1;
  std::string received;
  std::uint64_t number = 0;
  Clock::time_point due;
  bool busy = false;
};

int connect_to(std::uint16_t port) {
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) die("connect to port " + std::to_string(port));
  int const on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

struct Answer {
  int status = 0;
  std::string_view body;
};

/// The answer that the text begins with, once it is whole.
std::optional<Answer> whole_answer(std::string_view text) {
  auto const end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  constexpr std::string_view name = "Content-Length: ";
  std::size_t length = 0;
  if (auto const at = text.substr(0, end).find(name); at != std::string_view::npos)
    std::from_chars(text.data() + at + name.size(), text.data() + end, length);
  if (text.size() < end + 4 + length) return std::nullopt;
  Answer answer;
  std::from_chars(text.data() + std::strlen("HTTP/1.1 "), text.data() + end, answer.status);
  answer.body = text.substr(end + 4, length);
  return answer;
}

class Load {
 public:
  Load(LoadOptions const& options, RequestMaker const& request, AnswerVisitor const& answer)
      : options_(options), request_(request), answer_(answer), connections_(options.connections) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) die("epoll_create1");
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].fd = connect_to(options.port);
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].fd, &event) != 0) die("epoll_ctl");
    }
  }
  ~Load() {
    for (Connection const& connection : connections_) ::close(connection.fd);
    ::close(epoll_);
  }
  Load(Load const&) = delete;
  Load& operator=(Load const&) = delete;

  LoadResult run(std::function<void()> const& at_start, std::function<void()> const& at_end) {
    auto const seconds = [](double s) { return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s)); };
    result_.next = options_.first;
    begin_ = Clock::now();
    Clock::time_point const start = begin_ + seconds(options_.warm_up_s);
    Clock::time_point const end = start + seconds(options_.measured_s);
    Clock::time_point started{};
    Clock::time_point now = begin_;
    while (now < end && !finished()) {
      if (!measuring_ && now >= start) {
        measuring_ = true;
        started = now;
        if (at_start) at_start();
      }
      send_due(now);
      wait_for_answers(wait_ms(now, measuring_ ? end : start));
      now = Clock::now();
    }
    if (at_end) at_end();
    measuring_ = false;
    result_.seconds = std::chrono::duration<double>(now - started).count();
    while (busy_ > 0) wait_for_answers(10'000);
    std::ranges::sort(result_.latencies_ms);
    return std::move(result_);
  }

 private:
  bool all_sent() const { return options_.last && result_.next >= *options_.last; }
  bool finished() const { return all_sent() && busy_ == 0; }
  Clock::time_point due_at(std::uint64_t number) const {
    double const after_s = static_cast<double>(number - options_.first) / options_.per_second;
    return begin_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(after_s));
  }

  int wait_ms(Clock::time_point now, Clock::time_point until) const {
    if (options_.per_second > 0 && busy_ < connections_.size() && !all_sent()) until = std::min(until, due_at(result_.next));
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000));
  }

  /// In turn, so that none is idle for so long that the server closes it.
  void send_due(Clock::time_point now) {
    while (busy_ < connections_.size() && !all_sent()) {
      if (options_.per_second > 0 && due_at(result_.next) > now) return;
      while (connections_[turn_].busy) turn_ = (turn_ + 1) % connections_.size();
      send(turn_, options_.per_second > 0 ? due_at(result_.next) : now);
      turn_ = (turn_ + 1) % connections_.size();
    }
  }

  void send(std::size_t index, Clock::time_point due) {
    Connection& connection = connections_[index];
    connection.number = result_.next++;
    connection.due = due;
    connection.busy = true;
    ++busy_;
    std::string_view const text = request_(connection.number, index);
    ssize_t const sent = ::send(connection.fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(text.size())) die("send");  // blocking sockets: all or an error
  }

  void wait_for_answers(int timeout_ms) {
    std::array<epoll_event, 256> events;
    int const count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; ++i) receive(events[static_cast<std::size_t>(i)].data.u64);
  }

  void receive(std::size_t index) {
    Connection& connection = connections_[index];
    std::array<char, 16'384> piece;
    ssize_t const got = ::recv(connection.fd, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) die("the server broke off after request " + std::to_string(connection.number));
    std::string_view const fresh(piece.data(), static_cast<std::size_t>(got));
    bool const in_pieces = !connection.received.empty();
    if (in_pieces) connection.received += fresh;
    auto const answer = whole_answer(in_pieces ? std::string_view(connection.received) : fresh);
    if (!answer) {
      if (!in_pieces) connection.received = fresh;
      return;
    }
    take(connection, *answer, in_pieces ? std::string_view(connection.received) : fresh);
    connection.received.clear();
    connection.busy = false;
    --busy_;
    bool const go_on = options_.per_second == 0 && !all_sent() && (measuring_ || result_.seconds == 0);
    if (go_on) send(index, Clock::now());
  }

  void take(Connection const& connection, Answer const& answer, std::string_view whole) {
    bool const good = answer.status >= 200 && answer.status < 300;
    if (!good && result_.failed++ == 0) result_.first_failure = whole;
    if (answer_) answer_(connection.number, answer.status, answer.body);
    if (!measuring_ || !good) return;
    ++result_.answered;
    result_.latencies_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - connection.due).count());
  }

  LoadOptions const options_;
  RequestMaker const& request_;
  AnswerVisitor const& answer_;
  std::vector<Connection> connections_;
  int epoll_ = -1;
  std::size_t busy_ = 0;
  std::size_t turn_ = 0;  ///< whose turn it is to send
  bool measuring_ = false;
  Clock::time_point begin_;
  LoadResult result_;
};

}  // namespace

LoadResult load(LoadOptions const& options, RequestMaker const& request, std::function<void()> const& at_start,
                std::function<void()> const& at_end, AnswerVisitor const& answer) {
  Load load(options, request, answer);
  return load.run(at_start, at_end);
}

double quantile(std::vector<double> const& sorted, double share) {
  if (sorted.empty()) return 0;
  auto const rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return quantile(values, 0.5);
}

}  // namespace sluice::bench
