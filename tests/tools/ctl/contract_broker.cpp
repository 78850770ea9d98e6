// Request against contract: path, method, query, headers, body.
#include "tests/tools/ctl/contract_broker.hpp"

#include <fmt/format.h>

#include <map>
#include <regex>

namespace sluice::ctl_test {
namespace {

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::map<std::string, std::string> query_of(std::string const& text) {
  std::map<std::string, std::string> result;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = std::min(text.find('&', at), text.size());
    auto const pair = text.substr(at, end - at);
    auto const equals = pair.find('=');
    result[decoded(pair.substr(0, equals))] = equals == std::string::npos ? "" : decoded(pair.substr(equals + 1));
    at = end + 1;
  }
  return result;
}

// A query or header value as the schema's type.
nlohmann::json typed(nlohmann::json const& schema, std::string const& value) {
  if (schema.value("type", nlohmann::json()) == "integer" && std::regex_match(value, std::regex("-?[0-9]{1,18}"))) return std::stoll(value);
  return value;
}

}  // namespace

FakeReply ContractBroker::reply_to(FakeRequest const& request) {
  auto const& contract = contract::Contract::shared();
  auto const operation = contract.match(request.method, request.path);
  if (!operation) {
    breaches_.push_back(fmt::format("{} {} is not in the contract", request.method, request.target));
    return problem(404, "not_found");
  }
  asked_.push_back(operation->name());
  auto const breach = [&](std::string const& what) { breaches_.push_back(fmt::format("{}: {}", operation->name(), what)); };
  auto query = query_of(request.query);
  for (auto const& parameter : contract.parameters(*operation)) {
    auto const name = parameter.at("name").get<std::string>();
    auto const& schema = contract.resolve(parameter.at("schema"));
    std::string lower;
    for (char const c : name) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    bool const in_query = parameter.at("in") == "query";
    std::string const value = in_query ? (query.contains(name) ? query[name] : "") : request.header(lower);
    bool const present = in_query ? query.contains(name) : !value.empty();
    if (parameter.at("in") == "path") continue;
    if (!present && parameter.value("required", false)) breach(name + " is missing");
    if (present) {
      for (auto const& error : contract.errors(schema, typed(schema, value))) breach(fmt::format("{} = \"{}\": {}", name, value, error));
    }
    if (in_query) query.erase(name);
  }
  for (auto const& [name, value] : query) breach("unknown query parameter " + name);
  bool const takes_body = operation->node->contains("requestBody");
  if (takes_body != !request.body.empty()) breach(takes_body ? "the body is missing" : "there is a body");
  if (takes_body) {
    auto const body = nlohmann::json::parse(request.body, nullptr, false);
    if (request.header("content-type") != "application/json") breach("Content-Type is " + request.header("content-type"));
    auto const& schema = operation->node->at("requestBody").at("content").at("application/json").at("schema");
    for (auto const& error : contract.errors(schema, body)) breach("body: " + error);
  }
  if (operation->node->at("security").empty() == false && request.header("authorization") != "Bearer slk_test") breach("no key was sent");

  FakeReply reply;
  for (auto const& [status, answer] : operation->node->at("responses").items()) {
    if (status[0] != '2') continue;
    reply.status = std::stoi(status);
    bool const stream = request.header("accept").starts_with("text/event-stream");
    for (auto const& [media_type, media] : answer.at("content").items()) {
      if (answer.at("content").size() > 1 && stream != (media_type == "text/event-stream")) continue;
      reply.content_type = media_type;
      if (!media.contains("examples")) continue;
      auto const& value = media.at("examples").begin()->at("value");
      reply.body = value.is_string() ? value.get<std::string>() : value.dump();
    }
    auto const headers = answer.value("headers", nlohmann::json::object());
    for (auto const& [name, header] : headers.items()) {
      auto const& described = contract.resolve(header);
      if (name != "Idempotent-Replayed" && described.contains("example") && described.at("example").is_string()) {
        reply.headers.emplace_back(name, described.at("example").get<std::string>());
      }
    }
    break;
  }
  return reply;
}

}  // namespace sluice::ctl_test
