#include "tests/connectors/http/raw_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <variant>

namespace sluice::test {

namespace asio = boost::asio;
using asio::ip::tcp;

struct RawServer::Core {
  explicit Core(asio::io_context& io) : loop(io), acceptor(io), local(io) {}
  asio::io_context& loop;
  Answer answer;
  std::unique_ptr<asio::ssl::context> tls;
  tcp::acceptor acceptor;
  asio::local::stream_protocol::acceptor local;
  std::vector<std::function<void()>> closers;  ///< one per connection
  std::size_t connections = 0;
  std::vector<std::string> requests;
  std::size_t busy = 0;
  std::size_t busy_max = 0;
  bool stopped = false;
};

namespace {

using Core = std::shared_ptr<RawServer::Core>;

std::size_t content_length(std::string const& head) {
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  std::size_t const at = lower.find("\r\ncontent-length:");
  return at == std::string::npos ? 0 : std::strtoul(lower.c_str() + at + 17, nullptr, 10);
}

template <class Stream>
asio::awaitable<void> converse(Core core, std::shared_ptr<Stream> stream) {
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  std::string buffer;
  while (true) {
    std::size_t const head = co_await asio::async_read_until(*stream, asio::dynamic_buffer(buffer), "\r\n\r\n", token);
    if (error) co_return;
    std::size_t const whole = head + content_length(buffer.substr(0, head));
    if (buffer.size() < whole) {
      std::size_t const missing = whole - buffer.size();
      co_await asio::async_read(*stream, asio::dynamic_buffer(buffer), asio::transfer_at_least(missing), token);
      if (error) co_return;
    }
    core->requests.push_back(buffer.substr(0, whole));
    buffer.erase(0, whole);
    core->busy_max = std::max(core->busy_max, ++core->busy);
    Behaviour const behaviour = core->answer(core->requests.back());
    std::size_t const piece = behaviour.piece == 0 ? std::max<std::size_t>(behaviour.bytes.size(), 1) : behaviour.piece;
    asio::steady_timer pause(core->loop);
    if (behaviour.between.count() > 0 && behaviour.piece == 0) {
      pause.expires_after(behaviour.between);
      co_await pause.async_wait(token);
    }
    for (std::size_t at = 0; at < behaviour.bytes.size() && !error; at += piece) {
      std::string const part = behaviour.bytes.substr(at, piece);
      co_await asio::async_write(*stream, asio::buffer(part), token);
      if (!error && behaviour.piece != 0) {
        pause.expires_after(behaviour.between);
        co_await pause.async_wait(token);
      }
    }
    if (behaviour.then == Behaviour::Then::hang) {
      char rest = 0;
      co_await stream->async_read_some(asio::buffer(&rest, 1), token);
    }
    --core->busy;
    if (error) co_return;
    auto& socket = stream->lowest_layer();
    if (behaviour.then == Behaviour::Then::reset) {
      socket.set_option(asio::socket_base::linger(true, 0), error);
      socket.close(error);
      co_return;
    }
    if (behaviour.then == Behaviour::Then::close) {
      socket.shutdown(asio::socket_base::shutdown_both, error);
      co_return;
    }
  }
}

template <class Stream>
void remember(Core const& core, std::shared_ptr<Stream> const& stream) {
  ++core->connections;
  core->closers.push_back([weak = std::weak_ptr(stream)] {
    if (auto const strong = weak.lock()) {
      boost::system::error_code ignored;
      strong->lowest_layer().close(ignored);
    }
  });
}

asio::awaitable<void> shake_hands(Core core, std::shared_ptr<asio::ssl::stream<tcp::socket>> stream) {
  boost::system::error_code error;
  co_await stream->async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_await converse(core, stream);
}

asio::awaitable<void> accept_tcp(Core core) {
  while (true) {
    boost::system::error_code error;
    tcp::socket socket = co_await core->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    if (core->tls) {
      auto stream = std::make_shared<asio::ssl::stream<tcp::socket>>(std::move(socket), *core->tls);
      remember(core, stream);
      asio::co_spawn(core->loop, shake_hands(core, stream), asio::detached);
    } else {
      auto stream = std::make_shared<tcp::socket>(std::move(socket));
      remember(core, stream);
      asio::co_spawn(core->loop, converse(core, stream), asio::detached);
    }
  }
}

asio::awaitable<void> accept_local(Core core) {
  while (true) {
    boost::system::error_code error;
    auto socket = co_await core->local.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    auto stream = std::make_shared<asio::local::stream_protocol::socket>(std::move(socket));
    remember(core, stream);
    asio::co_spawn(core->loop, converse(core, stream), asio::detached);
  }
}

void listen(RawServer::Core& core) {
  core.acceptor.open(tcp::v4());
  core.acceptor.bind({asio::ip::address_v4::loopback(), 0});
  core.acceptor.listen();
}

std::string pem(std::function<void(BIO*)> const& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  long const size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

X509* issue(EVP_PKEY* key, char const* name, std::string const& alternative, X509* issuer, EVP_PKEY* issuer_key, bool authority) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), authority ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer == nullptr ? certificate : issuer));
  auto const add = [&](int kind, char const* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  };
  add(NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!alternative.empty()) add(NID_subject_alt_name, alternative.c_str());
  X509_sign(certificate, issuer_key, EVP_sha256());
  return certificate;
}

}  // namespace

std::string reply(int status, std::string const& body, std::string const& fields) {
  return fmt::format("HTTP/1.1 {} Said\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), fields, body);
}
std::string ok(std::string const& body, std::string const& fields) { return reply(200, body, fields); }

Certificates make_certificates(std::string const& host) {
  EVP_PKEY* authority_key = EVP_EC_gen("P-256");
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* authority = issue(authority_key, "Test authority", "", nullptr, authority_key, true);
  bool const numeric = host.find_first_not_of("0123456789.") == std::string::npos;
  X509* certificate = issue(key, "server", (numeric ? "IP:" : "DNS:") + host, authority, authority_key, false);
  Certificates made{pem([&](BIO* bio) { PEM_write_bio_X509(bio, authority); }),
                    pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); }),
                    pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); })};
  X509_free(authority);
  X509_free(certificate);
  EVP_PKEY_free(key);
  EVP_PKEY_free(authority_key);
  return made;
}

RawServer::RawServer(asio::io_context& loop, Answer answer) : core_(std::make_shared<Core>(loop)) {
  core_->answer = std::move(answer);
  listen(*core_);
  asio::co_spawn(loop, accept_tcp(core_), asio::detached);
}

RawServer::RawServer(asio::io_context& loop, Answer answer, Certificates const& identity, std::string const& client_authority)
    : core_(std::make_shared<Core>(loop)) {
  core_->answer = std::move(answer);
  core_->tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  core_->tls->use_certificate_chain(asio::buffer(identity.certificate));
  core_->tls->use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  if (!client_authority.empty()) {
    core_->tls->add_certificate_authority(asio::buffer(client_authority));
    core_->tls->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  listen(*core_);
  asio::co_spawn(loop, accept_tcp(core_), asio::detached);
}

RawServer::RawServer(asio::io_context& loop, Answer answer, std::string const& path) : core_(std::make_shared<Core>(loop)) {
  core_->answer = std::move(answer);
  core_->local.open();
  core_->local.bind(path);
  core_->local.listen();
  asio::co_spawn(loop, accept_local(core_), asio::detached);
}

RawServer::~RawServer() { stop(); }

void RawServer::stop() {
  if (core_->stopped) return;
  core_->stopped = true;
  boost::system::error_code ignored;
  core_->acceptor.close(ignored);
  core_->local.close(ignored);
  for (auto const& close : core_->closers) close();
}

unsigned short RawServer::port() const { return core_->acceptor.local_endpoint().port(); }
std::size_t RawServer::connections() const { return core_->connections; }
std::vector<std::string> const& RawServer::requests() const { return core_->requests; }
std::size_t RawServer::busy_max() const { return core_->busy_max; }

}  // namespace sluice::test
