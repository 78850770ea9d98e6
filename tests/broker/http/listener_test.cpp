// Where the server agrees to listen, and what it learns about who connects.
#include "broker/http/listener.hpp"

#include "tests/broker/http/harness.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace sluice::http {
namespace {

using testing::Client;
using testing::get;
using testing::Harness;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~Folder() {
    ::unlink((*this / "s").c_str());
    ::rmdir(path_.c_str());
  }
  std::string operator/(std::string const& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/sluice-listener-XXXXXX";
};

Listener at(std::string const& address) {
  Listener listener;
  listener.address = address;
  return listener;
}
Listener unix_at(std::string const& path) {
  Listener listener;
  listener.kind = Listener::Kind::unix_socket;
  listener.path = path;
  return listener;
}

TEST(CheckListener, refusesTheWorldWithoutTls) {
  for (char const* address : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(check_listener(at(address)).has_value()) << address;
  for (char const* address : {"0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "128.0.0.1"}) {
    auto const checked = check_listener(at(address));
    ASSERT_FALSE(checked.has_value()) << address;
    EXPECT_THAT(checked.error(), HasSubstr("TLS"));
    Listener with_tls = at(address);
    with_tls.tls = TlsFiles{"c", "k", ""};
    EXPECT_TRUE(check_listener(with_tls).has_value()) << address;
  }
  for (char const* address : {"", "localhost", "127.1", "0x7f.1", "2130706433", "127.0.0.1 ", "[::1]"})
    EXPECT_FALSE(check_listener(at(address)).has_value()) << address;
  Listener unix_with_tls = unix_at("/tmp/x");
  unix_with_tls.tls = TlsFiles{};
  EXPECT_FALSE(check_listener(unix_with_tls).has_value());
}

TEST(OpenListener, saysWhatIsInUse) {
  auto const first = open_listener(at("127.0.0.1"), 16);
  ASSERT_TRUE(first.has_value());
  EXPECT_NE(first->port, 0);
  Listener same = at("127.0.0.1");
  same.port = first->port;
  auto const second = open_listener(same, 16);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error(), HasSubstr(fmt::format("cannot bind 127.0.0.1 port {}", first->port)));
}

TEST(UnixSocket, tellsTheUserAtTheOtherEnd) {
  Folder const folder;
  Router router;
  auto const whoami = [](Request request) -> boost::asio::awaitable<Response> {
    co_return json_response(200, fmt::format("{} {} {} '{}'", request.peer->uid.value(), request.peer->gid.value(),
                                             request.peer->pid.value(), request.peer->address));
  };
  router.add({Method::get, "/whoami", whoami, {}, "whoami"});
  Listener listener = unix_at(folder / "s");
  listener.mode = 0600;
  {
    Harness server(std::move(router), {}, listener);
    struct stat status{};
    ASSERT_EQ(stat((folder / "s").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    Client client = Client::unix_socket(folder / "s");
    client.send(get("/whoami"));
    EXPECT_EQ(client.reply().body, fmt::format("{} {} {} ''", getuid(), getgid(), getpid()));
    auto const second = open_listener(listener, 16);
    ASSERT_FALSE(second.has_value());
    EXPECT_THAT(second.error(), HasSubstr("in use"));
  }
  EXPECT_NE(access((folder / "s").c_str(), F_OK), 0) << "the socket file outlived its server";
}

TEST(UnixSocket, replacesOnlyStaleSockets) {
  Folder const folder;
  Listener const listener = unix_at(folder / "s");
  {
    ASSERT_TRUE(open_listener(listener, 16).has_value());
  }  // closed without removing its file: stale
  EXPECT_EQ(access((folder / "s").c_str(), F_OK), 0);
  EXPECT_TRUE(open_listener(listener, 16).has_value());
  ::unlink((folder / "s").c_str());
  std::ofstream(folder / "s") << "precious";
  auto const refused = open_listener(listener, 16);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error(), HasSubstr("not a socket"));
  EXPECT_FALSE(open_listener(unix_at(std::string(200, 'x')), 16).has_value());
  EXPECT_FALSE(open_listener(unix_at(""), 16).has_value());
}

int bound_socket(std::uint32_t address, bool listening) {
  int const fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  if (listening) {
    EXPECT_EQ(::listen(fd, 16), 0);
  }
  return fd;
}

TEST(Adopted, servesASocketFromTheServiceManager) {
  Listener listener;
  listener.adopted_fd = bound_socket(INADDR_LOOPBACK, true);
  Harness server(testing::echo_router(), {}, listener);
  Client client = server.client();
  client.send(get("/echo"));
  EXPECT_EQ(client.reply().body, "GET /echo");
}

TEST(Adopted, checksWhatItIsGiven) {
  auto const error_of = [](int fd, Listener::Kind kind = Listener::Kind::tcp) {
    Listener listener;
    listener.kind = kind;
    listener.adopted_fd = fd;
    auto const opened = open_listener(listener, 16);
    if (!opened) ::close(fd);
    return opened ? "" : opened.error();
  };
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_THAT(error_of(ends[0]), HasSubstr("not a socket"));
  ::close(ends[1]);
  EXPECT_THAT(error_of(bound_socket(INADDR_LOOPBACK, false)), HasSubstr("does not listen"));
  EXPECT_THAT(error_of(bound_socket(INADDR_ANY, true)), HasSubstr("without TLS"));
  EXPECT_THAT(error_of(bound_socket(INADDR_LOOPBACK, true), Listener::Kind::unix_socket), HasSubstr("not a Unix socket"));
}

TEST(PeerGroup, countsAnIpv6NetworkAsOne) {
  auto const group = [](char const* address) {
    Peer peer;
    peer.address = address;
    return peer_group(peer);
  };
  EXPECT_EQ(group("2001:db8::1"), group("2001:db8::ffff:1"));
  EXPECT_NE(group("2001:db8::1"), group("2001:db8:0:1::1"));
  EXPECT_NE(group("192.0.2.1"), group("192.0.2.2"));
  EXPECT_EQ(group(""), "");
}

}  // namespace
}  // namespace sluice::http
