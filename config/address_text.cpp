#include "config/address_text.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::config {
namespace {

bool all_of(std::string_view text, std::string_view allowed) { return text.find_first_not_of(allowed) == std::string_view::npos; }

}  // namespace

bool is_ipv4(std::string_view text) {
  int parts = 0;
  while (true) {
    std::size_t const end = std::min(text.find('.'), text.size());
    std::string_view const part = text.substr(0, end);
    int number = 0;
    auto const [stop, failure] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (part.empty() || part.size() > 3 || failure != std::errc() || stop != part.data() + part.size() || number > 255) return false;
    if (!all_of(part, "0123456789") || (part.size() > 1 && part.front() == '0')) return false;
    ++parts;
    if (end == text.size()) return parts == 4;
    text.remove_prefix(end + 1);
  }
}

/// RFC 4291 §2.2, without zones: groups of one to four digits, one "::" at most, an IPv4 address as the last two groups.
bool is_ipv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 45) return false;
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    std::size_t const end = std::min(text.find(':'), text.size());
    std::string_view const part = text.substr(0, end);
    if (end == text.size() && part.find('.') != std::string_view::npos) {
      groups += 2;
      return is_ipv4(part) && (gap ? groups < 8 : groups == 8);
    }
    if (part.empty() || part.size() > 4 || !all_of(part, "0123456789abcdefABCDEF")) return false;
    ++groups;
    if (end == text.size()) return gap ? groups < 8 : groups == 8;
    text.remove_prefix(end + 1);
    if (text.starts_with(':')) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(1);
      if (text.empty()) return groups < 8;
    }
    if (text.empty()) return false;
  }
}

bool is_network(std::string_view text) {
  std::size_t const slash = text.find('/');
  std::string_view const address = text.substr(0, slash);
  int const bits_max = is_ipv4(address) ? 32 : is_ipv6(address) ? 128 : -1;
  if (bits_max < 0) return false;
  if (slash == std::string_view::npos) return true;
  std::string_view const bits = text.substr(slash + 1);
  int number = 0;
  auto const [stop, failure] = std::from_chars(bits.data(), bits.data() + bits.size(), number);
  return !bits.empty() && bits.size() <= 3 && all_of(bits, "0123456789") && failure == std::errc() && stop == bits.data() + bits.size() &&
         number <= bits_max;
}

std::expected<void, std::string> judge_url(std::string_view url) {
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return std::unexpected("it must begin with https:// or http://");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) return std::unexpected("a query or fragment is not allowed");
  std::string_view const authority = rest.substr(0, rest.find('/'));
  std::string_view const path = rest.substr(authority.size());
  if (authority.find('@') != std::string_view::npos) {
    return std::unexpected("a user or password is not allowed: credentials are files, named by poll_credential");
  }
  if (!all_of(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%")) {
    return std::unexpected("the path has a character that must be escaped");
  }
  std::string_view host = authority;
  std::string_view port;
  if (host.starts_with('[')) {
    std::size_t const close = host.find(']');
    if (close == std::string_view::npos || !is_ipv6(host.substr(1, close - 1))) return std::unexpected("the IPv6 address is not valid");
    if (close + 1 < host.size()) {
      if (host[close + 1] != ':') return std::unexpected("after the IPv6 address only a port may follow");
      port = host.substr(close + 2);
      if (port.empty()) return std::unexpected("the port is missing");
    }
  } else {
    std::size_t const colon = host.find(':');
    if (colon != std::string_view::npos) {
      port = host.substr(colon + 1);
      if (port.empty()) return std::unexpected("the port is missing");
    }
    host = host.substr(0, colon);
    if (host.empty() || host.size() > 253 || !all_of(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")) {
      return std::unexpected("the host is missing or not valid");
    }
  }
  int number = 1;
  if (!port.empty()) {
    auto const [stop, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (failure != std::errc() || stop != port.data() + port.size()) number = 0;
  }
  if (port.size() > 5 || number < 1 || number > 65'535) return std::unexpected("the port must be from 1 to 65535");
  return {};
}

std::string_view host_of(std::string_view url) {
  std::size_t const scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || (is_ipv4(host) && host.starts_with("127.")); }

}  // namespace sluice::config
