// Reads the contract and validates against it with valijson.
#include "tests/contract/contract.hpp"

#include <fmt/format.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <fstream>
#include <map>
#include <mutex>

namespace sluice::contract {
namespace {

using valijson::adapters::NlohmannJsonAdapter;

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> result;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    auto const end = path.find('/');
    result.push_back(path.substr(0, end));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  }
  return result;
}

// How many literal segments fit; nullopt when the path does not.
std::optional<int> fit(std::string_view pattern, std::string_view path, bool rest) {
  auto const a = segments(pattern);
  auto const b = segments(path);
  if (b.size() < a.size() || (b.size() > a.size() && !rest)) return std::nullopt;
  int literal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].starts_with('{')) continue;
    if (a[i] != b[i]) return std::nullopt;
    ++literal;
  }
  return literal;
}

}  // namespace

struct Contract::Parsed {
  valijson::Schema const& of(nlohmann::json const& schema, nlohmann::json const& components) {
    std::lock_guard const lock(mutex);
    auto const [it, fresh] = schemas.try_emplace(schema.dump());
    if (fresh) {
      // References point into the whole contract, so the schema is put beside its components.
      nlohmann::json const whole = {{"allOf", nlohmann::json::array({schema})}, {"components", {{"schemas", components}}}};
      it->second = std::make_unique<valijson::Schema>();
      valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
      NlohmannJsonAdapter const adapter(whole);
      parser.populateSchema(adapter, *it->second);
    }
    return *it->second;
  }

  std::mutex mutex;
  std::map<std::string, std::unique_ptr<valijson::Schema>> schemas;
};

Contract::Contract(nlohmann::json document) : document_(std::move(document)), parsed_(std::make_shared<Parsed>()) {
  for (auto const& [path, methods] : document_.at("paths").items()) {
    for (auto const& [method, node] : methods.items()) {
      std::string upper;
      for (char const c : method) upper += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      operations_.push_back({upper, path, &node});
    }
  }
}

Contract const& Contract::shared() {
  static Contract const contract = [] {
    std::ifstream file(SLUICE_CONTRACT_FILE);
    return Contract(nlohmann::json::parse(file));
  }();
  return contract;
}

nlohmann::json const& Contract::resolve(nlohmann::json const& node) const {
  if (!node.is_object() || !node.contains("$ref")) return node;
  return resolve(document_.at(nlohmann::json::json_pointer(node.at("$ref").get<std::string>().substr(1))));
}

std::vector<nlohmann::json> Contract::parameters(Operation const& operation) const {
  std::vector<nlohmann::json> result;
  for (auto const& each : operation.node->at("parameters")) result.push_back(resolve(each));
  return result;
}

nlohmann::json const& Contract::schema(std::string const& name) const { return document_.at("components").at("schemas").at(name); }

std::optional<Operation> Contract::match(std::string_view method, std::string_view path) const {
  std::optional<Operation> best;
  int most = -1;
  for (auto const& operation : operations_) {
    if (operation.method != method) continue;
    bool rest = false;
    for (auto const& parameter : parameters(operation)) rest = rest || parameter.value("x-sluice-rest", false);
    auto const literal = fit(operation.path, path, rest);
    if (literal && *literal > most) {
      most = *literal;
      best = operation;
    }
  }
  return best;
}

std::vector<std::string> Contract::errors(nlohmann::json const& schema, nlohmann::json const& value) const {
  valijson::Schema const& parsed = parsed_->of(schema, document_.at("components").at("schemas"));
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  NlohmannJsonAdapter const value_adapter(value);
  std::vector<std::string> found;
  if (validator.validate(parsed, value_adapter, &results)) return found;
  for (auto const& error : results) {
    std::string where;
    for (auto const& part : error.context) where += part;
    found.push_back(fmt::format("{}: {}", where, error.description));
  }
  if (found.empty()) found.emplace_back("does not fit");
  return found;
}

std::vector<Contract::Example> Contract::examples() const {
  std::vector<Example> result;
  auto const of_content = [&](std::string const& place, nlohmann::json const& content) {
    for (auto const& [media_type, media] : content.items()) {
      if (!media.contains("examples")) continue;
      for (auto const& [name, example] : media.at("examples").items()) {
        result.push_back({fmt::format("{} {} {}", place, media_type, name), media_type, &media.at("schema"), &example.at("value")});
      }
    }
  };
  for (auto const& operation : operations_) {
    if (operation.node->contains("requestBody")) of_content(operation.name() + " body", operation.node->at("requestBody").at("content"));
    for (auto const& [status, answer] : operation.node->at("responses").items()) {
      if (!answer.contains("$ref") && answer.contains("content")) of_content(operation.name() + " " + status, answer.at("content"));
    }
  }
  for (auto const& [name, answer] : document_.at("components").at("responses").items())
    of_content("response " + name, answer.at("content"));
  return result;
}

}  // namespace sluice::contract
