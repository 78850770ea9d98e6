// A table of keys, declared once: reading, checking, showing and documenting all follow from it.
//
//   Section<PollConfig>("poll", "How clusters are asked.")
//       .defaulted("interval_ms", &PollConfig::interval_ms, integer(100, 60'000), "Time between two polls of one cluster.")
//
// The default of a key is the default of its member, so it stands in one place: the struct.
#pragma once

#include "config/document.hpp"
#include "config/reader.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
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

/// Walks the members of a table: an error for each unknown key and each required one that is absent; the others, by their index in `doc`,
/// go to `read_field` with the reader standing at them. False when the value is no table.
bool walk_table(Reader& reader, Value const& value, SectionDoc const& doc,
                std::function<void(std::size_t, Value const&)> const& read_field);

/// The rows of a list of at most `rows_max`, or nullptr after an error.
List const* rows_of(Reader& reader, Value const& value, std::size_t rows_max);

template <class M>
ShownKey show_with(Kind<M> const& kind, M const& value) {
  ShownKey shown;
  if (kind.show_inner) {
    shown.inner = kind.show_inner(value);
    shown.list_of_tables = kind.list_of_tables;
  } else {
    shown.text = kind.show(value);
  }
  return shown;
}

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
    return add(std::move(key), "required", std::move(description), std::make_shared<Plain<M, B> const>(member, std::move(kind)));
  }
  /// A key that may be absent; then the member keeps its default.
  template <class M, class B>
  Section& defaulted(std::string key, M B::* member, Kind<std::type_identity_t<M>> kind, std::string description) {
    S const defaults{};
    std::string presence = kind.show ? "default " + kind.show(defaults.*member) : "may be absent";
    return add(std::move(key), std::move(presence), std::move(description), std::make_shared<Plain<M, B> const>(member, std::move(kind)));
  }
  /// A figure that may be unknown; then it stays unset.
  template <class M, class B>
  Section& optional(std::string key, std::optional<M> B::* member, Kind<std::type_identity_t<M>> kind, std::string description) {
    return add(std::move(key), "unset", std::move(description), std::make_shared<Unset<M, B> const>(member, std::move(kind)));
  }
  /// A key that becomes an entry of a map under its own name.
  template <class M, class B>
  Section& entry(std::string const& key, std::map<std::string, M> B::* map, Kind<std::type_identity_t<M>> kind, std::string description) {
    return add(key, "unset", std::move(description), std::make_shared<Entry<M, B> const>(map, key, std::move(kind)));
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
    bool const walked =
        walk_table(reader, value, *doc_, [&](std::size_t index, Value const& member) { fields_[index]->read(reader, member, s); });
    if (!walked) return false;
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
      if (!fields_[index]->present(s)) continue;
      ShownKey key = fields_[index]->show(s);
      key.key = doc_->keys[index].key;
      shown.push_back(std::move(key));
    }
    return shown;
  }

  /// The optional keys that have no value.
  std::vector<std::string> unset(S const& s) const {
    std::vector<std::string> names;
    for (std::size_t index = 0; index < fields_.size(); ++index) {
      if (!fields_[index]->present(s)) names.push_back(doc_->keys[index].key);
    }
    return names;
  }

  std::shared_ptr<SectionDoc const> doc() const { return doc_; }

 private:
  /// One key: how it is read into S and shown from it.
  class Field {
   public:
    virtual ~Field() = default;
    virtual bool present(S const&) const { return true; }
    virtual void read(Reader& reader, Value const& value, S& s) const = 0;
    virtual ShownKey show(S const& s) const = 0;
    virtual KeyDoc doc() const = 0;
  };

  template <class M>
  class Kinded : public Field {
   public:
    explicit Kinded(Kind<M> kind) : kind_(std::move(kind)) {}
    KeyDoc doc() const override { return {"", kind_.type, kind_.allowed, "", "", kind_.inner}; }

   protected:
    Kind<M> kind_;
  };

  template <class M, class B>
  class Plain final : public Kinded<M> {
   public:
    Plain(M B::* member, Kind<M> kind) : Kinded<M>(std::move(kind)), member_(member) {}
    void read(Reader& reader, Value const& value, S& s) const override { this->kind_.read(reader, value, s.*member_); }
    ShownKey show(S const& s) const override { return show_with(this->kind_, s.*member_); }

   private:
    M B::* member_;
  };

  template <class M, class B>
  class Unset final : public Kinded<M> {
   public:
    Unset(std::optional<M> B::* member, Kind<M> kind) : Kinded<M>(std::move(kind)), member_(member) {}
    bool present(S const& s) const override { return (s.*member_).has_value(); }
    void read(Reader& reader, Value const& value, S& s) const override {
      M known{};
      if (this->kind_.read(reader, value, known)) s.*member_ = std::move(known);
    }
    ShownKey show(S const& s) const override { return show_with(this->kind_, *(s.*member_)); }

   private:
    std::optional<M> B::* member_;
  };

  template <class M, class B>
  class Entry final : public Kinded<M> {
   public:
    Entry(std::map<std::string, M> B::* map, std::string key, Kind<M> kind) : Kinded<M>(std::move(kind)), map_(map), key_(std::move(key)) {}
    bool present(S const& s) const override { return (s.*map_).contains(key_); }
    void read(Reader& reader, Value const& value, S& s) const override { this->kind_.read(reader, value, (s.*map_)[key_]); }
    ShownKey show(S const& s) const override { return show_with(this->kind_, (s.*map_).at(key_)); }

   private:
    std::map<std::string, M> B::* map_;
    std::string key_;
  };

  Section& add(std::string key, std::string presence, std::string description, std::shared_ptr<Field const> field) {
    KeyDoc doc = field->doc();
    doc.key = std::move(key);
    doc.presence = std::move(presence);
    doc.description = std::move(description);
    doc_->keys.push_back(std::move(doc));
    fields_.push_back(std::move(field));
    return *this;
  }

  std::shared_ptr<SectionDoc> doc_;
  std::vector<std::shared_ptr<Field const>> fields_;  ///< in the order of doc_->keys
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
  kind.allowed = "at most " + std::to_string(rows_max);
  kind.read = [shared, rows_max](Reader& reader, Value const& value, std::vector<S>& rows) {
    List const* list = rows_of(reader, value, rows_max);
    if (list == nullptr) return false;
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
