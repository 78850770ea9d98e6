// Each step is one request with a key of its own, so that a repeated request does nothing twice.
#include "tools/day/setup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

namespace sluice::day {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::json;

/// A POST that must succeed: the answer's body.
asio::awaitable<std::expected<Json, std::string>> post(BrokerClient& client, std::string target, std::string token, Json body,
                                                       std::string key) {
  Ask ask{.method = "POST", .target = target, .token = std::move(token), .body = body.dump(), .idempotency_key = std::move(key)};
  auto const answer = co_await client.call(std::move(ask));
  if (!answer) co_return std::unexpected(answer.error());
  if (!answer->ok()) co_return std::unexpected(fmt::format("POST {}: {}", target, answer->problem()));
  co_return answer->body;
}

std::string member(Json const& body, char const* name) { return body.is_object() ? body.value(name, "") : std::string(); }

/// Versions of the programmes in force by name.
asio::awaitable<std::expected<std::map<std::string, std::int64_t>, std::string>> programmes(BrokerClient& client, std::string token) {
  Ask ask{.target = "/v1/programmes?limit=1000", .token = std::move(token), .body = {}, .idempotency_key = {}};
  auto const answer = co_await client.call(std::move(ask));
  if (!answer) co_return std::unexpected(answer.error());
  if (!answer->ok()) co_return std::unexpected("GET /v1/programmes: " + answer->problem());
  std::map<std::string, std::int64_t> versions;
  for (Json const& each : answer->body.value("data", Json::array())) {
    if (each.value("active", false)) versions[member(each, "name")] = each.value("version", std::int64_t{1});
  }
  co_return versions;
}

}  // namespace

asio::awaitable<std::expected<Access, std::string>> set_up(BrokerClient& socket, BrokerClient& broker, Workload const& workload,
                                                           std::vector<Place> const& places, std::string run, Progress& progress) {
  Access access;
  std::array const roles{std::pair{"operator", &access.operator_token}, std::pair{"auditor", &access.auditor_token}};
  for (auto const& [role, token] : roles) {
    Json const body{{"role", role}, {"label", fmt::format("demo {}", role)}};
    auto const made = co_await post(socket, "/v1/keys", "", body, fmt::format("{}-key-{}", run, role));
    if (!made) co_return std::unexpected(made.error());
    *token = member(*made, "token");
  }
  std::string const token = access.operator_token;
  for (Place const& place : places) {
    Json const body{{"cluster", place.cluster}, {"holder", "operator"}, {"credential", place.credential}, {"reason", "demo"}};
    auto const made = co_await post(broker, "/v1/accounts", token, body, fmt::format("{}-account-{}", run, place.cluster));
    if (!made) co_return std::unexpected(made.error());
  }
  auto const versions = co_await programmes(broker, token);
  if (!versions) co_return std::unexpected(versions.error());
  for (std::size_t i = 0; i < workload.tenants.size(); ++i) {
    TenantPlan const& plan = workload.tenants[i];
    progress.now(fmt::format("tenants {} of {}", i + 1, workload.tenants.size()));
    Json const tenant{{"name", plan.name}, {"class", name_of(plan.kind)}, {"region", plan.region}};
    auto const made = co_await post(broker, "/v1/tenants", token, tenant, fmt::format("{}-tenant-{}", run, i));
    if (!made) co_return std::unexpected(made.error());
    std::string const id = access.tenant_ids.emplace_back(member(*made, "id"));
    Json const key{{"role", "tenant"}, {"tenant", id}, {"label", "demo"}};
    auto const issued = co_await post(broker, "/v1/keys", token, key, fmt::format("{}-tenant-key-{}", run, i));
    if (!issued) co_return std::unexpected(issued.error());
    access.tenant_tokens.push_back(member(*issued, "token"));
    Json const deposit{{"tenant", id}, {"amount_yuan", fmt::format("{}.00", plan.deposit_yuan)}, {"reference", "demo"}, {"reason", "demo"}};
    auto const paid = co_await post(broker, "/v1/deposits", token, deposit, fmt::format("{}-deposit-{}", run, i));
    if (!paid) co_return std::unexpected(paid.error());
    for (std::size_t v = 0; v < plan.vouchers.size(); ++v) {
      auto const version = versions->find(plan.vouchers[v].programme);
      if (version == versions->end()) co_return std::unexpected(plan.vouchers[v].programme + ": the broker has no such programme in force");
      Json const voucher{{"programme", plan.vouchers[v].programme},
                         {"version", version->second},
                         {"tenant", id},
                         {"amount_yuan", fmt::format("{}.00", plan.vouchers[v].yuan)},
                         {"decision", "demo decision, made up"},
                         {"reason", "demo"}};
      auto const given = co_await post(broker, "/v1/entitlements", token, voucher, fmt::format("{}-voucher-{}-{}", run, i, v));
      if (!given) co_return std::unexpected(given.error());
      ++access.vouchers;
    }
  }
  co_return access;
}

std::expected<void, std::string> write_tokens(Access const& access, std::string const& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return std::unexpected(folder + ": " + failed.message());
  std::string const tenant = access.tenant_tokens.empty() ? std::string() : access.tenant_tokens.front();
  for (auto const& [name, token] : {std::pair{"operator.token", access.operator_token}, std::pair{"auditor.token", access.auditor_token},
                                    std::pair{"tenant.token", tenant}}) {
    std::string const path = folder + '/' + name;
    std::string const line = token + '\n';
    int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return std::unexpected(path + ": " + std::strerror(errno));
    bool const whole = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    ::close(file);
    if (!whole) return std::unexpected(path + ": could not be written whole");
  }
  return {};
}

}  // namespace sluice::day
