// A basic_parser that stores nothing but views.
#include "broker/http/head_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>

namespace sluice::http {
namespace {

namespace beast = boost::beast;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

class ViewParser final : public beast::http::basic_parser<true> {
 public:
  explicit ViewParser(std::vector<HeaderField>& fields) : fields_(fields) {}

  std::string_view method;
  std::string_view target;
  int version = 0;  ///< 10 or 11

 private:
  using Error = beast::error_code;
  void on_request_impl(beast::http::verb, beast::string_view method_text, beast::string_view target_text, int version_read,
                       Error&) override {
    method = view(method_text);
    target = view(target_text);
    version = version_read;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Error&) override {
    fields_.push_back({view(name), view(value)});
  }
  void on_response_impl(int, beast::string_view, int, Error&) override {}
  void on_header_impl(Error&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
  std::size_t on_body_impl(beast::string_view, Error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Error&) override { return body.size(); }
  void on_finish_impl(Error&) override {}

  std::vector<HeaderField>& fields_;
};

/// True when the request line ends in a version we merely do not speak (HTTP/2.0), rather than in garbage.
bool other_version(std::string_view header) {
  std::string_view const line = header.substr(0, header.find("\r\n"));
  if (line.size() < 9) return false;
  std::string_view const version = line.substr(line.size() - 9);
  auto const digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.starts_with(" HTTP/") && digit(version[6]) && version[7] == '.' && digit(version[8]);
}

Refusal refusal_of(beast::error_code const& error, std::string_view header) {
  using Http = beast::http::error;
  if (error == Http::bad_version) {
    return other_version(header) ? Refusal::version_not_supported : Refusal::malformed_request_line;
  }
  if (error == Http::bad_method || error == Http::bad_target) return Refusal::malformed_request_line;
  // Beast speaks up only about some pairs of framing fields; the answer must not depend on their order.
  if (error == Http::bad_transfer_encoding) return Refusal::transfer_encoding_unknown;
  if (error == Http::bad_content_length) return Refusal::content_length_malformed;
  if (error == Http::multiple_content_length) return Refusal::content_length_repeated;
  return Refusal::malformed_field;
}

}  // namespace

std::expected<Head, Refusal> parse_head(std::string_view header, std::vector<HeaderField>& fields) {
  fields.clear();
  ViewParser parser(fields);
  parser.header_limit(UINT32_MAX);  // HeaderScan has counted
  parser.body_limit(boost::none);
  parser.skip(true);
  beast::error_code error;
  std::size_t const used = parser.put(boost::asio::buffer(header.data(), header.size()), error);
  if (error) {
    Refusal refusal = refusal_of(error, header);
    for (auto const& field : fields) {
      if (equals_ignoring_case(field.name, "transfer-encoding")) refusal = Refusal::transfer_encoding_unknown;
    }
    return std::unexpected(refusal);
  }
  if (used != header.size() || !parser.is_header_done()) return std::unexpected(Refusal::malformed_field);
  return Head{parser.method, parser.target, parser.version >= 11, parser.keep_alive(), fields};
}

}  // namespace sluice::http
