// The smuggling battery: bytes that two readers could frame differently, over real sockets. Nothing hidden behind them may reach a handler.
#include "tests/broker/http/harness.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sluice::http {
namespace {

using namespace std::string_literals;
using testing::Client;
using testing::Harness;

struct Case {
  std::string name;
  std::string bytes;
  std::vector<int> statuses;  ///< of all answers, until the server closes
  std::string code;           ///< cause (or code, where it has one only) of the last answer's problem; "" for a success
};

std::string const hidden = "GET /items/smuggled HTTP/1.1\r\nHost: test\r\n\r\n";

std::string post_with(std::string const& lines, std::string const& rest) {
  return "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" + lines + "\r\n" + rest;
}
std::string get_with(std::string const& lines) { return "GET /echo HTTP/1.1\r\n" + lines + "\r\n"; }

std::vector<Case> const& cases() {
  static std::vector<Case> const all{
      // Transfer-Encoding in every disguise.
      {"te_chunked", post_with("Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden), {411}, "transfer_encoding_chunked"},
      {"te_upper_case", post_with("TRANSFER-ENCODING: CHUNKED\r\n", "0\r\n\r\n" + hidden), {411}, "transfer_encoding_chunked"},
      {"te_gzip_then_cl", post_with("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello" + hidden), {501}, "transfer_encoding"},
      {"te_identity_then_cl",
       post_with("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello" + hidden),
       {501},
       "transfer_encoding"},
      {"te_xchunked_then_cl",
       post_with("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", "hello" + hidden),
       {501},
       "transfer_encoding"},
      {"te_chunked_then_cl",
       post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + hidden),
       {501},
       "transfer_encoding"},
      {"cl_then_te_chunked",
       post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden),
       {501},
       "transfer_encoding"},
      {"cl_then_te_gzip", post_with("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", "hello" + hidden), {501}, "transfer_encoding"},
      {"te_twice",
       post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n" + hidden),
       {501},
       "transfer_encoding"},
      {"te_list", post_with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n" + hidden), {501}, "transfer_encoding"},
      {"te_chunked_not_last", post_with("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + hidden), {501}, "transfer_encoding"},
      {"te_parameter", post_with("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n" + hidden), {501}, "transfer_encoding"},
      {"te_empty", post_with("Transfer-Encoding:\r\nContent-Length: 5\r\n", "hello" + hidden), {501}, "transfer_encoding"},
      {"te_quoted", post_with("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n" + hidden), {501}, "transfer_encoding"},
      {"te_space_before_colon",
       post_with("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", "hello" + hidden),
       {400},
       "malformed_header"},
      {"te_tab_before_colon",
       post_with("Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n", "hello" + hidden),
       {400},
       "malformed_header"},
      {"te_vertical_tab", post_with("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n" + hidden), {400}, "control_character"},
      {"te_on_folded_line", post_with("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden), {400}, "folded_header"},
      {"te_behind_bare_cr", post_with("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden), {400}, "bare_carriage_return"},
      {"te_behind_bare_lf", post_with("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden), {400}, "bare_line_feed"},
      {"te_in_http_1_0",
       "POST /echo HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
       {411},
       "transfer_encoding_chunked"},
      {"te_on_get", get_with("Host: test\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + hidden, {411}, "transfer_encoding_chunked"},
      {"chunk_extension_60k",
       post_with("Transfer-Encoding: chunked\r\n", "5;" + std::string(60'000, 'x') + "\r\nhello\r\n0\r\n\r\n" + hidden),
       {411},
       "transfer_encoding_chunked"},
      // Content-Length in every disguise.
      {"cl_twice_equal", post_with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello" + hidden), {400}, "content_length_repeated"},
      {"cl_twice_different", post_with("Content-Length: 5\r\nContent-Length: 6\r\n", "hello" + hidden), {400}, "content_length_repeated"},
      {"cl_list", post_with("Content-Length: 5, 5\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_plus", post_with("Content-Length: +5\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_minus", post_with("Content-Length: -1\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_hexadecimal", post_with("Content-Length: 0x5\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_decimal_point", post_with("Content-Length: 5.0\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_two_words", post_with("Content-Length: 5 5\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_empty", post_with("Content-Length:\r\n", hidden), {400}, "content_length_malformed"},
      {"cl_eleven_digits", post_with("Content-Length: 00000000005\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_beyond_64_bits", post_with("Content-Length: 18446744073709551621\r\n", "hello" + hidden), {400}, "content_length_malformed"},
      {"cl_beyond_32_bits", post_with("Content-Length: 4294967301\r\n", "hello" + hidden), {413}, "content_too_large"},
      {"cl_nul", post_with("Content-Length: 5\0\r\n"s, "hello" + hidden), {400}, "control_character"},
      {"cl_space_before_colon", post_with("Content-Length : 5\r\n", "hello" + hidden), {400}, "malformed_header"},
      {"cl_missing", post_with("", hidden), {411}, "content_length_missing"},
      {"cl_shorter_than_body", post_with("Content-Length: 3\r\n", "hello" + hidden), {200, 501}, "method_not_implemented"},
      {"cl_hides_a_request_in_get",
       get_with("Host: test\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n") + hidden,
       {400},
       "content_not_allowed"},
      // Host and target.
      {"host_missing", get_with("") + hidden, {400}, "host_missing"},
      {"host_twice", get_with("Host: test\r\nHost: evil\r\n") + hidden, {400}, "host_repeated"},
      {"host_twice_equal", get_with("Host: test\r\nhost: test\r\n") + hidden, {400}, "host_repeated"},
      {"host_empty", get_with("Host:\r\n") + hidden, {400}, "host_malformed"},
      {"host_list", get_with("Host: test, evil\r\n") + hidden, {400}, "host_malformed"},
      {"host_userinfo", get_with("Host: evil@test\r\n") + hidden, {400}, "host_malformed"},
      {"host_path", get_with("Host: test/evil\r\n") + hidden, {400}, "host_malformed"},
      {"host_bad_port", get_with("Host: test:80a\r\n") + hidden, {400}, "host_malformed"},
      {"absolute_form_other_host", "GET http://evil/echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "host_mismatch"},
      {"absolute_form_userinfo", "GET http://test@evil/echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "host_mismatch"},
      {"absolute_form_other_scheme", "GET gopher://test/echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      {"authority_form", "GET test:80 HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      {"connect", "CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {501}, "method_not_implemented"},
      {"trace", "TRACE /echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {501}, "method_not_implemented"},
      {"method_lower_case", "get /echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {501}, "method_not_implemented"},
      {"target_fragment", "GET /echo#x HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      {"target_backslash", "GET /echo\\x HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      {"target_nul_escape", "GET /items/a%00b HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      {"target_crlf_escape", "GET /items/a%0d%0ab HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      {"target_broken_escape", "GET /items/a%4 HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      {"target_overlong_utf8", "GET /items/a%c0%af HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "target_malformed"},
      // Lines.
      {"all_bare_lf", "GET /echo HTTP/1.1\nHost: test\n\n" + hidden, {400}, "bare_line_feed"},
      {"folded", get_with("Host: test\r\nX: a\r\n b\r\n") + hidden, {400}, "folded_header"},
      {"folded_with_tab", get_with("Host: test\r\nX: a\r\n\tb\r\n") + hidden, {400}, "folded_header"},
      {"folded_first_field", get_with(" Host: test\r\n") + hidden, {400}, "folded_header"},
      {"nul_in_value", get_with("Host: test\r\nX: a\0b\r\n"s) + hidden, {400}, "control_character"},
      {"delete_in_value", get_with("Host: test\r\nX: a\x7f\r\n") + hidden, {400}, "control_character"},
      {"escape_in_value", get_with("Host: test\r\nX: a\x1b[2J\r\n") + hidden, {400}, "control_character"},
      {"name_empty", get_with("Host: test\r\n: x\r\n") + hidden, {400}, "malformed_header"},
      {"name_with_space", get_with("Host: test\r\nX Y: x\r\n") + hidden, {400}, "malformed_header"},
      {"name_not_ascii", get_with("Host: test\r\nX\xc3\xa9: x\r\n") + hidden, {400}, "malformed_header"},
      {"no_colon", get_with("Host: test\r\nX\r\n") + hidden, {400}, "malformed_header"},
      // Request lines and versions.
      {"http_0_9", "GET /echo\r\n\r\n" + hidden, {400}, "malformed_request_line"},
      {"http_1_2", "GET /echo HTTP/1.2\r\nHost: test\r\n\r\n" + hidden, {505}, "version_not_supported"},
      {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}, "version_not_supported"},
      {"http_lower_case", "GET /echo http/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "malformed_request_line"},
      {"version_two_digits", "GET /echo HTTP/1.10\r\nHost: test\r\n\r\n" + hidden, {400}, "malformed_request_line"},
      {"two_spaces", "GET  /echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, ""},
      {"trailing_space", "GET /echo HTTP/1.1 \r\nHost: test\r\n\r\n" + hidden, {400}, "malformed_request_line"},
      {"tabs", "GET\t/echo\tHTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "malformed_request_line"},
      {"leading_space", " GET /echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "malformed_request_line"},
      {"two_empty_lines_first", "\r\n\r\nGET /echo HTTP/1.1\r\nHost: test\r\n\r\n" + hidden, {400}, "malformed_request_line"},
      // Single fields and content.
      {"authorization_twice", get_with("Host: test\r\nAuthorization: a\r\nAuthorization: b\r\n") + hidden, {400}, "header_repeated"},
      {"idempotency_key_twice", get_with("Host: test\r\nIdempotency-Key: a\r\nidempotency-key: a\r\n") + hidden, {400}, "header_repeated"},
      {"expect_other", post_with("Expect: 200-ok\r\nContent-Length: 5\r\n", "hello" + hidden), {417}, "expectation_failed"},
      // Lawful, and must stay so: the hidden request is then a request of its own.
      {"lawful_one_empty_line_first", "\r\nGET /echo HTTP/1.1\r\nHost: test\r\n\r\n", {200}, ""},
      {"lawful_empty_line_after_body",
       post_with("Content-Length: 5\r\n", "hello\r\nGET /echo HTTP/1.1\r\nHost: test\r\n\r\n"),
       {200, 200},
       ""},
      {"lawful_absolute_form", "GET http://test/echo?a=1 HTTP/1.1\r\nHost: test\r\n\r\n", {200}, ""},
      {"lawful_absolute_form_bare", "GET https://test:443 HTTP/1.1\r\nHost: test:443\r\n\r\n", {200}, ""},
      {"lawful_ipv6_host", get_with("Host: [::1]:8080\r\n"), {200}, ""},
      {"lawful_obs_text", get_with("Host: test\r\nX: \xe9\xff\r\n"), {200}, ""},
      {"lawful_upgrade_ignored", get_with("Host: test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"), {200}, ""},
      {"lawful_http_1_0", "GET /echo HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n" + hidden, {200}, ""},
      {"lawful_close", get_with("Host: test\r\nConnection: close\r\n") + hidden, {200}, ""},
      {"lawful_refusal_goes_on",
       post_with("Content-Encoding: gzip\r\nContent-Length: 5\r\n", "hello" + get_with("Host: test\r\n")),
       {415, 200},
       ""},
  };
  return all;
}

class Smuggling : public ::testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() {
    Observer observer;
    observer.exchange = [](Exchange const& exchange) {
      if (exchange.path == "/items/smuggled" && exchange.status == 200) ++smuggled;
    };
    server = std::make_unique<Harness>(testing::echo_router(), Options{}, Listener{}, std::move(observer));
  }
  static void TearDownTestSuite() { server.reset(); }

  inline static std::unique_ptr<Harness> server;
  inline static std::atomic<int> smuggled = 0;
};

TEST_P(Smuggling, isFramedOneWayOnly) {
  Case const& c = GetParam();
  Client client = server->client();
  ASSERT_TRUE(client.send(c.bytes));
  client.half_close();
  std::vector<int> statuses;
  testing::Reply last;
  for (;;) {
    testing::Reply reply = client.reply();
    if (reply.status == 0) break;
    statuses.push_back(reply.status);
    last = std::move(reply);
  }
  EXPECT_EQ(statuses, c.statuses);
  EXPECT_EQ(smuggled, 0);
  if (last.status < 400) return;
  EXPECT_EQ(last.field("Content-Type"), "application/problem+json");
  auto const document = nlohmann::json::parse(last.body, nullptr, false);
  ASSERT_TRUE(document.is_object()) << last.body;
  EXPECT_EQ(document["status"], last.status);
  EXPECT_EQ(document["request_id"], last.field("X-Request-Id"));
  std::string const cause = document.value("cause", document["code"].get<std::string>());
  EXPECT_EQ(cause, c.code.empty() ? cause : c.code);
  EXPECT_EQ(last.closes, c.code != "content_not_allowed");
}

INSTANTIATE_TEST_SUITE_P(battery, Smuggling, ::testing::ValuesIn(cases()), [](auto const& c) { return c.param.name; });

// Two thousand small changes to a sound request: each is answered or closed, and the server goes on.
TEST(SmugglingFuzz, survivesMutations) {
  Harness server(testing::echo_router());
  std::mt19937 random(20261122);
  std::string const sound = post_with("Content-Length: 5\r\nX-A: b\r\n", "hello");
  std::string_view const tokens[] = {
      "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", "chunked", "Transfer-Encoding: ", "Content-Length: ", "HTTP/1.0", "%", "\xff", "0"};
  int answered = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes = sound;
    for (unsigned change = random() % 4; change < 4; ++change) {
      std::size_t const at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random() & 0xff);
          break;
        case 1:
          bytes.erase(at, 1 + random() % 3);
          break;
        case 2:
          bytes.insert(at, tokens[random() % std::size(tokens)]);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
          break;
      }
    }
    Client client = server.client();
    client.send(bytes);
    client.half_close();
    std::string const all = client.read_to_end();
    if (all.empty()) continue;  // the header never ended
    ++answered;
    ASSERT_TRUE(all.starts_with("HTTP/1.1 ")) << all;
  }
  EXPECT_GT(answered, 500);
  Client client = server.client();
  client.send(testing::get("/echo"));
  EXPECT_EQ(client.reply().status, 200);
}

}  // namespace
}  // namespace sluice::http
