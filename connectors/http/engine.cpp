#include "connectors/http/engine.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::http_client {
namespace {

constexpr std::size_t spare_handles_max = 64;
constexpr std::chrono::milliseconds time_worth_sending{5};
constexpr char const* waited_too_long = "the deadline passed while the request waited for a free connection";

/// libcurl wants one global start before any thread uses it; statics start once.
void start_libcurl() {
  static CURLcode const code = curl_global_init(CURL_GLOBAL_DEFAULT);
  assert(code == CURLE_OK);
  static_cast<void>(code);
}

}  // namespace

HttpClient::Engine::Engine(boost::asio::any_io_executor loop, ClientOptions options)
    : loop_(std::move(loop)), options_(std::move(options)), timer_(loop_) {
  start_libcurl();
  multi_ = curl_multi_init();
  assert(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Engine::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Engine::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections_kept_max));
}

HttpClient::Engine::~Engine() { shut_down(); }

std::expected<HttpClient::SiteNumber, std::string> HttpClient::Engine::add_site(std::string const& name, SiteOptions options) {
  auto site = make_site(std::move(options));
  if (!site) return std::unexpected("site '" + name + "': " + site.error());
  if (auto const old = sites_.find(name); old != sites_.end()) remove_site(name, old->second->number);
  (*site)->number = ++sites_declared_;
  sites_[name] = std::move(*site);
  return sites_declared_;
}

void HttpClient::Engine::remove_site(std::string_view name, SiteNumber number) {
  auto const found = sites_.find(name);
  if (found == sites_.end() || found->second->number != number) return;
  std::shared_ptr<Site> const site = found->second;
  sites_.erase(found);
  for (auto const& transfer : std::exchange(site->waiting, {})) {
    transfer->patience.reset();
    finish(transfer,
           std::unexpected(transfer->fault(HttpFaultKind::forbidden, "the site was removed or replaced while the request waited")));
  }
}

void HttpClient::Engine::start(HttpRequest request, boost::asio::any_completion_handler<void(HttpOutcome)> handler) {
  auto transfer = std::make_shared<Transfer>(std::move(handler));
  transfer->asked = Clock::now();
  auto const refuse = [&](HttpFaultKind kind, std::string what) {
    finish(transfer, std::unexpected(transfer->fault(kind, std::move(what))));
  };
  if (multi_ == nullptr) return refuse(HttpFaultKind::cancelled, "the client has been shut down");
  if (auto checked = check_request(request); !checked) return refuse(HttpFaultKind::forbidden, checked.error());
  auto const found = sites_.find(request.site);
  if (found == sites_.end()) return refuse(HttpFaultKind::forbidden, "site '" + request.site + "' is not declared");

  transfer->request = std::move(request);
  transfer->site = found->second;
  auto deadline = transfer->request.deadline;
  if (deadline.count() == 0 && !transfer->request.endless) deadline = transfer->site->options.deadline;
  if (deadline.count() != 0) transfer->due = transfer->asked + deadline;

  if (auto slot = boost::asio::get_associated_cancellation_slot(transfer->handler); slot.is_connected()) {
    slot.assign([engine = weak_from_this(), weak = std::weak_ptr(transfer)](boost::asio::cancellation_type) {
      auto const strong_engine = engine.lock();
      auto const strong = weak.lock();
      if (strong_engine && strong) strong_engine->cancel(strong);
    });
  }
  if (transfer->site->in_flight < transfer->site->options.concurrency_max) return launch(transfer);
  if (transfer->site->waiting.size() >= transfer->site->options.waiting_max) {
    return refuse(HttpFaultKind::not_sent, "too many requests wait for this site");
  }
  wait_in_line(transfer);
}

void HttpClient::Engine::wait_in_line(std::shared_ptr<Transfer> const& transfer) {
  transfer->site->waiting.push_back(transfer);
  if (!transfer->due) return;
  transfer->patience.emplace(loop_, *transfer->due);
  transfer->patience->async_wait([engine = weak_from_this(), weak = std::weak_ptr(transfer)](boost::system::error_code error) {
    auto const strong_engine = engine.lock();
    auto const strong = weak.lock();
    if (error || !strong_engine || !strong || strong->done || strong->easy != nullptr) return;
    strong_engine->give_up_waiting(strong, HttpFaultKind::not_sent, waited_too_long);
  });
}

void HttpClient::Engine::give_up_waiting(std::shared_ptr<Transfer> const& transfer, HttpFaultKind kind, std::string what) {
  auto& waiting = transfer->site->waiting;
  waiting.erase(std::remove(waiting.begin(), waiting.end(), transfer), waiting.end());
  finish(transfer, std::unexpected(transfer->fault(kind, std::move(what))));
}

void HttpClient::Engine::launch(std::shared_ptr<Transfer> const& transfer) {
  transfer->patience.reset();
  CURL* easy = nullptr;
  if (spare_.empty()) {
    easy = curl_easy_init();
    assert(easy != nullptr);
  } else {
    easy = spare_.back();
    spare_.pop_back();
  }
  transfer->prepare(easy, options_);
  ++transfer->site->in_flight;
  running_.emplace(transfer.get(), transfer);
  [[maybe_unused]] CURLMcode const code = curl_multi_add_handle(multi_, easy);  // calls set_timer(0): work begins on the next turn
  assert(code == CURLM_OK);
}

void HttpClient::Engine::launch_waiting(Site& site) {
  while (multi_ != nullptr && !site.waiting.empty() && site.in_flight < site.options.concurrency_max) {
    std::shared_ptr<Transfer> const next = site.waiting.front();
    site.waiting.pop_front();
    // With next to no time left it could only end as a timeout with unknown outcome.
    if (next->due && *next->due - Clock::now() < time_worth_sending) {
      finish(next, std::unexpected(next->fault(HttpFaultKind::not_sent, waited_too_long)));
    } else {
      launch(next);
    }
  }
}

void HttpClient::Engine::cancel(std::shared_ptr<Transfer> const& transfer) {
  if (transfer->done) return;
  if (transfer->easy == nullptr) return give_up_waiting(transfer, HttpFaultKind::cancelled, "cancelled while it waited");
  HttpFault fault = transfer->fault(HttpFaultKind::cancelled, "cancelled by the caller");
  leave_wire(transfer);
  finish(transfer, std::unexpected(std::move(fault)));
  launch_waiting(*transfer->site);
}

void HttpClient::Engine::leave_wire(std::shared_ptr<Transfer> const& transfer) {
  CURL* easy = std::exchange(transfer->easy, nullptr);
  curl_multi_remove_handle(multi_, easy);
  if (spare_.size() < spare_handles_max) {
    curl_easy_reset(easy);
    spare_.push_back(easy);
  } else {
    curl_easy_cleanup(easy);
  }
  running_.erase(transfer.get());
  --transfer->site->in_flight;
}

void HttpClient::Engine::finish(std::shared_ptr<Transfer> const& transfer, HttpOutcome outcome) {
  assert(!transfer->done);
  transfer->done = true;
  transfer->patience.reset();
  auto handler = std::move(transfer->handler);
  if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) slot.clear();
  // Posted, so that no handler runs inside a call of ours; then to the handler's own executor, in place when that is the loop.
  auto executor = boost::asio::get_associated_executor(handler, loop_);
  boost::asio::post(loop_, [own = std::move(executor), taken = std::move(handler), result = std::move(outcome)]() mutable {
    auto run = [last = std::move(taken), value = std::move(result)]() mutable { std::move(last)(std::move(value)); };
    own.execute(std::move(run));
  });
}

void HttpClient::Engine::shut_down() {
  if (multi_ == nullptr) return;
  std::map<std::string, std::shared_ptr<Site>, std::less<>> const sites = std::exchange(sites_, {});
  for (auto const& [name, site] : sites) {
    for (auto const& transfer : std::exchange(site->waiting, {})) {
      finish(transfer, std::unexpected(transfer->fault(HttpFaultKind::cancelled, "the client was shut down")));
    }
  }
  while (!running_.empty()) {
    std::shared_ptr<Transfer> const transfer = running_.begin()->second;
    HttpFault fault = transfer->fault(HttpFaultKind::cancelled, "the client was shut down");
    leave_wire(transfer);
    finish(transfer, std::unexpected(std::move(fault)));
  }
  for (CURL* easy : std::exchange(spare_, {})) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);  // closes kept connections; on_socket still hears of them
  multi_ = nullptr;
  timer_.cancel();
  for (auto const& [socket, watch] : watches_) {
    watch->removed = true;
    watch->descriptor.release();
  }
  watches_.clear();
}

HttpClient::Load HttpClient::Engine::load(std::string_view site) const {
  auto const found = sites_.find(site);
  return found == sites_.end() ? Load{} : Load{found->second->in_flight, found->second->waiting.size()};
}

HttpClient::Load HttpClient::Engine::load() const {
  Load total{running_.size(), 0};
  for (auto const& [name, site] : sites_) total.waiting += site->waiting.size();
  return total;
}

int HttpClient::Engine::on_socket(CURL*, curl_socket_t socket, int what, void* engine, void*) {
  static_cast<Engine*>(engine)->watch_socket(socket, what);
  return 0;
}

int HttpClient::Engine::on_timer(CURLM*, long timeout_ms, void* engine) {
  static_cast<Engine*>(engine)->set_timer(timeout_ms);
  return 0;
}

void HttpClient::Engine::watch_socket(curl_socket_t socket, int what) {
  auto const found = watches_.find(socket);
  if (what == CURL_POLL_REMOVE) {
    if (found == watches_.end()) return;
    found->second->removed = true;
    found->second->descriptor.release();  // before libcurl closes it
    watches_.erase(found);
    return;
  }
  std::shared_ptr<Watch> watch;
  if (found != watches_.end()) {
    watch = found->second;
  } else {
    watch = std::make_shared<Watch>(loop_);
    watch->socket = socket;
    boost::system::error_code error;
    watch->descriptor.assign(socket, error);
    if (error) return;  // libcurl's own deadline then ends the transfer
    watches_.emplace(socket, watch);
  }
  watch->wanted = what;
  arm(watch);
}

void HttpClient::Engine::arm(std::shared_ptr<Watch> const& watch) {
  using boost::asio::posix::stream_descriptor;
  if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->waits_read) {
    watch->waits_read = true;
    watch->descriptor.async_wait(stream_descriptor::wait_read, [engine = weak_from_this(), watch](boost::system::error_code error) {
      watch->waits_read = false;
      if (auto const strong = engine.lock()) strong->ready(watch, CURL_POLL_IN, error.failed());
    });
  }
  if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->waits_write) {
    watch->waits_write = true;
    watch->descriptor.async_wait(stream_descriptor::wait_write, [engine = weak_from_this(), watch](boost::system::error_code error) {
      watch->waits_write = false;
      if (auto const strong = engine.lock()) strong->ready(watch, CURL_POLL_OUT, error.failed());
    });
  }
}

void HttpClient::Engine::ready(std::shared_ptr<Watch> const& watch, int direction, bool failed) {
  if (watch->removed || multi_ == nullptr) return;
  if ((watch->wanted & direction) == 0) return;  // no longer asked for
  act(watch->socket, failed ? CURL_CSELECT_ERR : direction == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
  if (!watch->removed && !failed) arm(watch);
}

// libcurl moves its deadline with nearly every packet. A timer that runs off too early looks again, which is cheaper than to set it anew.
void HttpClient::Engine::set_timer(long timeout_ms) {
  if (timeout_ms < 0) {
    due_.reset();
    timer_runs_ = false;
    timer_.cancel();
    return;
  }
  due_ = Clock::now() + std::chrono::milliseconds(timeout_ms);
  if (!timer_runs_ || timer_.expiry() > *due_) run_timer();
}

void HttpClient::Engine::run_timer() {
  timer_runs_ = true;
  timer_.expires_at(*due_);
  timer_.async_wait([engine = weak_from_this()](boost::system::error_code error) {
    auto const strong = engine.lock();
    if (error || !strong || strong->multi_ == nullptr) return;
    strong->timer_runs_ = false;
    if (!strong->due_) return;
    if (Clock::now() < *strong->due_) return strong->run_timer();
    strong->due_.reset();
    strong->act(CURL_SOCKET_TIMEOUT, 0);
  });
}

void HttpClient::Engine::act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
  collect();
}

void HttpClient::Engine::collect() {
  int left = 0;
  while (CURLMsg const* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode const code = message->data.result;
    char* pointer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &pointer);
    auto const found = running_.find(reinterpret_cast<Transfer*>(pointer));
    assert(found != running_.end());
    std::shared_ptr<Transfer> const transfer = found->second;
    HttpOutcome outcome = transfer->conclude(code);
    leave_wire(transfer);
    finish(transfer, std::move(outcome));
    launch_waiting(*transfer->site);
  }
}

}  // namespace sluice::http_client
