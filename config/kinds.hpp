// The types of values that keys take: how each is read, bounded, shown and described.
#pragma once

#include "config/money_text.hpp"
#include "config/section.hpp"
#include "policy/definitions.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::config {

/// A kind whose whole reading is "value to member, or what is wrong".
template <class M>
Kind<M> simple_kind(std::string type, std::string allowed, std::function<std::expected<M, std::string>(Value const&)> parse,
                    std::function<std::string(M const&)> show) {
  Kind<M> kind;
  kind.type = std::move(type);
  kind.allowed = std::move(allowed);
  kind.read = [parse = std::move(parse)](Reader& reader, Value const& value, M& out) {
    auto parsed = parse(value);
    if (!parsed) {
      reader.error(value.at, std::move(parsed.error()));
      return false;
    }
    out = std::move(*parsed);
    return true;
  };
  kind.show = std::move(show);
  return kind;
}

/// The value as a message quotes it: 70000, 'inf', a table.
std::string quoted(Value const& value);
/// A TOML basic string with everything escaped that must be.
std::string toml_string(std::string_view text);
/// The text, or "must be a text …, not …".
std::expected<std::string, std::string> text_of(Value const& value, std::string_view what);
std::expected<std::int64_t, std::string> integer_of(Value const& value, std::int64_t min, std::int64_t max, std::string_view unit);

Kind<bool> boolean();
/// Visible characters of any script on one line, at most `bytes_max` bytes.
Kind<std::string> text(std::size_t bytes_max);
/// ASCII only: what goes into public entries as it stands.
Kind<std::string> ascii_text(std::size_t bytes_max);
/// Before the name of a credential where a path is expected.
constexpr std::string_view credential_scheme = "credential:";

/// A path; a relative one starts at the folder of sluice.toml. "credential:NAME" stays as it is: see file_of().
Kind<std::string> file_path();
/// An absolute path as another machine sees it, or a URL-like prefix ("obs://bucket/").
Kind<std::string> prefix();
/// http or https, host, optional port and path; no user, query or fragment.
Kind<std::string> base_url();
/// An IPv4 or IPv6 literal.
Kind<std::string> ip_address();
/// An address or network, "10.20.0.0/16".
Kind<std::string> network();
/// The file name of a credential, or empty for none.
Kind<std::string> credential();
/// Amounts as parse_money reads them, within bounds.
Kind<policy::Money> money(policy::Money min = {0}, policy::Money max = policy::money_max);
/// A rate in basis points, 1 … 10,000.
Kind<std::int32_t> rate_bp();
/// GB/T 2260, six digits.
Kind<policy::RegionCode> region();
/// The first moment of a day in Asia/Shanghai, or a moment with offset.
Kind<policy::Timestamp> day_begin();
/// The first moment after a day in Asia/Shanghai (a voucher is good until 23:59:59 of that day), or a moment with offset.
Kind<policy::Timestamp> day_end();
Kind<double> decimal(double min, double max);
Kind<std::map<std::string, std::string>> names_map(std::size_t rows_max);

/// The text when it is a policy::Name. Error: what a name is.
std::expected<std::string, std::string> name_of(Value const& value);

template <class Tag>
Kind<policy::Name<Tag>> name() {
  using Named = policy::Name<Tag>;
  return simple_kind<Named>(
      "name", "a letter or digit, then letters, digits, '.', '_', '-'; at most 63",
      [](Value const& value) -> std::expected<Named, std::string> {
        auto read = name_of(value);
        if (!read) return std::unexpected(std::move(read.error()));
        return Named{std::move(*read)};
      },
      [](Named const& named) { return toml_string(named.text); });
}

/// Integers of the member's own type, within bounds.
class IntegerRange {
 public:
  constexpr IntegerRange(std::int64_t min, std::int64_t max) : min_(min), max_(max) {}
  template <std::integral M>
  operator Kind<M>() const {  // NOLINT(google-explicit-constructor): the member's type picks the kind
    return simple_kind<M>(
        "integer", std::to_string(min_) + " … " + std::to_string(max_),
        [min = min_, max = max_](Value const& value) -> std::expected<M, std::string> {
          auto read = integer_of(value, min, max, "");
          if (!read) return std::unexpected(std::move(read.error()));
          return static_cast<M>(*read);
        },
        [](M const& number) { return std::to_string(number); });
  }

 private:
  std::int64_t min_;
  std::int64_t max_;
};

constexpr IntegerRange integer(std::int64_t min, std::int64_t max) { return {min, max}; }

/// The words of a choice, each with the number of its meaning.
using Words = std::vector<std::pair<std::string, std::int64_t>>;
std::string allowed_words(Words const& words);
std::expected<std::int64_t, std::string> word_of(Value const& value, Words const& words);
std::string show_word(std::int64_t meaning, Words const& words);

/// One of a closed set of words.
template <class E>
Kind<E> choice(std::initializer_list<std::pair<std::string_view, E>> meanings) {
  Words words;
  for (auto const& [word, meaning] : meanings) words.emplace_back(word, static_cast<std::int64_t>(meaning));
  return simple_kind<E>(
      "word", allowed_words(words),
      [words](Value const& value) -> std::expected<E, std::string> {
        auto const meaning = word_of(value, words);
        if (!meaning) return std::unexpected(meaning.error());
        return static_cast<E>(*meaning);
      },
      [words](E const& meaning) { return show_word(static_cast<std::int64_t>(meaning), words); });
}
/// One of a closed set of words that stand for themselves.
Kind<std::string> word(std::vector<std::string> const& allowed);

/// A list of plain values. Doubles are errors: a repeated word is a slip.
template <class M>
Kind<std::vector<M>> list_of(Kind<M> element, std::size_t count_max) {
  Kind<std::vector<M>> kind;
  kind.type = "list of " + element.type;
  kind.allowed = element.allowed + (element.allowed.empty() ? "" : "; ") + "at most " + std::to_string(count_max);
  kind.read = [read = element.read, count_max](Reader& reader, Value const& value, std::vector<M>& out) {
    List const* list = rows_of(reader, value, count_max);
    if (list == nullptr) return false;
    bool good = true;
    for (std::size_t row = 0; row < list->size(); ++row) {
      Reader::Step const step(reader, row);
      reader.place((*list)[row].at);
      M m{};
      if (!read(reader, (*list)[row], m)) {
        good = false;
      } else if (std::ranges::find(out, m) != out.end()) {
        reader.error((*list)[row].at, quoted((*list)[row]) + " stands here twice");
        good = false;
      } else {
        out.push_back(std::move(m));
      }
    }
    return good;
  };
  kind.show = [show = element.show](std::vector<M> const& values) {
    std::string shown;
    for (M const& value : values) shown += (shown.empty() ? "" : ", ") + show(value);
    return "[" + shown + "]";
  };
  return kind;
}

}  // namespace sluice::config
