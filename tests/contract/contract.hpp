// The REST contract as tests use it: operations, references, and whether a value fits a schema.
#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::contract {

struct Operation {
  std::string method;  ///< "POST"
  std::string path;    ///< template: "/v1/jobs/{id}"
  nlohmann::json const* node = nullptr;
  std::string name() const { return method + " " + path; }
};

class Contract {
 public:
  /// broker/api/openapi.json of the source tree, read once.
  static Contract const& shared();

  nlohmann::json const& document() const { return document_; }
  std::vector<Operation> const& operations() const { return operations_; }
  /// The operation for a path without query; a literal segment wins over a parameter.
  std::optional<Operation> match(std::string_view method, std::string_view path) const;
  /// The value itself, or what its $ref names. REQUIRES: the reference resolves.
  nlohmann::json const& resolve(nlohmann::json const& node) const;
  /// Parameters of an operation, references followed.
  std::vector<nlohmann::json> parameters(Operation const& operation) const;
  /// Why the value does not fit; empty when it does. Draft-07 by valijson, without coercion of types.
  std::vector<std::string> errors(nlohmann::json const& schema, nlohmann::json const& value) const;
  /// The named schema of components/schemas. REQUIRES: it exists.
  nlohmann::json const& schema(std::string const& name) const;
  /// All (place, schema, example) of request bodies and answers, references followed.
  struct Example {
    std::string place;
    std::string media_type;
    nlohmann::json const* schema;
    nlohmann::json const* value;
  };
  std::vector<Example> examples() const;

 private:
  explicit Contract(nlohmann::json document);
  struct Parsed;  ///< schemas as the validator reads them, kept: reading one takes longer than using it
  nlohmann::json document_;
  std::vector<Operation> operations_;
  std::shared_ptr<Parsed> parsed_;
};

/// Calls `visit(pointer, value)` for a value and everything below it.
template <class Visit>
void walk(nlohmann::json const& value, std::string const& pointer, Visit const& visit) {
  visit(pointer, value);
  if (!value.is_structured()) return;
  for (auto const& [key, below] : value.items()) walk(below, pointer + "/" + key, visit);
}

}  // namespace sluice::contract
