// Which addresses may be connected to: the judgement behind AddressPolicy.
#pragma once

#include "connectors/http/options.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http_client {

/// An address as 16 bytes; IPv4 is held as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), so both families compare alike.
using Address = std::array<std::uint8_t, 16>;

/// Numeric IPv4 or IPv6 text, without zone. Error: what is wrong.
std::expected<Address, std::string> parse_address(std::string_view text);
std::string to_text(Address const& address);

struct Network {
  Address address{};
  int prefix_bits = 128;  ///< of the 16 bytes: an IPv4 /8 is 104
  bool contains(Address const& candidate) const;
};

/// "10.0.0.0/8", "fd00::/8", or one address. Error: what is wrong.
std::expected<Network, std::string> parse_network(std::string_view text);

bool is_loopback(Address const& address);
/// True for everything that is not globally routable unicast: RFC 6890 and its registry, multicast, and IPv4 addresses
/// hidden in NAT64, 6to4 and mapped forms.
bool is_special_use(Address const& address);

/// A parsed AddressPolicy.
class AddressJudge {
 public:
  static std::expected<AddressJudge, std::string> make(AddressPolicy const& policy);
  bool allows(Address const& address) const;

 private:
  std::vector<Network> allowed_;
  bool allow_loopback_ = false;
};

}  // namespace sluice::http_client
