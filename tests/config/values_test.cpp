// Money, addresses and suggestions as texts.
#include "config/address_text.hpp"
#include "config/money_text.hpp"
#include "config/suggestion.hpp"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using policy::yuan;

TEST(MoneyText, ReadsWhatRulesWrite) {
  EXPECT_EQ(parse_money("5000.00").value(), yuan(5'000));
  EXPECT_EQ(parse_money("5000").value(), yuan(5'000));
  EXPECT_EQ(parse_money("5000.00元").value(), yuan(5'000));
  EXPECT_EQ(parse_money("200万元").value(), yuan(2'000'000));
  EXPECT_EQ(parse_money("1亿元").value(), yuan(100'000'000));
  EXPECT_EQ(parse_money("2.5亿元").value(), yuan(250'000'000));
  EXPECT_EQ(parse_money("0.000001").value(), policy::Money{1});
  EXPECT_EQ(parse_money("0.000001亿元").value(), yuan(100));
  EXPECT_EQ(parse_money("10000亿元").value(), policy::money_max);
}

TEST(MoneyText, RefusesEverythingElse) {
  for (char const* wrong : {"",
                            "元",
                            "万元",
                            "-5",
                            "+5",
                            " 5",
                            "5 ",
                            "5,000",
                            "5_000",
                            "5e3",
                            "0x10",
                            "五千",
                            "５０００",
                            "1.2.3",
                            ".",
                            "5.",
                            ".5",
                            "200万",
                            "200 万元",
                            "200万万元",
                            "1亿万元",
                            "$5",
                            "5.00 CNY",
                            "0.0000001",
                            "10001亿元",
                            "1000000000001",
                            "99999999999999999999999",
                            "NaN",
                            "1亿元 ",
                            "1e8",
                            "5元元"}) {
    EXPECT_FALSE(parse_money(wrong)) << wrong;
  }
  EXPECT_EQ(parse_money("5,000").error(),
            "'5,000' is no amount: only digits and one point are allowed; write yuan as \"5000.00\", \"200万元\" or \"1亿元\"");
}

TEST(AddressText, Ipv4) {
  for (char const* right : {"0.0.0.0", "127.0.0.1", "255.255.255.255"}) EXPECT_TRUE(is_ipv4(right)) << right;
  for (char const* wrong :
       {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "1..2.3", "1.2.3.", "a.b.c.d", "1.2.3.4 ", "0x7f.1.1.1", "2130706433"}) {
    EXPECT_FALSE(is_ipv4(wrong)) << wrong;
  }
}

TEST(AddressText, Ipv6) {
  for (char const* right :
       {"::", "::1", "fd00::", "2001:db8::8:800:200c:417a", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1"}) {
    EXPECT_TRUE(is_ipv6(right)) << right;
  }
  for (char const* wrong : {"", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1:", ":1", "fe80::1%eth0",
                            "1:2:3:4:5:6:7:192.0.2.1", "::192.0.2.256", "1:2:3:4:5:6:7::8"}) {
    EXPECT_FALSE(is_ipv6(wrong)) << wrong;
  }
}

TEST(AddressText, Networks) {
  for (char const* right : {"10.0.0.0/8", "10.1.2.3", "fd00::/8", "::/0", "0.0.0.0/32"}) EXPECT_TRUE(is_network(right)) << right;
  for (char const* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "fd00::/129", "host/8", "10.0.0.0/ 8"}) {
    EXPECT_FALSE(is_network(wrong)) << wrong;
  }
}

TEST(AddressText, Urls) {
  for (char const* right : {"https://a", "http://127.0.0.1:80/x", "https://[::1]:8443/centre/v1", "https://api.wuhan.example/"}) {
    EXPECT_TRUE(judge_url(right)) << right;
  }
  for (char const* wrong : {"", "a", "ftp://a", "https://", "https:///x", "https://user:secret@a", "https://a?q", "https://a/#f",
                            "https://a:0", "https://a:65536", "https://a:", "https://a:b", "https://[::1", "https://[::1]x", "https://a b",
                            "https://a/\n", "HTTPS://a", "https://[zz]"}) {
    EXPECT_FALSE(judge_url(wrong)) << wrong;
  }
  EXPECT_EQ(host_of("https://[::1]:8443/x"), "::1");
  EXPECT_EQ(host_of("http://127.0.0.1:80"), "127.0.0.1");
  EXPECT_TRUE(is_loopback("127.9.9.9"));
  EXPECT_FALSE(is_loopback("127.example"));
}

TEST(Suggestion, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("region", "regoin"), 1U) << "a swap of neighbours is one edit";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Suggestion, FindsTheNearest) {
  std::vector<std::string> const keys = {"cards", "cards_per_node", "interval_ms", "interconnect_gbps", "memory_gib"};
  EXPECT_EQ(nearest("card", keys), "cards");
  EXPECT_EQ(nearest("Cards", keys), "cards");
  EXPECT_EQ(nearest("cards-per-node", keys), "cards_per_node");
  EXPECT_EQ(nearest("interval", keys), "interval_ms") << "the unit was forgotten";
  EXPECT_EQ(nearest("memory_gb", keys), "memory_gib");
  EXPECT_EQ(nearest("price", keys), std::nullopt);
  EXPECT_EQ(nearest("int", keys), std::nullopt) << "begins two of them";
  EXPECT_EQ(nearest("", keys), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'c'), keys), std::nullopt);
  EXPECT_EQ(did_you_mean("card", keys), "; did you mean 'cards'?");
  EXPECT_EQ(did_you_mean("zzz", keys), "");
}

}  // namespace
}  // namespace sluice::config
