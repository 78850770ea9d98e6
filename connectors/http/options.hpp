// Plain settings of the HTTP client; std only, so that config can fill them.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace sluice::http_client {

/// Where a client may connect. Judged on the address the resolver gave, after resolution and before connect, so a name
/// that changes its answer gains nothing.
struct AddressPolicy {
  /// CIDR networks ("10.20.0.0/16", "fd00::/8", "203.0.113.7"). When not empty, only addresses inside are allowed.
  /// When empty, all globally routable unicast addresses are, and no private, link-local or other special-use one.
  std::vector<std::string> allowed_networks;
  /// 127.0.0.0/8 and ::1, whatever the list says.
  bool allow_loopback = false;
};

/// One place to speak to: base address, trust, limits.
struct SiteOptions {
  std::string base_url;           ///< "https://api.wuhan.example:8443/centre"; scheme http or https, no user, no query
  std::string unix_socket;        ///< path of a Unix socket to use instead of TCP; base_url then only gives Host and prefix
  bool allow_plain_http = false;  ///< http beyond loopback and Unix sockets: credentials would travel readable
  AddressPolicy addresses;

  std::string ca_file;                  ///< PEM; empty: the system's
  std::string client_certificate_file;  ///< PEM; empty: none
  std::string client_key_file;          ///< PEM; never logged

  std::size_t concurrency_max = 4;            ///< requests in flight; the rest wait in order
  std::size_t waiting_max = 256;              ///< beyond it a request is refused at once
  std::chrono::milliseconds deadline{8'000};  ///< a dead slurmctld answers after 9 s: do not wait for it
  std::chrono::milliseconds connect_timeout{3'000};
  std::size_t body_bytes_max = std::size_t{4} << 20;
  std::size_t header_bytes_max = std::size_t{32} << 10;
  long low_speed_bytes_per_s = 64;         ///< an answer that has begun and comes more slowly for low_speed_time is given up
  std::chrono::seconds low_speed_time{5};  ///< until it begins only the deadline counts
};

struct ClientOptions {
  std::size_t connections_kept_max = 1'024;     ///< idle keep-alive connections over all sites
  std::chrono::seconds connection_age_max{50};  ///< idle longer: a fresh one (most servers close at 60 s)
  std::chrono::seconds dns_cache{30};
  std::string user_agent = "sluice";
};

}  // namespace sluice::http_client
