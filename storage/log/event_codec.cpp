// Entries: one writer and one reader, both driven by the events' own list of members.
#include "storage/log/event_codec.hpp"

#include "policy/enum_names.hpp"
#include "policy/json/canonical_writer.hpp"
#include "policy/reason.hpp"

#include <array>
#include <cassert>
#include <concepts>
#include <type_traits>
#include <utility>

namespace sluice::log {
namespace {

using namespace policy;

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;
template <class T>
constexpr bool is_vector = false;
template <class T>
constexpr bool is_vector<std::vector<T>> = true;
template <class T>
constexpr bool is_name_type = false;
template <class Tag>
constexpr bool is_name_type<Name<Tag>> = true;
template <class T>
constexpr bool is_number_type = false;
template <class Tag>
constexpr bool is_number_type<Number<Tag>> = true;

std::string region_text(RegionCode region) {
  std::string digits = std::to_string(region.code);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

class Writer {
 public:
  explicit Writer(std::string& out) : json_(out) {}

  template <class Struct>
  void object(Struct const& value) {
    json_.begin_object();
    Struct::fields(value, [this](std::string_view key, auto const& member) { this->member(key, member); });
    json_.end_object();
  }

  json::CanonicalWriter& json() { return json_; }

 private:
  template <class T>
  void member(std::string_view key, T const& value) {
    if constexpr (is_optional<T>) {
      if (value) member(key, *value);
    } else {
      json_.key(key);
      put(value);
    }
  }

  template <class T>
  void put(T const& value) {
    if constexpr (std::same_as<T, bool>) {
      json_.boolean(value);
    } else if constexpr (std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t>) {
      json_.integer(value);
    } else if constexpr (std::same_as<T, std::uint64_t>) {
      json_.decimal(value);
    } else if constexpr (std::same_as<T, std::string>) {
      json_.string(value);
    } else if constexpr (std::same_as<T, Money>) {
      json_.decimal(value.micro_yuan);
    } else if constexpr (std::same_as<T, Timestamp>) {
      json_.integer(value.ms);
    } else if constexpr (std::same_as<T, Hash>) {
      json_.string(to_hex(value));
    } else if constexpr (std::same_as<T, SharedBytes>) {
      json_.string(to_hex(value.hash));
    } else if constexpr (std::same_as<T, AttemptId>) {
      json_.string(to_string(value));
    } else if constexpr (std::same_as<T, RegionCode>) {
      json_.string(region_text(value));
    } else if constexpr (std::same_as<T, Reason>) {
      json_.string(code(value));
    } else if constexpr (is_name_type<T>) {
      json_.string(value.text);
    } else if constexpr (is_number_type<T>) {
      json_.decimal(value.value);
    } else if constexpr (std::is_enum_v<T>) {
      json_.string(name_of(value));
    } else if constexpr (is_vector<T>) {
      json_.begin_array();
      for (auto const& element : value) put(element);
      json_.end_array();
    } else {
      object(value);
    }
  }

  json::CanonicalWriter json_;
};

/// Reads members; the first error ends everything, so later reads are skipped.
class Reader {
 public:
  explicit Reader(BlobSource const& blobs) : blobs_(blobs) {}

  template <class Struct>
  void object(json::FastObject& source, Struct& value) {
    Struct::fields(value, [&](std::string_view key, auto& member) {
      if (!error_.empty()) return;
      this->member(source, key, member);
    });
    if (!error_.empty()) return;
    if (auto const done = source.finish(); !done) fail(json::to_string(done.error()));
  }

  std::string const& error() const { return error_; }
  void fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }

 private:
  template <class T>
  void member(json::FastObject& source, std::string_view key, T& value) {
    if constexpr (is_optional<T>) {
      if (!source.has(key)) return;
      member(source, key, value.emplace());
    } else {
      auto const found = source.field(key);
      if (!found) return fail(json::to_string(found.error()));
      if (std::string const what = get(*found, value); !what.empty()) fail("\"" + std::string(key) + "\": " + what);
    }
  }

  template <class T>
  static std::string assign(json::Fast<T> const& found, auto&& set) {
    if (!found) return json::to_string(found.error());
    return set(*found);
  }

  /// Empty when the value was read; else what is wrong with it.
  template <class T>
  std::string get(json::FastValue const& from, T& value) {
    if constexpr (std::same_as<T, bool>) {
      return assign(from.boolean(), [&](bool v) {
        value = v;
        return std::string();
      });
    } else if constexpr (std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t>) {
      return assign(from.integer(), [&](std::int64_t v) {
        if (!std::in_range<T>(v)) return std::string("out of range");
        value = static_cast<T>(v);
        return std::string();
      });
    } else if constexpr (std::same_as<T, std::uint64_t>) {
      return assign(from.unsigned_decimal(), [&](std::uint64_t v) {
        value = v;
        return std::string();
      });
    } else if constexpr (std::same_as<T, std::string>) {
      return assign(from.string(), [&](std::string_view v) {
        value = v;
        return std::string();
      });
    } else if constexpr (std::same_as<T, Money>) {
      return assign(from.decimal(), [&](std::int64_t v) {
        value.micro_yuan = v;
        return std::string();
      });
    } else if constexpr (std::same_as<T, Timestamp>) {
      return assign(from.integer(), [&](std::int64_t v) {
        value.ms = v;
        return std::string();
      });
    } else if constexpr (std::same_as<T, Hash>) {
      return assign(from.string(), [&](std::string_view v) { return read_hash(v, value); });
    } else if constexpr (std::same_as<T, SharedBytes>) {
      return assign(from.string(), [&](std::string_view v) {
        std::string const what = read_hash(v, value.hash);
        if (what.empty() && blobs_) value.bytes = blobs_(value.hash);
        return what;
      });
    } else if constexpr (std::same_as<T, AttemptId>) {
      return assign(from.string(), [&](std::string_view v) {
        auto const id = attempt_from_string(v);
        if (!id) return id.error();
        value = *id;
        return std::string();
      });
    } else if constexpr (std::same_as<T, RegionCode>) {
      return assign(from.string(), [&](std::string_view v) {
        if (v.size() != 6 || v.find_first_not_of("0123456789") != std::string_view::npos) return std::string("a region is six digits");
        value.code = 0;
        for (char const c : v) value.code = value.code * 10 + (c - '0');
        return std::string();
      });
    } else if constexpr (std::same_as<T, Reason>) {
      return assign(from.string(), [&](std::string_view v) {
        auto const reason = reason_from_code(v);
        if (!reason) return "unknown reason \"" + std::string(v) + "\"";
        value = *reason;
        return std::string();
      });
    } else if constexpr (is_name_type<T>) {
      return assign(from.string(), [&](std::string_view v) {
        if (!is_name(v)) return std::string("not a name");
        value.text = v;
        return std::string();
      });
    } else if constexpr (is_number_type<T>) {
      return assign(from.unsigned_decimal(), [&](std::uint64_t v) {
        value.value = v;
        return std::string();
      });
    } else if constexpr (std::is_enum_v<T>) {
      return assign(from.string(), [&](std::string_view v) {
        auto const named = from_name<T>(v);
        if (!named) return "unknown value \"" + std::string(v) + "\"";
        value = *named;
        return std::string();
      });
    } else if constexpr (is_vector<T>) {
      auto array = from.array();
      if (!array) return json::to_string(array.error());
      value.clear();
      value.reserve(array->size());
      for (; !array->at_end(); array->advance()) {
        if (std::string what = get(array->current(), value.emplace_back()); !what.empty()) return what;
      }
      return {};
    } else {
      auto nested = from.object();
      if (!nested) return json::to_string(nested.error());
      object(*nested, value);
      return std::exchange(error_, {});
    }
  }

  static std::string read_hash(std::string_view text, Hash& hash) {
    auto const read = hash_from_hex(text);
    if (!read) return read.error();
    hash = *read;
    return {};
  }

  BlobSource const& blobs_;
  std::string error_;
};

/// One decoder per event type, found by the text of "@".
using BodyDecoder = void (*)(Reader&, json::FastObject&, Event&);

template <class E>
void decode_body(Reader& reader, json::FastObject& body, Event& out) {
  E event;
  reader.object(body, event);
  out = std::move(event);
}

template <std::size_t... I>
BodyDecoder find_decoder(std::string_view type, std::index_sequence<I...>) {
  BodyDecoder found = nullptr;
  ((std::variant_alternative_t<I, Event>::type == type ? (found = &decode_body<std::variant_alternative_t<I, Event>>, true) : false) ||
   ...);
  return found;
}

void encode_to(std::string& out, Stamped const& stamped) {
  Writer writer(out);
  auto& json = writer.json();
  json.begin_object().key("@").string(type_of(stamped.event)).key("at_ms").integer(stamped.at.ms).key("body");
  std::visit([&](auto const& event) { writer.object(event); }, stamped.event);
  json.end_object();
}

}  // namespace

std::string encode_entry(Stamped const& stamped) {
  std::string out;
  out.reserve(512);
  encode_to(out, stamped);
  assert(out.size() <= entry_bytes_max);
  return out;
}

void collect_blobs(Event const& event, std::vector<Blob>& blobs) {
  if (auto const* decided = std::get_if<RoundDecided>(&event)) {
    for (SharedBytes const* part : {&decided->plan, &decided->prices}) {
      assert(part->bytes);
      blobs.push_back({part->hash, *part->bytes});
    }
  }
}

std::expected<Stamped, std::string> EntryDecoder::decode(std::string_view entry) {
  auto root = parser_.parse_object(entry);
  if (!root) return std::unexpected(json::to_string(root.error()));
  auto const type = root->string("@");
  if (!type) return std::unexpected(json::to_string(type.error()));
  auto const at = root->integer("at_ms");
  if (!at) return std::unexpected(json::to_string(at.error()));
  auto body = root->object("body");
  if (!body) return std::unexpected(json::to_string(body.error()));
  if (auto const done = root->finish(); !done) return std::unexpected(json::to_string(done.error()));

  BodyDecoder const decoder = find_decoder(*type, std::make_index_sequence<std::variant_size_v<Event>>{});
  if (decoder == nullptr) return std::unexpected("unknown entry type \"" + std::string(*type) + "\"");
  Stamped stamped{.at = {*at}, .event = {}};
  Reader reader(blobs_);
  decoder(reader, *body, stamped.event);
  if (!reader.error().empty()) return std::unexpected(std::string(type_of(stamped.event)) + ": " + reader.error());

  // What reads well may still be written otherwise (an escape, a leading zero): only one text per event is an entry.
  again_.clear();
  encode_to(again_, stamped);
  if (again_ != entry) return std::unexpected("not in canonical form");
  return stamped;
}

}  // namespace sluice::log
