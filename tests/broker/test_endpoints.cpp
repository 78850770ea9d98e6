// The table of endpoints against the contract: same paths, same roles, same demands.
#include "broker/api/api.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace sluice::broker::api {
namespace {

struct Operation {
  std::string path;
  std::string method;
  Roles roles = 0;
  bool socket = false;
  bool idempotent = false;
};

Roles role_named(std::string const& name) {
  if (name == "tenant") return tenant_role;
  if (name == "operator") return operator_role;
  if (name == "approver") return approver_role;
  if (name == "auditor") return auditor_role;
  return name == "public" ? public_role : Roles{0};
}

std::map<std::string, Operation> contract() {
  std::map<std::string, Operation> operations;
  auto const document = nlohmann::json::parse(openapi_text());
  for (auto const& [path, item] : document.at("paths").items()) {
    for (auto const& [method, operation] : item.items()) {
      if (!operation.is_object() || !operation.contains("operationId")) continue;
      Operation out{.path = path,
                    .method = method,
                    .roles = 0,
                    .socket = operation.value("x-sluice-socket", false),
                    .idempotent = operation.value("x-sluice-idempotency", "none") == "required"};
      for (auto const& role : operation.at("x-sluice-roles")) out.roles |= role_named(role.get<std::string>());
      operations.emplace(operation.at("operationId").get<std::string>(), out);
    }
  }
  return operations;
}

TEST(Endpoints, EveryOperationOfTheContractHasOneAndNoOther) {
  std::set<std::string> served;
  for (Endpoint const& endpoint : endpoints()) served.emplace(endpoint.operation_id);
  std::set<std::string> promised;
  for (auto const& [id, operation] : contract()) promised.insert(id);
  EXPECT_EQ(served, promised);
}

TEST(Endpoints, RolesSocketAndIdempotencyAreTheContracts) {
  auto const operations = contract();
  for (Endpoint const& endpoint : endpoints()) {
    auto const it = operations.find(std::string(endpoint.operation_id));
    ASSERT_NE(it, operations.end()) << endpoint.operation_id;
    Operation const& operation = it->second;
    EXPECT_EQ(endpoint.roles & ~socket_role, operation.roles) << endpoint.operation_id;
    bool const open_to_all = (endpoint.roles & public_role) != 0;  // then the socket needs no word of its own
    EXPECT_TRUE(open_to_all || ((endpoint.roles & socket_role) != 0) == operation.socket) << endpoint.operation_id;
    EXPECT_EQ(endpoint.idempotency == Idempotency::required, operation.idempotent) << endpoint.operation_id;
    std::string method(http::to_string(endpoint.method));
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
    EXPECT_EQ(method, operation.method) << endpoint.operation_id;
  }
}

TEST(Endpoints, NothingThatApprovesIsOpenToTheLocalSocket) {
  for (Endpoint const& endpoint : endpoints()) {
    bool const approves = (endpoint.roles & approver_role) != 0 && endpoint.method != http::Method::get;
    EXPECT_FALSE(approves && (endpoint.roles & socket_role) != 0) << endpoint.operation_id;
  }
}

}  // namespace
}  // namespace sluice::broker::api
