// TLS contexts through OpenSSL.
#include "broker/http/tls.hpp"

#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>
#include <system_error>

namespace sluice::http {
namespace {

/// The first error of OpenSSL's queue as text (later ones only say that it was passed on), and an empty queue.
std::string openssl_reason() {
  unsigned long const code = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  char const* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

int choose_protocol(SSL*, unsigned char const** out, unsigned char* out_length, unsigned char const* offered, unsigned int length, void*) {
  static constexpr std::array<unsigned char, 9> ours{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, ours.data(), ours.size(), offered, length) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // a client that insists on another protocol must not be fed HTTP/1.1
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::expected<std::shared_ptr<boost::asio::ssl::context>, std::string> make_tls_context(TlsFiles const& files) {
  namespace ssl = boost::asio::ssl;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  ERR_clear_error();

  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle connection holds no 34 KiB of buffers
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  static constexpr std::string_view session_context = "sluice";
  SSL_CTX_set_session_id_context(native, reinterpret_cast<unsigned char const*>(session_context.data()),
                                 static_cast<unsigned int>(session_context.size()));

  if (SSL_CTX_use_certificate_chain_file(native, files.certificate_chain.c_str()) != 1) {
    return std::unexpected(fmt::format("TLS certificate chain '{}' cannot be used ({}); give a PEM file, leaf certificate first",
                                       files.certificate_chain, openssl_reason()));
  }
  if (SSL_CTX_use_PrivateKey_file(native, files.private_key.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(native) != 1) {
    return std::unexpected(fmt::format("TLS private key '{}' cannot be used ({}); give the unencrypted PEM key of that certificate",
                                       files.private_key, openssl_reason()));
  }
  if (!files.client_authority.empty()) {
    if (SSL_CTX_load_verify_locations(native, files.client_authority.c_str(), nullptr) != 1) {
      return std::unexpected(
          fmt::format("TLS client authority '{}' cannot be used ({}); give a PEM file", files.client_authority, openssl_reason()));
    }
    SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(files.client_authority.c_str()));
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace sluice::http
