// The contract against its own rules: every example fits its schema, every route has roles, every code is known.
#include "tests/contract/contract.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace sluice::contract {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

Contract const& contract() { return Contract::shared(); }

std::set<std::string> codes(char const* list) {
  std::set<std::string> result;
  for (auto const& each : contract().document().at(list)) {
    EXPECT_TRUE(result.insert(each.at("code").get<std::string>()).second) << each.at("code") << " is listed twice in " << list;
  }
  return result;
}

TEST(Contract, EveryExampleFitsItsSchema) {
  auto const examples = contract().examples();
  EXPECT_GT(examples.size(), 100U);
  for (auto const& example : examples) {
    EXPECT_THAT(contract().errors(*example.schema, *example.value), IsEmpty()) << example.place;
  }
}

TEST(Contract, EverySchemaExampleFits) {
  for (auto const& [name, schema] : contract().document().at("components").at("schemas").items()) {
    if (!schema.contains("examples")) continue;
    for (auto const& example : schema.at("examples")) EXPECT_THAT(contract().errors(schema, example), IsEmpty()) << name;
  }
}

TEST(Contract, AnExampleThatIsSpoiledDoesNotFit) {
  // Each required member left out, and each member given another type, must be noticed: else the test above proves nothing.
  auto const examples = contract().examples();
  int spoiled = 0;
  std::set<std::string> seen;
  for (auto const& example : examples) {
    auto const& schema = contract().resolve(*example.schema);
    if (!example.value->is_object() || !schema.contains("required") || !seen.insert(example.schema->dump()).second) continue;
    for (auto const& name : schema.at("required")) {
      auto without = *example.value;
      without.erase(name.get<std::string>());
      EXPECT_THAT(contract().errors(*example.schema, without), Not(IsEmpty())) << example.place << " without " << name;
      auto other = *example.value;
      other[name.get<std::string>()] = 1.5;
      EXPECT_THAT(contract().errors(*example.schema, other), Not(IsEmpty())) << example.place << " with 1.5 for " << name;
      spoiled += 2;
    }
  }
  EXPECT_GT(spoiled, 300);
}

TEST(Contract, RequestBodiesRefuseUnknownMembersEverywhere) {
  int places = 0;
  for (auto const& example : contract().examples()) {
    if (!example.place.contains(" body ")) continue;
    walk(*example.value, "", [&](std::string const& pointer, nlohmann::json const& value) {
      if (!value.is_object() || pointer.ends_with("/environment")) return;
      auto changed = *example.value;
      changed[nlohmann::json::json_pointer(pointer)]["unknown_member"] = 1;
      EXPECT_THAT(contract().errors(*example.schema, changed), Not(IsEmpty())) << example.place << " at " << pointer;
      ++places;
    });
  }
  EXPECT_GT(places, 30);
}

TEST(Contract, TakesTheJobOfTheReadme) {
  auto const job = nlohmann::json::parse(R"({"name":"llama-ft",
    "gang":{"cards":8,"min_memory_gib":64,"interconnect_min_gbps":200,"cpus":64,"memory_gib":512},
    "variants":[{"framework":"cuda","accelerators":[{"type":"A100"},{"type":"H800","throughput_ppm":1300000}],
                 "image":"hub.example/ft:1","command":["bash","train.sh"],"environment":{"K":"V"}},
                {"framework":"cann","accelerators":[{"type":"Ascend910B"}],"image":"hub.example/ft-npu:1","command":["bash","train.sh"],"porting_hours":"6"}],
    "work":{"reference":"A100","card_hours":"96.5"},"max_runtime_s":172800,
    "inputs":["obs://b/in/"],"outputs":["obs://b/out/"],"checkpoint":"obs://b/ckpt/","retry":{"max_attempts":3},
    "max_cost_yuan":"5000.00","deadline":"2026-12-01T00:00:00+08:00",
    "data":{"class":"general","regions":["520000","621000"],"location":"520100","gib":200},"preemptible":false})");
  EXPECT_THAT(contract().errors(contract().schema("JobRequest"), job), IsEmpty());
}

TEST(Contract, CountsAreIntegersAndMoneyIsDecimalText) {
  auto const& yuan = contract().schema("Yuan");
  for (auto const* const good : {"0", "0.000001", "5000.00", "1000000000000"})
    EXPECT_THAT(contract().errors(yuan, good), IsEmpty()) << good;
  for (auto const* const bad : {"", "-1", "+1", "1e3", "01", "1.", ".5", "1.0000001", " 1", "1 ", "10000000000000", "NaN", "１"}) {
    EXPECT_THAT(contract().errors(yuan, bad), Not(IsEmpty())) << bad;
  }
  EXPECT_THAT(contract().errors(yuan, 5000), Not(IsEmpty()));
  auto const& gang = contract().schema("Gang");
  for (auto const* const bad : {"8.0", "\"8\"", "0", "-1", "2147483648", "true", "1e2", "null", "18446744073709551616"}) {
    auto const value = nlohmann::json::parse(fmt::format(R"({{"cards":{}}})", bad));
    EXPECT_THAT(contract().errors(gang, value), Not(IsEmpty())) << bad;
  }
}

TEST(Contract, EveryRouteSaysWhoMayCallIt) {
  std::set<std::string> const roles = {"tenant", "operator", "approver", "auditor", "public"};
  std::set<std::string> names;
  for (auto const& operation : contract().operations()) {
    auto const& node = *operation.node;
    EXPECT_TRUE(names.insert(node.at("operationId").get<std::string>()).second) << operation.name();
    auto const& allowed = node.at("x-sluice-roles");
    ASSERT_FALSE(allowed.empty()) << operation.name();
    bool open = false;
    bool approver_only = true;
    for (auto const& role : allowed) {
      EXPECT_TRUE(roles.contains(role.get<std::string>())) << operation.name() << " " << role;
      open = open || role == "public";
      approver_only = approver_only && role == "approver";
    }
    EXPECT_EQ(open, node.at("security").empty()) << operation.name();
    EXPECT_EQ(open, !node.at("responses").contains("401")) << operation.name();
    EXPECT_EQ(open, !node.at("responses").contains("403")) << operation.name();
    // The local socket acts as operator and never approves.
    if (approver_only) {
      EXPECT_FALSE(node.at("x-sluice-socket").get<bool>()) << operation.name();
    }
    if (operation.path.contains("approval")) {
      EXPECT_TRUE(approver_only) << operation.name();
    }
    if (operation.path.starts_with("/v1/deposits") && operation.method == "POST") {
      EXPECT_EQ(allowed, nlohmann::json::array({"operator"}));
    }
  }
  EXPECT_GT(names.size(), 50U);
}

TEST(Contract, HeadersGoWithTheirStatuses) {
  for (auto const& operation : contract().operations()) {
    auto const& node = *operation.node;
    std::set<std::string> required;
    for (auto const& parameter : contract().parameters(operation)) {
      if (parameter.at("in") == "header" && parameter.value("required", false)) required.insert(parameter.at("name").get<std::string>());
    }
    bool const keyed = node.at("x-sluice-idempotency") == "required";
    EXPECT_EQ(keyed, required.contains("Idempotency-Key")) << operation.name();
    EXPECT_EQ(required.contains("If-Match"), node.at("responses").contains("428")) << operation.name();
    for (auto const& [status, reference] : node.at("responses").items()) {
      auto const& answer = contract().resolve(reference);
      if (status[0] == '4' || (status[0] == '5' && operation.path != "/readyz")) {
        EXPECT_TRUE(answer.at("content").contains("application/problem+json")) << operation.name() << " " << status;
      }
      if (status == "201" && node.at("operationId") != "recordDeposit") {  // a deposit is a line of the balance, not a thing of its own
        EXPECT_TRUE(answer.at("headers").contains("Location")) << operation.name();
      }
      if (keyed && status[0] == '2') {
        EXPECT_TRUE(answer.at("headers").contains("Idempotent-Replayed")) << operation.name();
      }
      if (status == "429" || status == "503" || status == "507") {
        EXPECT_TRUE(answer.at("headers").contains("Retry-After")) << operation.name();
      }
    }
    // Path parameters are declared, and only those of the path.
    std::set<std::string> in_path;
    std::regex const named(R"(\{(\w+)\})");
    for (std::sregex_iterator it(operation.path.begin(), operation.path.end(), named), end; it != end; ++it) in_path.insert((*it)[1]);
    std::set<std::string> declared;
    for (auto const& parameter : contract().parameters(operation)) {
      if (parameter.at("in") == "path") declared.insert(parameter.at("name").get<std::string>());
    }
    EXPECT_EQ(in_path, declared) << operation.name();
  }
}

TEST(Contract, ListsArePagedAlike) {
  int lists = 0;
  for (auto const& operation : contract().operations()) {
    if (!operation.node->at("operationId").get<std::string>().starts_with("list")) continue;
    ++lists;
    std::map<std::string, nlohmann::json> query;
    for (auto const& parameter : contract().parameters(operation)) {
      if (parameter.at("in") == "query") query[parameter.at("name").get<std::string>()] = parameter.at("schema");
    }
    ASSERT_TRUE(query.contains("limit") && query.contains("cursor")) << operation.name();
    EXPECT_EQ(query["limit"].at("maximum"), 1000) << operation.name();
    auto const& answer = operation.node->at("responses").at("200");
    EXPECT_TRUE(answer.at("headers").contains("Link")) << operation.name();
    auto const& page = contract().resolve(answer.at("content").at("application/json").at("schema"));
    EXPECT_EQ(page.at("required"), nlohmann::json::array({"data", "next"})) << operation.name();
    EXPECT_EQ(page.at("properties").at("data").at("maxItems"), 1000) << operation.name();
  }
  EXPECT_GE(lists, 12);
}

TEST(Contract, ProblemsAndReasonsAreListed) {
  auto const problems = codes("x-sluice-problems");
  auto const reasons = codes("x-sluice-reasons");
  std::map<std::string, int> status_of;
  for (auto const& each : contract().document().at("x-sluice-problems")) {
    status_of[each.at("code").get<std::string>()] = each.at("status").get<int>();
    for (auto const* const text : {"title", "action"}) {
      EXPECT_FALSE(each.at(text).at("en").get<std::string>().empty()) << each.at("code");
      EXPECT_FALSE(each.at(text).at("zh").get<std::string>().empty()) << each.at("code");
    }
  }
  std::set<int> answered;
  for (auto const& example : contract().examples()) {
    if (example.media_type == "application/problem+json") {
      auto const code = example.value->at("code").get<std::string>();
      EXPECT_TRUE(problems.contains(code)) << example.place;
      EXPECT_EQ(status_of[code], example.value->at("status").get<int>()) << example.place;
      answered.insert(example.value->at("status").get<int>());
    }
    walk(*example.value, "", [&](std::string const& pointer, nlohmann::json const& value) {
      if (value.is_object() && value.contains("code") && value.contains("zh")) {
        EXPECT_TRUE(reasons.contains(value.at("code").get<std::string>())) << example.place << pointer;
      }
    });
  }
  for (auto const& [code, status] : status_of) EXPECT_TRUE(answered.contains(status)) << code;
}

TEST(Contract, ReasonsAreThoseOfPolicy) {
  std::ifstream file(SLUICE_REASON_FILE);
  std::stringstream text;
  text << file.rdbuf();
  auto source = text.str();
  auto const begin = source.find("enum class Reason");
  ASSERT_NE(begin, std::string::npos);
  source = source.substr(source.find('{', begin) + 1);
  source.resize(source.find("};"));
  source = std::regex_replace(source, std::regex("//[^\n]*"), "");
  std::set<std::string> in_policy;
  std::regex const name("([a-z_]+)[^,]*,");
  for (std::sregex_iterator it(source.begin(), source.end(), name), end; it != end; ++it) in_policy.insert((*it)[1]);
  in_policy.erase("none");
  EXPECT_GT(in_policy.size(), 80U);
  EXPECT_EQ(codes("x-sluice-reasons"), in_policy);
}

TEST(Contract, SchemasStayInTheCommonSubset) {
  std::set<std::string> const allowed = {"$ref",          "type",          "properties", "required",     "additionalProperties",
                                         "propertyNames", "maxProperties", "items",      "minItems",     "maxItems",
                                         "uniqueItems",   "enum",          "pattern",    "minLength",    "maxLength",
                                         "minimum",       "maximum",       "default",    "description",  "examples",
                                         "format",        "oneOf",         "allOf",      "discriminator"};
  // A schema's keywords, then the schemas below it; not the names of properties.
  auto const check = [&](auto const& self, std::string const& where, nlohmann::json const& schema) -> void {
    ASSERT_TRUE(schema.is_object()) << where;
    if (schema.contains("$ref")) {
      EXPECT_EQ(schema.size(), 1U) << where << ": draft-07 ignores what stands beside $ref";
      EXPECT_NO_THROW(contract().resolve(schema)) << where;
    }
    for (auto const& [keyword, value] : schema.items()) {
      EXPECT_TRUE(allowed.contains(keyword)) << where << " " << keyword;
      if (keyword == "properties") {
        for (auto const& [name, below] : value.items()) self(self, where + "/" + name, below);
      } else if (keyword == "items" || keyword == "propertyNames" || (keyword == "additionalProperties" && value.is_object())) {
        self(self, where + "/" + keyword, value);
      } else if (keyword == "oneOf" || keyword == "allOf") {
        for (auto const& below : value) self(self, where + "/" + keyword, below);
      }
    }
    if (schema.value("type", nlohmann::json()) == "array") {
      EXPECT_TRUE(schema.contains("maxItems")) << where << ": put a limit on everything";
    }
    if (schema.contains("properties") && schema.contains("required")) {
      for (auto const& name : schema.at("required"))
        EXPECT_TRUE(schema.at("properties").contains(name.get<std::string>())) << where << " requires " << name;
    }
  };
  for (auto const& [name, schema] : contract().document().at("components").at("schemas").items()) check(check, name, schema);
}

TEST(Contract, EveryReferenceResolvesAndEveryComponentIsUsed) {
  std::set<std::string> used;
  walk(contract().document(), "", [&](std::string const& pointer, nlohmann::json const& value) {
    if (!value.is_object() || !value.contains("$ref") || !value.at("$ref").is_string()) return;
    auto const reference = value.at("$ref").get<std::string>();
    EXPECT_TRUE(contract().document().contains(nlohmann::json::json_pointer(reference.substr(1)))) << pointer << " names " << reference;
    used.insert(reference);
  });
  for (auto const* const kind : {"schemas", "parameters", "headers", "responses"}) {
    for (auto const& [name, value] : contract().document().at("components").at(kind).items()) {
      EXPECT_THAT(used, Contains(fmt::format("#/components/{}/{}", kind, name)));
    }
  }
}

TEST(Contract, MatchesLiteralSegmentsFirst) {
  EXPECT_EQ(contract().match("GET", "/tile/entries/x001/234.p/5")->path, "/tile/entries/{index}");
  EXPECT_EQ(contract().match("GET", "/tile/0/x001/234")->path, "/tile/{level}/{index}");
  EXPECT_EQ(contract().match("POST", "/v1/rounds/pause")->path, "/v1/rounds/pause");
  EXPECT_EQ(contract().match("GET", "/v1/rounds/911")->path, "/v1/rounds/{n}");
  EXPECT_FALSE(contract().match("PUT", "/v1/jobs"));
}

}  // namespace
}  // namespace sluice::contract
