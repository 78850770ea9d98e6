// The contract file: its examples are valid, and the connector reads and writes what it describes.
#include "connectors/centre/reading.hpp"
#include "connectors/centre/writing.hpp"
#include "tests/connectors/centre/schema.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace sluice::connectors::centre {
namespace {

using nlohmann::json;

json const& contract() {
  static json const document = [] {
    std::ifstream file(SLUICE_CENTRE_OPENAPI);
    return json::parse(file);
  }();
  return document;
}

void expect_valid(json const& schema, json const& value, std::string const& where) {
  for (std::string const& breach : test::breaches(contract(), schema, value)) ADD_FAILURE() << where << breach;
}

/// Calls visit(schema, example, where) for every example in the document. Returns how many there were.
std::size_t each_example(json const& node, std::string const& where,
                         std::function<void(json const&, json const&, std::string const&)> const& visit) {
  std::size_t count = 0;
  if (node.is_object() && node.contains("schema")) {
    if (node.contains("example")) {
      visit(node["schema"], node["example"], where);
      ++count;
    }
    if (node.contains("examples")) {
      for (auto const& [name, example] : node["examples"].items()) {
        visit(node["schema"], example["value"], where + "/" + name);
        ++count;
      }
    }
  }
  if (node.is_structured()) {
    for (auto const& [key, child] : node.items()) count += each_example(child, where + "/" + key, visit);
  }
  return count;
}

TEST(CentreContract, EveryExampleIsValid) {
  EXPECT_EQ(contract()["openapi"], "3.1.0");
  std::size_t const examples = each_example(contract()["paths"], "", expect_valid);
  EXPECT_GE(examples, 40u);
}

TEST(CentreContract, EveryBodyHasAnExample) {
  for (auto const& [path, item] : contract()["paths"].items()) {
    for (auto const& [method, operation] : item.items()) {
      if (!operation.is_object()) continue;
      for (auto const& [status, response] : operation["responses"].items()) {
        for (auto const& [media, content] : response["content"].items())
          EXPECT_FALSE(content["examples"].empty()) << method << ' ' << path << ' ' << status;
      }
    }
  }
}

TEST(CentreContract, TheCheckBites) {
  json const& schemas = contract()["components"]["schemas"];
  auto const wrong = [&](char const* schema, char const* value) {
    return !test::breaches(contract(), schemas[schema], json::parse(value)).empty();
  };
  EXPECT_TRUE(wrong("Job", R"({"id":"1","attempt":"a-1","state":"asleep"})"));
  EXPECT_TRUE(wrong("Job", R"({"id":1,"attempt":"a-1","state":"queued"})"));
  EXPECT_TRUE(wrong("Job", R"({"id":"1","attempt":"A 1","state":"queued"})"));
  EXPECT_TRUE(wrong("Usage", R"({"job":"1","card_milliseconds":1,"final":true})"));
  EXPECT_TRUE(wrong("Usage", R"({"job":"1","card_milliseconds":"01","final":true})"));
  EXPECT_TRUE(wrong("Capacity", R"({"offers":[{"accelerator":"A","cards_free":-1}]})"));
  EXPECT_FALSE(wrong("Usage", R"({"job":"1","card_milliseconds":"1","final":true})"));
}

TEST(CentreContract, TheConnectorReadsEveryExampleAnswer) {
  ClusterOptions const options;
  std::size_t read = 0;
  each_example(contract()["paths"], "", [&](json const& schema, json const& value, std::string const& where) {
    if (!schema.contains("$ref")) return;
    std::string const name = schema["$ref"].get<std::string>().substr(21);
    std::string const body = value.dump();
    bool understood = true;
    if (name == "Capacity") understood = read_offers(body, options, {0}).has_value() && read_voucher_terms(body, options, {0}).has_value();
    if (name == "Job") understood = read_job(body).has_value() && read_job(body)->phase != RemotePhase::unknown;
    if (name == "JobPage") understood = read_jobs(body).has_value();
    if (name == "Usage") understood = read_usage(body).has_value();
    if (name == "Problem") understood = !read_problem(body).code.empty();
    EXPECT_TRUE(understood) << where;
    ++read;
  });
  EXPECT_GE(read, 30u);
}

TEST(CentreContract, EveryStateOfTheContractIsKnown) {
  for (json const& state : contract()["components"]["schemas"]["Job"]["properties"]["state"]["enum"]) {
    auto const status = read_job(json{{"id", "1"}, {"attempt", "a-1-1"}, {"state", state}}.dump());
    EXPECT_NE(status->phase, RemotePhase::unknown) << state;
  }
}

TEST(CentreContract, WhatTheConnectorWritesIsValid) {
  DispatchOrder order;
  order.attempt.text = "sluice-18446744073709551615-4294967295";
  order.accelerator.text = "A100";
  order.cards = 8;
  order.cards_per_node = 8;
  order.cpus = 64;
  order.host_memory_gib = 512;
  order.framework.text = "cuda";
  order.image = "hub.example/ft:1";
  order.command = {"bash", "\xff broken"};
  order.environment = {{"K", "V"}};
  order.inputs = {"obs://b/in/"};
  order.outputs = {"obs://b/out/"};
  order.checkpoint = "obs://b/ckpt/";
  order.run_limit_ms = 172'800'000;
  order.checkpoint_grace_ms = 120'000;
  order.agreed_price = Price{{1}, PriceUnit::card_second};
  order.programme.emplace("p-1");
  order.voucher = "v";
  expect_valid(contract()["components"]["schemas"]["Order"], json::parse(write_order(order, {})), "order");
}

}  // namespace
}  // namespace sluice::connectors::centre
