// Network addresses and URLs as the files write them: is the text well formed?
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sluice::config {

/// Four decimal numbers without leading zeros.
bool is_ipv4(std::string_view text);
/// RFC 4291 section 2.2 without zones: groups of one to four digits, at most one "::", possibly an IPv4 address at the end.
bool is_ipv6(std::string_view text);
/// An address, or an address, '/' and a number of bits.
bool is_network(std::string_view text);
/// http or https, host, optional port and path; no user, query or fragment. Error: what is wrong, without quoting the text.
std::expected<void, std::string> judge_url(std::string_view url);
/// Host of a URL that judge_url accepted, without brackets.
std::string_view host_of(std::string_view url);
/// A literal of 127.0.0.0/8, ::1, or the name localhost.
bool is_loopback(std::string_view host);

}  // namespace sluice::config
