// TLS: what is spoken, how it ends, and certificates that change while the server runs.
#include "tests/broker/http/harness.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace sluice::http {
namespace {

using testing::get;
using testing::Harness;
using ::testing::HasSubstr;

template <class T, void (*release)(T*)>
struct Release {
  void operator()(T* handle) const { release(handle); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Release<SSL_CTX, SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Release<SSL, SSL_free>>;

/// A folder with a self-signed certificate and its key.
class Files {
 public:
  explicit Files(std::string const& name) {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    write(name);
  }
  ~Files() {
    for (auto const& file : {certificate(), key()}) ::unlink(file.c_str());
    ::rmdir(path_.c_str());
  }
  std::string certificate() const { return path_ + "/certificate.pem"; }
  std::string key() const { return path_ + "/key.pem"; }
  TlsFiles tls() const { return {certificate(), key(), ""}; }

  /// Replaces both by new ones.
  void write(std::string const& name) {
    Key const pair(EVP_EC_gen("P-256"));
    Certificate const made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), pair.get());
    X509_NAME* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    X509_sign(made.get(), pair.get(), EVP_sha256());
    FILE* file = std::fopen(certificate().c_str(), "w");
    PEM_write_X509(file, made.get());
    std::fclose(file);
    file = std::fopen(key().c_str(), "w");
    PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }

 private:
  std::string path_ = "/tmp/sluice-tls-XXXXXX";
};

Listener tls_listener(TlsFiles files) {
  Listener listener;
  listener.tls = std::move(files);
  return listener;
}

/// A client whose handshake has been tried.
struct Caller {
  explicit Caller(Harness const& server, int version_max = TLS1_3_VERSION, Files const* identity = nullptr, char const* ciphers = nullptr)
      : socket(server.client()), context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context.get(), 0);
    SSL_CTX_set_max_proto_version(context.get(), version_max);
    if (version_max < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    if (ciphers != nullptr) SSL_CTX_set_cipher_list(context.get(), ciphers);
    if (identity != nullptr) {
      SSL_CTX_use_certificate_chain_file(context.get(), identity->certificate().c_str());
      SSL_CTX_use_PrivateKey_file(context.get(), identity->key().c_str(), SSL_FILETYPE_PEM);
    }
    tls.reset(SSL_new(context.get()));
    SSL_set_fd(tls.get(), socket.fd());
    ready = SSL_connect(tls.get()) == 1;
  }
  std::string server_name() const {
    Certificate const peer(SSL_get1_peer_certificate(tls.get()));
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof name);
    return name;
  }
  bool send(std::string const& text) {
    return SSL_write(tls.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
  }
  /// Reads until `text` or the end.
  std::string read_until(std::string const& text) {
    std::string all;
    char chunk[4096];
    while (all.find(text) == std::string::npos) {
      int const count = SSL_read(tls.get(), chunk, sizeof chunk);
      if (count <= 0) break;
      all.append(chunk, static_cast<std::size_t>(count));
    }
    return all;
  }
  /// True when the server said goodbye (close_notify), rather than just cutting the line.
  bool ends_properly() {
    char chunk[16];
    int const count = SSL_read(tls.get(), chunk, sizeof chunk);
    return SSL_get_error(tls.get(), count) == SSL_ERROR_ZERO_RETURN;
  }

  testing::Client socket;
  Context context;
  Connection tls;
  bool ready = false;
};

TEST(Tls, servesRequestsOfEverySize) {
  Files const files("one");
  Harness server(testing::echo_router(), {}, tls_listener(files.tls()));
  Caller caller(server);
  ASSERT_TRUE(caller.ready);
  EXPECT_EQ(SSL_version(caller.tls.get()), TLS1_3_VERSION);
  for (std::size_t const size : {1u, 5'000u, 200'000u}) {
    ASSERT_TRUE(caller.send(testing::post("/echo", std::string(size, 'x'))));
    EXPECT_THAT(caller.read_until("x]"), HasSubstr("[" + std::string(size, 'x') + "]"));
  }
  caller.send(get("/echo") + get("/items/1", "Connection: close\r\n"));
  EXPECT_THAT(caller.read_until("{id}=1"), HasSubstr("GET /echo"));
  EXPECT_TRUE(caller.ends_properly());
}

TEST(Tls, speaksOnlyVersionsAndCiphersOfToday) {
  Files const files("one");
  Harness server(testing::echo_router(), {}, tls_listener(files.tls()));
  EXPECT_FALSE(Caller(server, TLS1_VERSION).ready);
  EXPECT_FALSE(Caller(server, TLS1_1_VERSION).ready);
  EXPECT_TRUE(Caller(server, TLS1_2_VERSION).ready);
  EXPECT_FALSE(Caller(server, TLS1_2_VERSION, nullptr, "AES128-SHA:AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA256").ready);
}

TEST(Tls, endsIdleConnectionsWithGoodbye) {
  Files const files("one");
  Options options;
  options.idle_timeout = std::chrono::milliseconds(30);
  options.tick = std::chrono::milliseconds(5);
  Harness server(testing::echo_router(), options, tls_listener(files.tls()));
  Caller caller(server);
  ASSERT_TRUE(caller.ready);
  caller.send(get("/echo"));
  EXPECT_THAT(caller.read_until("GET /echo"), HasSubstr("200"));
  EXPECT_TRUE(caller.ends_properly());
}

TEST(Tls, timesOutAClientThatNeverShakesHands) {
  Files const files("one");
  Options options;
  options.header_timeout = std::chrono::milliseconds(30);
  options.tick = std::chrono::milliseconds(5);
  Harness server(testing::echo_router(), options, tls_listener(files.tls()));
  testing::Client silent = server.client();
  EXPECT_TRUE(silent.at_end());
  testing::Client confused = server.client();
  confused.send(get("/echo"));
  EXPECT_EQ(confused.read_to_end().find("HTTP"), std::string::npos);
}

TEST(Tls, reloadsCertificatesForNewConnections) {
  Files files("before");
  Harness server(testing::echo_router(), {}, tls_listener(files.tls()));
  Caller old(server);
  EXPECT_EQ(old.server_name(), "before");
  files.write("after");
  ASSERT_TRUE(server.on_loop([&] { return server.server().reload_certificates().has_value(); }));
  Caller fresh(server);
  EXPECT_EQ(fresh.server_name(), "after");
  old.send(get("/echo"));
  EXPECT_THAT(old.read_until("GET /echo"), HasSubstr("200"));

  // A broken file changes nothing, and its error names it.
  ::unlink(files.key().c_str());
  std::string const error = server.on_loop([&] { return server.server().reload_certificates().error(); });
  EXPECT_THAT(error, HasSubstr(files.key()));
  Caller still(server);
  EXPECT_EQ(still.server_name(), "after");
}

TEST(Tls, refusesFilesThatDoNotFitTogether) {
  Files const one("one");
  Files const two("two");
  boost::asio::io_context loop;
  Server server(loop, testing::echo_router(), {});
  auto const mixed = server.listen(tls_listener({one.certificate(), two.key(), ""}));
  ASSERT_FALSE(mixed.has_value());
  EXPECT_THAT(mixed.error(), HasSubstr(two.key()));
  EXPECT_FALSE(server.listen(tls_listener({"/nowhere", one.key(), ""})).has_value());
  EXPECT_FALSE(server.listen(tls_listener({one.certificate(), one.key(), "/nowhere"})).has_value());
}

TEST(Tls, asksForClientCertificatesWhenToldTo) {
  Files const files("server");
  Files const known("known");
  Files const stranger("stranger");
  TlsFiles tls = files.tls();
  tls.client_authority = known.certificate();
  Harness server(testing::echo_router(), {}, tls_listener(tls));
  auto const answer = [&](Files const* identity) {
    Caller caller(server, TLS1_3_VERSION, identity);
    caller.send(get("/echo"));
    return caller.read_until("GET /echo");
  };
  EXPECT_THAT(answer(&known), HasSubstr("200"));
  EXPECT_EQ(answer(nullptr), "");
  EXPECT_EQ(answer(&stranger), "");
}

TEST(Tls, refusesTooManyConnectionsPolitely) {
  Files const files("one");
  Options options;
  options.connections_max = 1;
  Harness server(testing::echo_router(), options, tls_listener(files.tls()));
  Caller first(server);
  ASSERT_TRUE(first.ready);
  Caller second(server);
  ASSERT_TRUE(second.ready);
  EXPECT_THAT(second.read_until("}"), HasSubstr("503"));
}

}  // namespace
}  // namespace sluice::http
