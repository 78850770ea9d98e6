#include "connectors/http/transfer.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace sluice::http_client {
namespace {

constexpr std::size_t url_bytes_max = 8'192;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char each) { return each >= 'A' && each <= 'Z' ? static_cast<char>(each + 32) : each; });
  return out;
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') ||
           marks.find(each) != std::string_view::npos;
  });
}

std::optional<Address> address_of(sockaddr const* name) {
  Address address{};
  if (name->sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, name, sizeof four);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &four.sin_addr, 4);
    address[10] = address[11] = 0xff;
    std::copy(bytes.begin(), bytes.end(), address.begin() + 12);
    return address;
  }
  if (name->sa_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, name, sizeof six);
    std::memcpy(address.data(), &six.sin6_addr, 16);
    return address;
  }
  return std::nullopt;
}

bool allowed(Transfer& transfer, std::optional<Address> const& address) {
  Site const& site = *transfer.site;
  if (!address) return !site.options.unix_socket.empty();
  if (!site.options.unix_socket.empty()) return false;
  if (site.judge.allows(*address) && (!site.plain_http || site.options.allow_plain_http || is_loopback(*address))) return true;
  transfer.refused_address = to_text(*address);
  return false;
}

Transfer& self(void* pointer) { return *static_cast<Transfer*>(pointer); }

extern "C" {

// The only sound point to judge an address: after the resolver answered, before connect.
curl_socket_t sluice_open_socket(void* pointer, curlsocktype, curl_sockaddr* target) {
  Transfer& transfer = self(pointer);
  if (!allowed(transfer, address_of(&target->addr))) {
    transfer.stop = Transfer::Stop::address;
    return CURL_SOCKET_BAD;
  }
  return ::socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

// Called when a connection stands, new or kept, and the request is about to be written to it. From here on the site may have
// seen it. A kept connection was opened under the rules of whoever opened it, so its address is judged again.
int sluice_about_to_send(void* pointer, char* remote_ip, char*, int, int) {
  Transfer& transfer = self(pointer);
  if (transfer.site->options.unix_socket.empty()) {
    auto const address = parse_address(remote_ip == nullptr ? "" : remote_ip);
    if (!address || !allowed(transfer, *address)) {
      transfer.stop = Transfer::Stop::address;
      return CURL_PREREQFUNC_ABORT;
    }
  }
  std::string const& method = transfer.request.method;
  bool const repeatable = transfer.request.repeatable.value_or(method != "POST" && method != "PATCH");
  if (transfer.begun > 0 && !repeatable) {
    // libcurl repeats by itself, POST included, when a kept connection dies before the first byte of an answer.
    transfer.stop = Transfer::Stop::second_sending;
    return CURL_PREREQFUNC_ABORT;
  }
  ++transfer.begun;
  return CURL_PREREQFUNC_OK;
}

size_t sluice_take_header(char* data, size_t size, size_t count, void* pointer) {
  Transfer& transfer = self(pointer);
  std::size_t const bytes = size * count;
  transfer.header_bytes += bytes;  // over all header blocks, so that endless 1xx answers end too
  if (transfer.header_bytes > transfer.site->options.header_bytes_max) {
    transfer.stop = Transfer::Stop::header_cap;
    return 0;
  }
  std::string_view line(data, bytes);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    transfer.reply.headers.clear();
    transfer.header_whole = false;
    return bytes;
  }
  if (line.empty()) transfer.header_whole = true;
  std::size_t const colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  transfer.reply.headers.push_back({lower(line.substr(0, colon)), std::string(value)});
  return bytes;
}

// Sees decompressed bytes, in pieces of at most 16 KiB, so a compressed bomb is stopped at the cap.
size_t sluice_take_body(char* data, size_t size, size_t count, void* pointer) {
  Transfer& transfer = self(pointer);
  std::size_t const bytes = size * count;
  std::size_t const cap = transfer.body_bytes_max();
  if (cap != 0 && bytes > cap - std::min(cap, transfer.body_bytes)) {
    transfer.stop = Transfer::Stop::body_cap;
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.body_bytes += bytes;
  if (!transfer.request.body_sink) {
    transfer.reply.body.append(data, bytes);
  } else if (!transfer.request.body_sink(std::string_view(data, bytes))) {
    transfer.stop = Transfer::Stop::sink;
    return CURL_WRITEFUNC_ERROR;
  }
  return bytes;
}

// libcurl's own least speed counts the silence before the first byte too, and so would cut every longer deadline short.
int sluice_watch_speed(void* pointer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  Transfer& transfer = self(pointer);
  SiteOptions const& rules = transfer.site->options;
  std::size_t const received = transfer.header_bytes + transfer.body_bytes;
  if (received == 0) return 0;  // it may think as long as the deadline allows
  Clock::time_point const now = Clock::now();
  if (transfer.measured_from && now - *transfer.measured_from < rules.low_speed_time) return 0;
  auto const least = static_cast<std::size_t>(rules.low_speed_bytes_per_s * rules.low_speed_time.count());
  if (transfer.measured_from && received - transfer.bytes_before < least) {
    transfer.stop = Transfer::Stop::too_slow;
    return 1;
  }
  transfer.measured_from = now;
  transfer.bytes_before = received;
  return 0;
}

}  // extern "C"

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  [[maybe_unused]] CURLcode const code = curl_easy_setopt(easy, option, value);
  assert(code == CURLE_OK);
}

void set_file(CURL* easy, CURLoption option, std::string const& path) {
  if (!path.empty()) set(easy, option, path.c_str());
}

}  // namespace

std::expected<std::shared_ptr<Site>, std::string> make_site(SiteOptions options) {
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  if (options.base_url.size() > url_bytes_max / 2 || curl_url_set(url.get(), CURLUPART_URL, options.base_url.c_str(), 0) != CURLUE_OK) {
    return std::unexpected("base_url is no URL; write https://host[:port][/prefix]");
  }
  auto const has = [&](CURLUPart part) {
    char* text = nullptr;
    bool const present = curl_url_get(url.get(), part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return present;
  };
  if (has(CURLUPART_USER) || has(CURLUPART_PASSWORD) || has(CURLUPART_QUERY) || has(CURLUPART_FRAGMENT)) {
    return std::unexpected("base_url must not hold user, password, query or fragment: credentials belong in a credential file");
  }
  auto site = std::make_shared<Site>();
  site->plain_http = options.base_url.starts_with("http://");
  if (!site->plain_http && !options.base_url.starts_with("https://"))
    return std::unexpected("base_url must begin with https:// or http://");
  if (options.concurrency_max == 0) return std::unexpected("concurrency_max must be at least 1");
  if (options.body_bytes_max == 0 || options.header_bytes_max == 0)
    return std::unexpected("body_bytes_max and header_bytes_max must not be 0");
  if (options.deadline.count() <= 0 || options.connect_timeout.count() <= 0)
    return std::unexpected("deadline and connect_timeout must be positive");
  auto judge = AddressJudge::make(options.addresses);
  if (!judge) return std::unexpected(judge.error());
  site->judge = std::move(*judge);
  site->base_url = options.base_url;
  while (site->base_url.ends_with('/')) site->base_url.pop_back();
  site->options = std::move(options);
  return site;
}

std::expected<void, std::string> check_request(HttpRequest const& request) {
  constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  if (std::find(methods.begin(), methods.end(), request.method) == methods.end())
    return std::unexpected("the method is not one of GET, HEAD, POST, PUT, PATCH, DELETE");
  bool const target_is_clean =
      std::all_of(request.target.begin(), request.target.end(), [](char each) { return each > ' ' && each < 0x7f && each != '#'; });
  if (!request.target.starts_with('/') || !target_is_clean || request.target.size() > url_bytes_max / 2) {
    return std::unexpected("the target must begin with '/' and be percent-encoded");
  }
  for (Header const& header : request.headers) {
    std::string const name = lower(header.name);
    if (!is_token(name) || name == "host" || name == "content-length" || name == "transfer-encoding" || name == "connection") {
      return std::unexpected("header '" + header.name.substr(0, 40) + "' is not the caller's to set");
    }
    if (header.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return std::unexpected("the value of header '" + name + "' holds a line break or NUL");
  }
  return {};
}

Transfer::~Transfer() {
  curl_slist_free_all(header_list);
  if (easy != nullptr) curl_easy_cleanup(easy);
}

std::size_t Transfer::body_bytes_max() const {
  if (request.body_bytes_max != 0) return request.body_bytes_max;
  return request.endless ? 0 : site->options.body_bytes_max;
}

void Transfer::prepare(CURL* handle, ClientOptions const& options) {
  easy = handle;
  SiteOptions const& rules = site->options;
  set(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(easy, CURLOPT_ERRORBUFFER, error_text.data());
  set(easy, CURLOPT_URL, (site->base_url + request.target).c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, site->plain_http ? "http" : "https");
  set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");  // whatever the environment says
  set(easy, CURLOPT_NOSIGNAL, 1L);
  // Without it libcurl joins its resolver thread when a transfer is given up, and a dead name server would hold the loop.
  set(easy, CURLOPT_QUICK_EXIT, 1L);
  set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  set(easy, CURLOPT_DNS_CACHE_TIMEOUT, static_cast<long>(options.dns_cache.count()));
  set(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(options.connection_age_max.count()));
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");

  set(easy, CURLOPT_OPENSOCKETFUNCTION, &sluice_open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(easy, CURLOPT_PREREQFUNCTION, &sluice_about_to_send);
  set(easy, CURLOPT_PREREQDATA, static_cast<void*>(this));
  set(easy, CURLOPT_HEADERFUNCTION, &sluice_take_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_WRITEFUNCTION, &sluice_take_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));

  set(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  set(easy, CURLOPT_CA_CACHE_TIMEOUT, 600L);
  set_file(easy, CURLOPT_CAINFO, rules.ca_file);
  set_file(easy, CURLOPT_SSLCERT, rules.client_certificate_file);
  set_file(easy, CURLOPT_SSLKEY, rules.client_key_file);
  set_file(easy, CURLOPT_UNIX_SOCKET_PATH, rules.unix_socket);

  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(rules.connect_timeout.count()));
  if (due) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now());
    set(easy, CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(left.count())));  // 0 would mean: for ever
  }
  if (!request.endless) {
    set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);  // without a time it aborts nothing, but makes libcurl look once a second
    set(easy, CURLOPT_NOPROGRESS, 0L);
    set(easy, CURLOPT_XFERINFOFUNCTION, &sluice_watch_speed);
    set(easy, CURLOPT_XFERINFODATA, static_cast<void*>(this));
  }

  bool has_content_type = false;
  auto const add = [&](std::string const& line) { header_list = curl_slist_append(header_list, line.c_str()); };
  for (Header const& header : request.headers) {
    has_content_type = has_content_type || lower(header.name) == "content-type";
    add(header.value.empty() ? header.name + ';' : header.name + ": " + header.value);  // "Name;" is libcurl's form of an empty value
  }
  if (!has_content_type) add("Content-Type:");  // libcurl would call every body a form
  add("Expect:");                               // nor wait a second for 100 Continue
  set(easy, CURLOPT_HTTPHEADER, header_list);

  bool const sends_body = !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (sends_body) {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request.body.data());  // not copied: the transfer outlives the handle's work
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else {
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

HttpFault Transfer::fault(HttpFaultKind kind, std::string what) const { return {kind, begun > 0, std::move(what), reply.status}; }

HttpOutcome Transfer::conclude(CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  reply.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - asked);
  if (code == CURLE_OK && header_whole) return std::move(reply);

  auto const failed = [&](HttpFaultKind kind, std::string what) -> HttpOutcome { return std::unexpected(fault(kind, std::move(what))); };
  std::string const said = error_text[0] != '\0' ? std::string(error_text.data()) : std::string(curl_easy_strerror(code));
  // libcurl takes a header cut off by the end of the connection for a whole one.
  if (code == CURLE_OK) return failed(HttpFaultKind::reset, "the connection ended inside the answer's header");
  switch (stop) {
    case Stop::none:
      break;
    case Stop::header_cap:
      return failed(HttpFaultKind::too_large, fmt::format("the answer's header exceeds {} bytes", site->options.header_bytes_max));
    case Stop::body_cap:
      return failed(HttpFaultKind::too_large, fmt::format("the answer's body exceeds {} bytes", body_bytes_max()));
    case Stop::sink:
      return failed(HttpFaultKind::cancelled, "the reader stopped the stream");
    case Stop::too_slow:
      return failed(HttpFaultKind::timeout_unknown,
                    fmt::format("the answer comes more slowly than {} bytes a second", site->options.low_speed_bytes_per_s));
    case Stop::second_sending:
      return failed(HttpFaultKind::reset, "a kept connection ended before an answer; the request is not sent twice");
    case Stop::address:
      // One of several addresses may have been refused while another failed by itself: only say so when none was reached.
      if (begun == 0) return failed(HttpFaultKind::forbidden, fmt::format("address {} is not allowed for this site", refused_address));
      break;
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return failed(begun > 0 ? HttpFaultKind::timeout_unknown : HttpFaultKind::not_sent, said);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return failed(begun > 0 ? HttpFaultKind::reset : HttpFaultKind::not_sent, said);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return failed(HttpFaultKind::tls, said);
    case CURLE_OUT_OF_MEMORY:  // libcurl's word for a header line above 100 KiB
      return failed(begun > 0 ? HttpFaultKind::too_large : HttpFaultKind::not_sent, said);
    default:
      return failed(begun > 0 ? HttpFaultKind::malformed : HttpFaultKind::not_sent, said);
  }
}

}  // namespace sluice::http_client
