// Carries calls over connectors/http, one at a time.
#include "tools/ctl/api.hpp"

#include "connectors/http/blocking.hpp"
#include "policy/json/strict.hpp"

#include <fmt/format.h>

#include <random>

namespace sluice::ctl {
namespace {

// A page of a thousand jobs with their attempts is larger than any body the broker itself accepts.
constexpr json::Limits answer_limits{.bytes_max = std::size_t{32} << 20,
                                     .depth_max = 64,
                                     .keys_max = 2'000'000,
                                     .values_max = 4'000'000,
                                     .key_bytes_max = 1'024,
                                     .string_bytes_max = std::size_t{16} << 20};

Failure unreachable(http_client::HttpFault const& fault, Settings const& settings, Call const& call) {
  using enum http_client::HttpFaultKind;
  auto const place = settings.socket.empty() ? settings.server : "unix:" + settings.socket;
  Failure failure{ExitCode::unavailable, fmt::format("No answer from {}: {}.", place, fault.what), {}, {}, std::nullopt};
  failure.where.push_back(fmt::format("{} {}", call.method, call.target));
  switch (fault.kind) {
    case forbidden:
      failure.exit = ExitCode::usage;
      failure.action = "Plain http is for loopback only; use https, or correct the address.";
      break;
    case tls:
      failure.action = "Check the address; for a private authority give --ca-file.";
      break;
    case malformed:
    case too_large:
      failure.exit = ExitCode::failure;
      failure.action = "Check that --server names a Sluice broker.";
      break;
    default:
      failure.action = "Check that the broker runs and the address is right; sluicectl doctor looks closer.";
  }
  if (fault.may_have_been_received && call.method != "GET") {
    for (auto const& [name, value] : call.headers) {
      if (name == "Idempotency-Key") {
        failure.action =
            fmt::format("It may have been carried out. Repeat the same command with --idempotency-key {}: that is safe.", value);
      }
    }
  }
  return failure;
}

}  // namespace

struct Api::Parts {
  Settings settings;
  std::string token;
  http_client::BlockingClient client{{.user_agent = "sluicectl"}};

  http_client::HttpRequest request(Call const& call) const {
    http_client::HttpRequest request;
    request.site = "broker";
    request.method = call.method;
    request.target = call.target;
    request.headers.push_back({"Accept", call.accept});
    request.headers.push_back({"Accept-Language", settings.language});
    if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
    if (call.body) {
      request.headers.push_back({"Content-Type", "application/json"});
      request.body = *call.body;
    }
    bool keyed = false;
    for (auto const& [name, value] : call.headers) {
      request.headers.push_back({name, value});
      keyed = keyed || name == "Idempotency-Key";
    }
    // With an Idempotency-Key asking twice is the same as asking once.
    if (keyed) request.repeatable = true;
    request.deadline = settings.timeout + call.wait;
    request.body_bytes_max = call.body_bytes_max;
    return request;
  }

  Failure refusal(int status, std::string_view type, std::string_view body, Call const& call) const {
    Failure failure = failure_of(status, type, body, fmt::format("{} {}", call.method, call.target), settings.language);
    // The server speaks of headers; who types commands has files.
    if (status == 401 || status == 403) {
      if (status == 401 && token.empty()) {
        failure.action = "Put the key into a file and name it: --token-file FILE, SLUICE_TOKEN_FILE, or ~/.config/sluice/token.";
      } else if (!token.empty()) {
        failure.where.push_back("key of " + settings.token_file);
      }
    }
    return failure;
  }
};

Target& Target::segment(std::string_view text) {
  text_ += '/';
  text_ += http_client::percent_encode(text);
  return *this;
}

Target& Target::query(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_ += http_client::percent_encode(name) + "=" + http_client::percent_encode(value);
  return *this;
}

std::string Answer::header(std::string_view name) const {
  for (auto const& [each, value] : headers) {
    if (each == name) return value;
  }
  return {};
}

Api::Api(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Api::~Api() = default;
Api::Api(Api&&) noexcept = default;
Api& Api::operator=(Api&&) noexcept = default;
Settings const& Api::settings() const { return parts_->settings; }

Result<Api> Api::open(Settings const& settings, std::string token) {
  auto parts = std::make_unique<Parts>();
  parts->settings = settings;
  parts->token = std::move(token);
  http_client::SiteOptions site;
  site.base_url = settings.server;
  site.unix_socket = settings.socket;
  // Whoever types the address may reach it: a broker often stands in a private network.
  site.addresses = {.allowed_networks = {"0.0.0.0/0", "::/0"}, .allow_loopback = true};
  site.ca_file = settings.ca_file;
  site.deadline = settings.timeout;
  auto const added = parts->client.add_site("broker", std::move(site));
  if (!added) return fail(ExitCode::usage, added.error(), "Correct --server, --socket or --ca-file.");
  return Api(std::move(parts));
}

Result<Answer> Api::ask(Call const& call) {
  auto reply = parts_->client.send(parts_->request(call));
  if (!reply) return std::unexpected(unreachable(reply.error(), parts_->settings, call));
  Answer answer;
  answer.status = reply->status;
  for (auto& [name, value] : reply->headers) answer.headers.emplace_back(std::move(name), std::move(value));
  answer.body = std::move(reply->body);
  if (answer.header("content-type").starts_with("application/json")) {
    auto document = json::parse_strict(answer.body, answer_limits);
    if (!document) {
      return fail(ExitCode::failure,
                  fmt::format("The answer to {} {} is not strict JSON: {}.", call.method, call.target, to_string(document.error())),
                  "Check that --server names a Sluice broker of this version.");
    }
    answer.document = std::move(*document);
  }
  return answer;
}

Result<Answer> Api::call(Call const& call) {
  auto answer = ask(call);
  if (!answer || (answer->status >= 200 && answer->status <= 299)) return answer;
  return std::unexpected(parts_->refusal(answer->status, answer->header("content-type"), answer->body, call));
}

Result<bool> Api::stream(Call const& call, std::function<bool(std::string_view)> const& sink) {
  auto request = parts_->request(call);
  request.endless = true;
  request.deadline = std::chrono::milliseconds{0};
  std::string head;  // kept in case the answer turns out to be a refusal
  bool stopped = false;
  bool decided = false;
  bool events = false;
  request.body_sink = [&](std::string_view piece) {
    if (!decided) {
      head += piece;
      // A problem document is one JSON object; no event stream begins with a brace.
      decided = true;
      events = !head.starts_with('{');
      if (!events) return true;
    } else if (!events) {
      if (head.size() < (std::size_t{1} << 20)) head += piece;
      return true;
    }
    stopped = !sink(piece);
    return !stopped;
  };
  auto const reply = parts_->client.send(std::move(request));
  if (stopped) return false;
  if (!reply) return std::unexpected(unreachable(reply.error(), parts_->settings, call));
  if (reply->status == 200) return true;
  auto const* const type = reply->header("content-type");
  return std::unexpected(parts_->refusal(reply->status, type == nullptr ? "" : *type, head.empty() ? reply->body : head, call));
}

std::string random_key() {
  std::random_device device;
  std::string key;
  for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", device());
  return key;
}

}  // namespace sluice::ctl
