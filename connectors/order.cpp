#include "connectors/order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace sluice::connectors {
namespace {

constexpr std::size_t name_length_max = 40;

bool is_lower(char each) { return each >= 'a' && each <= 'z'; }
bool is_digit(char each) { return each >= '0' && each <= '9'; }

bool is_instance(std::string_view text) {
  return !text.empty() && text.size() <= 8 && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char each) { return is_lower(each) || is_digit(each); });
}

}  // namespace

AttemptName attempt_name(std::string_view instance, policy::AttemptId id) {
  assert(is_instance(instance));
  AttemptName name{fmt::format("{}-{}-{}", instance, id.job.value, id.number)};  // at most 8 + 1 + 20 + 1 + 10 characters
  assert(name.text.size() <= name_length_max);
  return name;
}

std::optional<policy::AttemptId> attempt_of(std::string_view instance, AttemptName const& name) {
  std::string_view rest = name.text;
  if (!rest.starts_with(instance) || rest.size() <= instance.size() || rest[instance.size()] != '-') return std::nullopt;
  auto const id = policy::attempt_from_string(rest.substr(instance.size() + 1));
  if (!id || attempt_name(instance, *id) != name) return std::nullopt;
  return *id;
}

std::expected<AttemptName, std::string> parse_attempt_name(std::string_view text) {
  bool const sound = !text.empty() && text.size() <= name_length_max && is_lower(text.front()) && text.back() != '-' &&
                     std::all_of(text.begin(), text.end(), [](char each) { return is_lower(each) || is_digit(each) || each == '-'; });
  if (!sound) return std::unexpected("an attempt name is 1 to 40 of a-z, 0-9 and '-', beginning with a letter, not ending with '-'");
  return AttemptName{std::string(text)};
}

std::string_view name_of(PriceUnit unit) {
  switch (unit) {
    case PriceUnit::card_second:
      return "card_second";
    case PriceUnit::card_minute:
      return "card_minute";
    case PriceUnit::card_hour:
      return "card_hour";
    case PriceUnit::card_day:
      return "card_day";
    case PriceUnit::card_month:
      return "card_month";
  }
  return "unknown";
}

std::optional<PriceUnit> price_unit_of(std::string_view name) {
  for (PriceUnit const unit :
       {PriceUnit::card_second, PriceUnit::card_minute, PriceUnit::card_hour, PriceUnit::card_day, PriceUnit::card_month}) {
    if (name_of(unit) == name) return unit;
  }
  return std::nullopt;
}

std::int64_t unit_ms(PriceUnit unit) {
  constexpr std::int64_t second = 1'000;
  switch (unit) {
    case PriceUnit::card_second:
      return second;
    case PriceUnit::card_minute:
      return 60 * second;
    case PriceUnit::card_hour:
      return 3'600 * second;
    case PriceUnit::card_day:
      return 86'400 * second;
    case PriceUnit::card_month:
      return 30 * 86'400 * second;
  }
  return 0;
}

}  // namespace sluice::connectors
