// Which addresses the client may connect to.
#include "connectors/http/address_policy.hpp"

#include <gtest/gtest.h>

namespace sluice::http_client {
namespace {

bool allows(AddressPolicy const& policy, std::string_view address) { return AddressJudge::make(policy)->allows(*parse_address(address)); }

TEST(AddressPolicy, WithoutAListOnlyGloballyRoutableUnicastIsAllowed) {
  for (auto const* address : {"8.8.8.8", "114.114.114.114", "223.255.255.254", "2400:3200::1", "64:ff9b::808:808", "2002:808:808::1"}) {
    EXPECT_TRUE(allows({}, address)) << address;
  }
  for (auto const* address :
       {"0.0.0.0",        "10.0.0.1",        "100.64.0.1",  "127.0.0.1",  "127.255.255.254",  "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1",       "192.168.1.1", "198.18.0.1", "198.19.255.255",   "203.0.113.9",     "224.0.0.1",
        "240.0.0.1",      "255.255.255.255", "::",          "::1",        "::ffff:127.0.0.1", "::ffff:10.1.1.1", "64:ff9b::a00:1",
        "2002:7f00:1::",  "2001::1",         "2001:db8::1", "fc00::1",    "fd12::1",          "fe80::1",         "ff02::1",
        "::127.0.0.1",    "3fff::1"}) {
    EXPECT_FALSE(allows({}, address)) << address;
  }
}

TEST(AddressPolicy, LoopbackNeedsItsOwnWord) {
  AddressPolicy policy;
  policy.allow_loopback = true;
  EXPECT_TRUE(allows(policy, "127.0.0.1"));
  EXPECT_TRUE(allows(policy, "::1"));
  EXPECT_TRUE(allows(policy, "::ffff:127.0.0.1"));
  EXPECT_FALSE(allows(policy, "169.254.169.254"));
  EXPECT_FALSE(allows(policy, "10.0.0.1"));
}

TEST(AddressPolicy, AListAllowsWhatItNamesAndNothingElse) {
  AddressPolicy policy;
  policy.allowed_networks = {"10.20.0.0/15", "fd00:1::/33", "203.0.113.7"};
  EXPECT_TRUE(allows(policy, "10.21.255.255"));
  EXPECT_FALSE(allows(policy, "10.22.0.0"));
  EXPECT_TRUE(allows(policy, "fd00:1:7fff::1"));
  EXPECT_FALSE(allows(policy, "fd00:1:8000::1"));
  EXPECT_TRUE(allows(policy, "203.0.113.7"));
  EXPECT_FALSE(allows(policy, "203.0.113.8"));
  EXPECT_FALSE(allows(policy, "8.8.8.8"));
  EXPECT_FALSE(allows(policy, "127.0.0.1"));
}

TEST(AddressPolicy, MalformedNetworksAreNamed) {
  for (auto const* text : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "fd00::/129", "localhost", "10.0.0.0/"}) {
    EXPECT_FALSE(parse_network(text).has_value()) << text;
    AddressPolicy policy;
    policy.allowed_networks = {text};
    auto judge = AddressJudge::make(policy);
    ASSERT_FALSE(judge.has_value());
    EXPECT_NE(judge.error().find("allowed_networks"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::http_client
