// The private part of a job as canonical JSON.
#include "broker/payload.hpp"

#include "policy/json/canonical_writer.hpp"
#include "policy/json/reader.hpp"
#include "policy/json/strict.hpp"

#include <nlohmann/json.hpp>

namespace sluice::broker {
namespace {

void write_strings(json::CanonicalWriter& writer, std::vector<std::string> const& texts) {
  writer.begin_array();
  for (std::string const& text : texts) writer.string(text);
  writer.end_array();
}

// What the API admitted comes back whole: these bounds only stop a damaged text.
constexpr json::StringRule any_text{.bytes_min = 0, .bytes_max = 1u << 20, .single_line = false};
constexpr json::ArrayRule any_count{.min = 0, .max = 100'000};

}  // namespace

std::string encode_payload(JobPayload const& payload) {
  std::string out;
  json::CanonicalWriter writer(out);
  writer.begin_object();
  writer.key("checkpoint").string(payload.checkpoint);
  writer.key("inputs");
  write_strings(writer, payload.inputs);
  writer.key("name").string(payload.name);
  writer.key("outputs");
  write_strings(writer, payload.outputs);
  writer.key("variants").begin_array();
  for (PayloadVariant const& variant : payload.variants) {
    writer.begin_object().key("command");
    write_strings(writer, variant.command);
    writer.key("environment").begin_array();  // pairs, not an object: names of the tenant's need not be plain ASCII keys
    for (auto const& [name, value] : variant.environment) writer.begin_array().string(name).string(value).end_array();
    writer.end_array().key("image").string(variant.image).end_object();
  }
  writer.end_array().end_object();
  return out;
}

std::expected<JobPayload, std::string> decode_payload(std::string_view text) {
  auto const document = json::parse_strict(text, {.bytes_max = 8u << 20});
  if (!document) return std::unexpected(json::to_string(document.error()));
  json::Errors errors;
  JobPayload payload;
  {
    json::Reader reader(*document, errors);
    payload.checkpoint = reader.required_string("checkpoint", any_text);
    payload.inputs = reader.required_strings("inputs", any_count, any_text);
    payload.name = reader.required_string("name", any_text);
    payload.outputs = reader.required_strings("outputs", any_count, any_text);
    json::ArrayReader variants = reader.required_array("variants", any_count);
    for (std::size_t i = 0; variants.present() && i < variants.size(); ++i) {
      json::Reader variant = variants.object(i);
      PayloadVariant& out = payload.variants.emplace_back();
      out.command = variant.required_strings("command", any_count, any_text);
      out.image = variant.required_string("image", any_text);
      variant.ignore("environment");
      auto const& pairs = (*document)["variants"][i].value("environment", nlohmann::json::array());
      for (auto const& pair : pairs) {
        if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
          return std::unexpected("environment holds something that is no pair of strings");
        out.environment.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
      }
    }
  }
  if (!errors.empty()) return std::unexpected(errors.list().front().pointer + ": " + errors.list().front().detail);
  return payload;
}

}  // namespace sluice::broker
