// simdjson finds and checks the tokens; here they are counted, compared and copied.
#include "policy/json/quick_parse.hpp"

#include <nlohmann/json.hpp>
#include <simdjson.h>

#include <algorithm>

namespace sluice::json {
namespace {

namespace dom = simdjson::dom;
using Json = nlohmann::json;

class Copier {
 public:
  explicit Copier(Limits const& limits) : limits_(limits) {}

  /// False: something is not allowed. What stands in `to` then is of no use.
  bool copy(dom::element from, Json& to, std::size_t depth) {
    if (++values_ > limits_.values_max) return false;
    switch (from.type()) {
      case dom::element_type::OBJECT:
        return depth < limits_.depth_max && copy_object(from, to, depth);
      case dom::element_type::ARRAY:
        return depth < limits_.depth_max && copy_array(from, to, depth);
      case dom::element_type::STRING:
        return copy_string(from, to);
      case dom::element_type::INT64: {
        std::int64_t value = 0;
        if (from.get_int64().get(value)) return false;
        to = value;
        return true;
      }
      case dom::element_type::DOUBLE: {
        double value = 0;
        if (from.get_double().get(value)) return false;
        to = value;
        return true;
      }
      case dom::element_type::BOOL: {
        bool value = false;
        if (from.get_bool().get(value)) return false;
        to = value;
        return true;
      }
      case dom::element_type::NULL_VALUE:
        to = nullptr;
        return true;
      case dom::element_type::UINT64:  // beyond 64 bits signed
        return false;
    }
    return false;
  }

 private:
  bool copy_object(dom::element from, Json& to, std::size_t depth) {
    dom::object object;
    if (from.get_object().get(object)) return false;
    to = Json::object();
    auto& members = to.get_ref<Json::object_t&>();
    for (auto const [key, value] : object) {
      if (key.size() > limits_.key_bytes_max || ++keys_ > limits_.keys_max) return false;
      auto const [member, fresh] = members.emplace(key, nullptr);
      if (!fresh || !copy(value, member->second, depth + 1)) return false;
    }
    return true;
  }
  bool copy_array(dom::element from, Json& to, std::size_t depth) {
    dom::array array;
    if (from.get_array().get(array)) return false;
    to = Json::array();
    auto& items = to.get_ref<Json::array_t&>();
    for (dom::element const item : array)
      if (!copy(item, items.emplace_back(), depth + 1)) return false;
    return true;
  }
  bool copy_string(dom::element from, Json& to) const {
    std::string_view text;
    if (from.get_string().get(text) || text.size() > limits_.string_bytes_max) return false;
    to = text;
    return true;
  }

  Limits const& limits_;
  std::size_t keys_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

std::optional<Json> parse_quickly(std::string_view text, Limits const& limits) {
  // simdjson 3.0 lets lone surrogates pass in escapes, which are rare: the slow way judges them.
  bool const may_hold_surrogates = text.contains("\\u");
  bool const marked = text.starts_with("\xef\xbb\xbf");
  if (text.size() > std::min(quick_bytes_max, limits.bytes_max) || may_hold_surrogates || marked) return std::nullopt;
  thread_local dom::parser parser(quick_bytes_max);
  dom::element root;
  if (parser.parse(text.data(), text.size(), true).get(root)) return std::nullopt;
  Json document;
  if (!Copier(limits).copy(root, document, 0)) return std::nullopt;
  return document;
}

}  // namespace sluice::json
