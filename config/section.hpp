// A table of keys, declared once: reading, checking, showing and documenting all follow from it.
//
//   Section<PollConfig>("poll", "How clusters are asked.")
//       .defaulted("interval_ms", &PollConfig::interval_ms, integer(100, 60'000), "Time between two polls of one cluster.")
//
// The default of a key is the default of its member, so it stands in one place: the struct.
#pragma once

#include "config/document.hpp"
#include "config/reader.hpp"
#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::config {

/// What the reference documentation says of one key.
struct KeyDoc {
  std::string key;
  std::string type;      ///< "integer"
  std::string allowed;   ///< "1 … 65535"; empty: whatever the type says
  std::string presence;  ///< "required", "unset" or "default 8443"
  std::string description;
  std::shared_ptr<const struct SectionDoc> inner;  ///< of a table or of the rows of a list of tables
};

struct SectionDoc {
  std::string name;
  std::string description;
  std::vector<KeyDoc> keys;
};

/// One effective key of a table, as TOML; `inner` when it is a table or a list of tables and `text` is empty.
struct ShownKey {
  std::string key;
  std::string text;
  std::vector<std::vector<ShownKey>> inner;
  bool list_of_tables = false;
};
using ShownTable = std::vector<ShownKey>;

/// How values of one type are read, described and shown.
template <class M>
struct Kind {
  std::string type;
  std::string allowed;
  /// Sets the member, or reports errors to the reader. Whether it could.
  std::function<bool(Reader&, Value const&, M&)> read;
  /// As a TOML value on one line.
  std::function<std::string(M const&)> show;
  std::shared_ptr<SectionDoc const> inner;
  std::function<std::vector<ShownTable>(M const&)> show_inner;  ///< of tables
  bool list_of_tables = false;
};

template <class S>
class Section {
 public:
  Section(std::string name, std::string description) : doc_(std::make_shared<SectionDoc>()) {
    doc_->name = std::move(name);
    doc_->description = std::move(description);
  }

  /// A key that must be there.
  template <class M, class B>
  Section& required(std::string key, M B::* member, Kind<std::type_identity_t<M>> kind, std::string description) {
    return add<M, B>(std::move(key), member, std::move(kind), "required", std::move(description));
  }
  /// A key that may be absent; then the member keeps its default.
  template <class M, class B>
  Section& defaulted(std::string key, M B::* member, Kind<std::type_identity_t<M>> kind, std::string description) {
    S const defaults{};
    std::string presence = kind.show ? "default " + kind.show(defaults.*member) : "may be absent";
    return add<M, B>(std::move(key), member, std::move(kind), std::move(presence), std::move(description));
  }
  /// A figure that may be unknown; then it stays unset.
  template <class M, class B>
  Section& optional(std::string key, std::optional<M> B::* member, Kind<std::type_identity_t<M>> kind, std::string description) {
    Field field;
    field.present = [member](S const& s) { return (s.*member).has_value(); };
    field.read = [member, read = kind.read](Reader& reader, Value const& value, S& s) {
      M read_value{};
      if (read(reader, value, read_value)) s.*member = std::move(read_value);
    };
    field.show = [member, show = shower(kind)](S const& s) { return show(*(s.*member)); };
    return add(std::move(key), std::move(field), kind, "unset", std::move(description));
  }
  /// A key that becomes an entry of a map under its own name.
  template <class M, class B>
  Section& entry(std::string key, std::map<std::string, M> B::* map, Kind<std::type_identity_t<M>> kind, std::string description) {
    Field field;
    field.present = [map, key](S const& s) { return (s.*map).contains(key); };
    field.read = [map, key, read = kind.read](Reader& reader, Value const& value, S& s) { read(reader, value, (s.*map)[key]); };
    field.show = [map, key, show = shower(kind)](S const& s) { return show((s.*map).at(key)); };
    return add(std::string(key), std::move(field), kind, "unset", std::move(description));
  }
  /// A condition over several keys, looked at when each key by itself was right.
  Section& check(std::function<void(Reader&, S const&)> condition) {
    checks_.push_back(std::move(condition));
    return *this;
  }
  /// A condition over the whole, looked at in any case: it must bear members that were not read.
  Section& check_whole(std::function<void(Reader&, S const&)> condition) {
    whole_checks_.push_back(std::move(condition));
    return *this;
  }

  /// Reads a table into `s`; reports every error in it. Whether there was none.
  bool read(Reader& reader, Value const& value, S& s) const {
    std::size_t const errors_before = reader.errors();
    auto const* table = std::get_if<TableValue>(&value.data);
    if (table == nullptr) {
      reader.error(value.at, fmt::format("must be a table, not {}", kind_name(value)));
      return false;
    }
    reader.place(value.at);
    std::vector<bool> seen(fields_.size());
    for (Member const& member : *table) {
      auto const known = std::ranges::find(doc_->keys, member.key, &KeyDoc::key);
      Reader::Step const step(reader, member.key);
      if (known == doc_->keys.end()) {
        reader.error(member.at, fmt::format("unknown key; allowed here: {}{}", fmt::join(keys(), ", "), did_you_mean(member.key, keys())));
        continue;
      }
      auto const index = static_cast<std::size_t>(known - doc_->keys.begin());
      seen[index] = true;
      reader.place(member.at);
      fields_[index].read(reader, member.value, s);
    }
    for (std::size_t index = 0; index < fields_.size(); ++index) {
      KeyDoc const& key = doc_->keys[index];
      if (seen[index] || key.presence != "required") continue;
      reader.error_at(key.key,
                      fmt::format("is required: {}{}{}; {}", key.type, key.allowed.empty() ? "" : " ", key.allowed, key.description));
    }
    if (reader.errors() == errors_before) {
      for (auto const& condition : checks_) condition(reader, s);
    }
    for (auto const& condition : whole_checks_) condition(reader, s);
    return reader.errors() == errors_before;
  }

  /// Every key that has a value, defaults included.
  ShownTable show(S const& s) const {
    ShownTable shown;
    for (std::size_t index = 0; index < fields_.size(); ++index) {
      if (!fields_[index].present(s)) continue;
      ShownKey key = fields_[index].show(s);
      key.key = doc_->keys[index].key;
      shown.push_back(std::move(key));
    }
    return shown;
  }

  /// The optional keys that have no value.
  std::vector<std::string> unset(S const& s) const {
    std::vector<std::string> names;
    for (std::size_t index = 0; index < fields_.size(); ++index) {
      if (!fields_[index].present(s)) names.push_back(doc_->keys[index].key);
    }
    return names;
  }

  std::shared_ptr<SectionDoc const> doc() const { return doc_; }

 private:
  struct Field {
    std::function<bool(S const&)> present = [](S const&) { return true; };
    std::function<void(Reader&, Value const&, S&)> read;
    std::function<ShownKey(S const&)> show;
  };

  template <class M>
  static std::function<ShownKey(M const&)> shower(Kind<M> const& kind) {
    return [show = kind.show, inner = kind.show_inner, list = kind.list_of_tables](M const& value) {
      ShownKey shown;
      if (inner) {
        shown.inner = inner(value);
        shown.list_of_tables = list;
      } else {
        shown.text = show(value);
      }
      return shown;
    };
  }

  template <class M, class B>
  Section& add(std::string key, M B::* member, Kind<M> kind, std::string presence, std::string description) {
    Field field;
    field.read = [member, read = kind.read](Reader& reader, Value const& value, S& s) { read(reader, value, s.*member); };
    field.show = [member, show = shower(kind)](S const& s) { return show(s.*member); };
    return add(std::move(key), std::move(field), kind, std::move(presence), std::move(description));
  }

  template <class M>
  Section& add(std::string key, Field field, Kind<M> const& kind, std::string presence, std::string description) {
    doc_->keys.push_back({std::move(key), kind.type, kind.allowed, std::move(presence), std::move(description), kind.inner});
    fields_.push_back(std::move(field));
    return *this;
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> names;
    for (KeyDoc const& key : doc_->keys) names.push_back(key.key);
    return names;
  }

  std::shared_ptr<SectionDoc> doc_;
  std::vector<Field> fields_;  ///< in the order of doc_->keys
  std::vector<std::function<void(Reader&, S const&)>> checks_;
  std::vector<std::function<void(Reader&, S const&)>> whole_checks_;
};

/// A table below a key. The section is copied into the kind.
template <class S>
Kind<S> table_of(Section<S> section) {
  auto shared = std::make_shared<Section<S> const>(std::move(section));
  Kind<S> kind;
  kind.type = "table";
  kind.read = [shared](Reader& reader, Value const& value, S& s) { return shared->read(reader, value, s); };
  kind.inner = shared->doc();
  kind.show_inner = [shared](S const& s) { return std::vector<ShownTable>{shared->show(s)}; };
  return kind;
}

/// A list of tables: `[[key]]`, or tables in braces between brackets.
template <class S>
Kind<std::vector<S>> tables_of(Section<S> section, std::size_t rows_max) {
  auto shared = std::make_shared<Section<S> const>(std::move(section));
  Kind<std::vector<S>> kind;
  kind.type = "list of tables";
  kind.allowed = fmt::format("at most {}", rows_max);
  kind.read = [shared, rows_max](Reader& reader, Value const& value, std::vector<S>& rows) {
    auto const* list = std::get_if<List>(&value.data);
    if (list == nullptr) {
      reader.error(value.at, fmt::format("must be a list of tables, not {}", kind_name(value)));
      return false;
    }
    if (list->size() > rows_max) {
      reader.error(value.at, fmt::format("has {} rows; at most {} are allowed", list->size(), rows_max));
      return false;
    }
    bool good = true;
    for (std::size_t row = 0; row < list->size(); ++row) {
      Reader::Step const step(reader, row);
      S s{};
      good = shared->read(reader, (*list)[row], s) && good;
      rows.push_back(std::move(s));
    }
    return good;
  };
  kind.inner = shared->doc();
  kind.show_inner = [shared](std::vector<S> const& rows) {
    std::vector<ShownTable> shown;
    for (S const& row : rows) shown.push_back(shared->show(row));
    return shown;
  };
  kind.list_of_tables = true;
  return kind;
}

/// The TOML text of a table's keys: simple keys first, then tables under headers that begin with `prefix`.
std::string to_toml(ShownTable const& table, std::string const& prefix = "");

}  // namespace sluice::config
