// A fake broker that keeps the contract: it checks each request against openapi.json and answers with the contract's example.
#pragma once

#include "tests/contract/contract.hpp"
#include "tests/tools/ctl/fake_broker.hpp"

#include <string>
#include <vector>

namespace sluice::ctl_test {

class ContractBroker {
 public:
  ContractBroker() : broker_([this](FakeRequest const& request) { return reply_to(request); }) {}
  std::string url() const { return broker_.url(); }
  std::vector<FakeRequest> requests() const { return broker_.requests(); }
  /// What was wrong with the requests, and which operations were asked for. Read after the client has ended.
  std::vector<std::string> const& breaches() const { return breaches_; }
  std::vector<std::string> const& asked() const { return asked_; }

 private:
  FakeReply reply_to(FakeRequest const& request);

  std::vector<std::string> breaches_;
  std::vector<std::string> asked_;
  FakeBroker broker_;
};

}  // namespace sluice::ctl_test
