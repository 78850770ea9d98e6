// Keys and socket peers.
#include "broker/api/caller.hpp"

#include <gtest/gtest.h>

namespace sluice::broker::api {
namespace {

constexpr policy::Timestamp now{1'800'000'000'000};

class CallerTest : public testing::Test {
 protected:
  CallerTest() {
    policy::Key key;
    key.principal = {"p-one"};
    key.role = policy::Role::tenant;
    key.secret_hash = made_.secret_hash;
    key.tenant = policy::TenantName{"t-one"};
    state_.keys.emplace(made_.name, key);
  }
  std::expected<Caller, http::Problem> with(std::string const& authorization, std::optional<std::uint32_t> uid = std::nullopt) {
    http::Peer peer;
    peer.uid = uid;
    std::vector<http::HeaderField> headers;
    if (!authorization.empty()) headers.push_back({"Authorization", authorization});
    http::Request request;
    request.headers = headers;
    request.peer = &peer;
    return authenticate(state_, request, now, {0, 1000});
  }
  NewKey const made_ = make_key();
  policy::State state_;
};

TEST_F(CallerTest, ARightKeyIsItsPrincipal) {
  auto const caller = with("Bearer " + made_.token);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->principal.text, "p-one");
  EXPECT_EQ(caller->tenant->text, "t-one");
  EXPECT_TRUE(with("bearer " + made_.token)) << "the scheme's case does not matter";
}

TEST_F(CallerTest, WrongKeysAreAllAnsweredAlike) {
  std::string other = made_.token;
  other.back() = other.back() == 'a' ? 'b' : 'a';
  std::vector<std::string> details;
  for (std::string const& header : {"Bearer " + other, "Bearer " + make_key().token, std::string("Bearer x"), "Basic " + made_.token,
                                    std::string("Bearer "), "Bearer " + made_.token + "x"}) {
    auto const caller = with(header);
    ASSERT_FALSE(caller) << header;
    EXPECT_EQ(caller.error().status, 401);
    details.push_back(caller.error().detail);
  }
  state_.keys.begin()->second.revoked = true;
  details.push_back(with("Bearer " + made_.token).error().detail);
  state_.keys.begin()->second.revoked = false;
  state_.keys.begin()->second.expires_at = now;
  details.push_back(with("Bearer " + made_.token).error().detail);
  for (std::string const& detail : details) EXPECT_EQ(detail, details.front());
}

TEST_F(CallerTest, OnlyAdmittedPeersOfTheSocketNeedNoKey) {
  ASSERT_TRUE(with("", 0));
  EXPECT_EQ(with("", 0)->role, policy::Role::local_admin);
  EXPECT_EQ(with("", 1001).error().code, "key_missing");
  EXPECT_EQ(with("").error().code, "key_missing");
  EXPECT_EQ(with("Bearer " + made_.token, 0)->role, policy::Role::tenant) << "a key that is shown counts, even there";
}

TEST(MakeKey, EveryKeyIsNewAndItsNameIsReadBack) {
  NewKey const a = make_key();
  NewKey const b = make_key();
  EXPECT_NE(a.token, b.token);
  EXPECT_NE(a.name, b.name);
  EXPECT_EQ(key_name_of(a.token), a.name);
  EXPECT_EQ(key_name_of(a.token + "x"), std::nullopt);
  EXPECT_EQ(policy::sha256(a.token), a.secret_hash);
}

}  // namespace
}  // namespace sluice::broker::api
