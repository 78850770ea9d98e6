// Problem documents keep to the contract, those of the HTTP server too.
#include "broker/api/problems.hpp"

#include "broker/http/gate.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace sluice::broker::api {
namespace {

std::map<std::string, int> codes_of_the_contract() {
  std::map<std::string, int> codes;
  auto const contract = nlohmann::json::parse(openapi_text());
  for (auto const& each : contract.at("x-sluice-problems")) codes.emplace(each.at("code"), each.at("status"));
  return codes;
}

TEST(Problems, EveryRefusalOfTheServerHasACodeOfTheContractWithItsStatus) {
  auto const codes = codes_of_the_contract();
  for (std::size_t i = 0; i < http::refusal_count; ++i) {
    http::Problem const problem = http::problem_of(static_cast<http::Refusal>(i), http::Options{});
    auto const it = codes.find(std::string(problem.code));
    ASSERT_NE(it, codes.end()) << problem.code << " of refusal " << i;
    EXPECT_EQ(it->second, problem.status) << problem.code << ' ' << problem.cause;
    EXPECT_NE(problem.code, problem.cause) << "a cause says more than the code";
  }
}

TEST(Problems, APassedLimitIsNamed) {
  http::Options options;
  options.body_bytes_max = 4'711;
  EXPECT_TRUE(http::problem_of(http::Refusal::content_too_large, options).detail.contains("4711"));
  options.header_fields_max = 13;
  EXPECT_TRUE(http::problem_of(http::Refusal::too_many_fields, options).detail.contains("13"));
}

TEST(Problems, TitleAndActionComeInTheCallersLanguage) {
  auto const told = [](char const* language) {
    std::vector<http::HeaderField> const headers{{"Accept-Language", language}};
    http::Request request;
    request.headers = headers;
    http::Problem problem = api::problem("key_invalid", "x");
    give_texts(problem, request);
    auto const document = nlohmann::json::parse(http::to_response(problem, request).body_text());
    auto const has = [&](std::string const& name, std::string const& value) {
      return std::ranges::find(problem.headers, std::pair(name, value)) != problem.headers.end();
    };
    EXPECT_TRUE(has("WWW-Authenticate", "Bearer"));
    EXPECT_TRUE(has("Content-Language", std::string_view(language).starts_with("zh") ? "zh" : "en"));
    EXPECT_FALSE(document.at("action").get<std::string>().empty());
    return document.at("title").get<std::string>();
  };
  EXPECT_EQ(told("de, en;q=0.5"), "The API key is not valid");
  EXPECT_EQ(told("zh-CN"), "API 密钥无效");
}

}  // namespace
}  // namespace sluice::broker::api
