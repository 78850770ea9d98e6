// TLS contexts: what we offer, from files that can be read again.
#pragma once

#include "broker/http/options.hpp"

#include <expected>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace sluice::http {

/// TLS 1.2 and 1.3, forward secrecy and AEAD only, no renegotiation, ALPN http/1.1. Error: which file, and what to do; never key material.
std::expected<std::shared_ptr<boost::asio::ssl::context>, std::string> make_tls_context(TlsFiles const& files);

}  // namespace sluice::http
