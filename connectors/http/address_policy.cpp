#include "connectors/http/address_policy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sluice::http_client {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped_v4(Address const& address) { return std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.begin()); }

Address mapped(std::uint8_t const* four) {
  Address address{};
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.begin());
  std::copy(four, four + 4, address.begin() + 12);
  return address;
}

std::vector<Network> const& special_networks() {
  static std::vector<Network> const networks = [] {
    std::vector<Network> all;
    for (std::string_view const text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
          "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"}) {
      all.push_back(*parse_network(text));
    }
    return all;
  }();
  return networks;
}

}  // namespace

std::expected<Address, std::string> parse_address(std::string_view text) {
  std::string const owned(text.substr(0, 64));
  Address address{};
  if (std::array<std::uint8_t, 4> four{}; inet_pton(AF_INET, owned.c_str(), four.data()) == 1) return mapped(four.data());
  if (inet_pton(AF_INET6, owned.c_str(), address.data()) == 1) return address;
  return std::unexpected("'" + owned + "' is no IPv4 or IPv6 address");
}

std::string to_text(Address const& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (is_mapped_v4(address)) {
    inet_ntop(AF_INET, address.data() + 12, buffer.data(), static_cast<socklen_t>(buffer.size()));
  } else {
    inet_ntop(AF_INET6, address.data(), buffer.data(), static_cast<socklen_t>(buffer.size()));
  }
  return buffer.data();
}

bool Network::contains(Address const& candidate) const {
  auto const whole = static_cast<std::size_t>(prefix_bits / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), candidate.begin())) return false;
  int const rest = prefix_bits % 8;
  if (rest == 0) return true;
  int const mask = (0xff << (8 - rest)) & 0xff;
  return (address[whole] & mask) == (candidate[whole] & mask);
}

std::expected<Network, std::string> parse_network(std::string_view text) {
  std::size_t const slash = text.find('/');
  auto address = parse_address(text.substr(0, slash));
  if (!address) return std::unexpected(address.error());
  bool const v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  int const bits_max = v4 ? 32 : 128;
  int bits = bits_max;
  if (slash != std::string_view::npos) {
    std::string_view const digits = text.substr(slash + 1);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits < 0 || bits > bits_max) {
      return std::unexpected("'" + std::string(text.substr(0, 80)) + "': the prefix length must be 0 to " + std::to_string(bits_max));
    }
  }
  return Network{*address, v4 ? bits + 96 : bits};
}

bool is_loopback(Address const& address) {
  if (is_mapped_v4(address)) return address[12] == 127;
  Address one{};
  one[15] = 1;
  return address == one;
}

bool is_special_use(Address const& address) {
  if (is_mapped_v4(address)) {
    return std::any_of(special_networks().begin(), special_networks().end(), [&](Network const& each) { return each.contains(address); });
  }
  // Forms that carry an IPv4 address are judged by what they carry: NAT64 (64:ff9b::/96) and 6to4 (2002::/16).
  constexpr std::array<std::uint8_t, 12> nat64{0, 0x64, 0xff, 0x9b};
  if (std::equal(nat64.begin(), nat64.end(), address.begin())) return is_special_use(mapped(address.data() + 12));
  if (address[0] == 0x20 && address[1] == 0x02) return is_special_use(mapped(address.data() + 2));
  // Globally routable unicast is 2000::/3 so far; inside it, 2001::/23 (protocol assignments, Teredo) and 2001:db8::/32,
  // 3fff::/20 (documentation) are not.
  if ((address[0] & 0xe0) != 0x20) return true;
  if (address[0] == 0x20 && address[1] == 0x01 && (address[2] & 0xfe) == 0) return true;
  if (address[0] == 0x20 && address[1] == 0x01 && address[2] == 0x0d && address[3] == 0xb8) return true;
  return address[0] == 0x3f && address[1] == 0xff && (address[2] & 0xf0) == 0;
}

std::expected<AddressJudge, std::string> AddressJudge::make(AddressPolicy const& policy) {
  AddressJudge judge;
  judge.allow_loopback_ = policy.allow_loopback;
  for (std::string const& text : policy.allowed_networks) {
    auto network = parse_network(text);
    if (!network) return std::unexpected("allowed_networks: " + network.error() + "; write CIDR such as 10.20.0.0/16");
    judge.allowed_.push_back(*network);
  }
  return judge;
}

bool AddressJudge::allows(Address const& address) const {
  if (is_loopback(address) && allow_loopback_) return true;
  if (allowed_.empty()) return !is_special_use(address);
  return std::any_of(allowed_.begin(), allowed_.end(), [&](Network const& each) { return each.contains(address); });
}

}  // namespace sluice::http_client
