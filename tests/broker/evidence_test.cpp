// Evidence is what was answered, and never more than we can afford to keep.
#include "broker/evidence.hpp"

#include "policy/hash.hpp"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

TEST(Evidence, IsEveryAnswerInOrder) {
  EXPECT_EQ(evidence_text({{"GET /v1/capacity", 200, "{}"}, {"GET /v1/jobs/1", 500, ""}}),
            "GET /v1/capacity\n200\n{}\nGET /v1/jobs/1\n500\n\n");
}

TEST(Evidence, ALongAnswerIsCutAndBoundByItsHash) {
  std::string const body(evidence_body_bytes_max + 1, 'x');
  std::string const text = evidence_text({{"GET /v1/capacity", 200, body}});
  EXPECT_LT(text.size(), evidence_body_bytes_max + 200);
  EXPECT_NE(text.find(policy::to_hex(policy::sha256(body))), std::string::npos);
  EXPECT_EQ(evidence_text({{"GET /v1/capacity", 200, body.substr(1)}}).find("[cut"), std::string::npos) << "exactly the cap is kept";
}

}  // namespace
}  // namespace sluice::broker
