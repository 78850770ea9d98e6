// A disk that fills up: new work is refused in time and says why, what is there can be read, and admission resumes by itself.
#include "tests/integration/rig.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace sluice::tests {
namespace {

// The floor is moved instead of the disk.
std::string floor_at(Rig const& rig, std::uintmax_t percent_of_what_is_free) {
  std::uintmax_t const free_mib = std::filesystem::space(rig.folder()).available >> 20;
  return std::to_string(free_mib * percent_of_what_is_free / 100);
}
constexpr std::uintmax_t floor_mib_max = 1'048'576;  // what the configuration takes

TEST(FullDisk, NewWorkIsRefusedAndReadsGoOn) {
  Rig rig({"wuhan"}, 3600);
  rig.start_daemon();
  std::string const token = rig.add_tenant("acme", "1000");
  Reply const before = rig.client(token).post("/v1/jobs", small_job("x", "0.1", {"true"}), "before");
  ASSERT_EQ(before.status, 201) << before.body;
  std::string const job = "/v1/jobs/" + before.body.at("id").get<std::string>();
  ASSERT_EQ(rig.stop_daemon(), 0);

  // A little more than there is: admission stops, and what makes room can still be written.
  std::string const floor_mib = floor_at(rig, 115);
  if (std::stoull(floor_mib) > floor_mib_max) GTEST_SKIP() << "the disk has more room than a floor can be set to";
  rig.configure("free_space_floor_mib", floor_mib);
  rig.start_daemon();
  Client client = rig.client(token);
  Reply const refused = client.post("/v1/jobs", small_job("y", "0.1", {"true"}), "after");
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_EQ(refused.body.at("code"), "disk_full");
  EXPECT_EQ(client.get(job).status, 200);
  EXPECT_EQ(client.get("/v1/jobs").status, 200);
  EXPECT_EQ(client.post("/v1/quotes", small_job("y", "0.1", {"true"}), "").status, 200);
  EXPECT_EQ(client.post("/v1/jobs", small_job("x", "0.1", {"true"}), "before").status, 507) << "a repetition is not let in either";
  Reply const ready = client.get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body.at("checks").at(0).at("name"), "disk");
  EXPECT_EQ(client.get("/readyz?exclude=disk").status, 200);
  EXPECT_EQ(rig.local().del(job + "?reason=room").status, 200) << "who makes room is let in";
  ASSERT_EQ(rig.stop_daemon(), 0);

  rig.configure("free_space_floor_mib", "16");
  rig.start_daemon();
  EXPECT_EQ(rig.client(token).post("/v1/jobs", small_job("y", "0.1", {"true"}), "after").status, 201) << "a refusal is not kept for a key";
  EXPECT_EQ(rig.stop_daemon(), 0);
}

// Below the floor that nothing may cross, every write is refused with the same words, and nothing falls over.
TEST(FullDisk, WithoutRoomForAnythingEveryWriteIsRefused) {
  Rig rig({"wuhan"}, 3600);
  rig.start_daemon();
  std::string const token = rig.add_tenant("acme", "1000");
  ASSERT_EQ(rig.stop_daemon(), 0);
  std::string const floor_mib = floor_at(rig, 200);
  if (std::stoull(floor_mib) > floor_mib_max) GTEST_SKIP() << "the disk has more room than a floor can be set to";
  rig.configure("free_space_floor_mib", floor_mib);
  rig.start_daemon();
  Reply const refused = rig.local().post("/v1/tenants", R"({"name":"x","class":"sme"})", "t");
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_EQ(rig.client(token).get("/v1/jobs").status, 200);
  EXPECT_EQ(rig.client(token).get("/v1/balances").status, 200);
  EXPECT_EQ(rig.local().get("/v1/tenants").status, 200);
  EXPECT_EQ(rig.stop_daemon(), 0);
}

}  // namespace
}  // namespace sluice::tests
