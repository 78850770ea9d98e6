#include "tools/sim/fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Trouble>, 26> words{{
    {"disappears", Trouble::disappears},
    {"dies", Trouble::dies},
    {"comes-back", Trouble::back},
    {"slow", Trouble::slow},
    {"drips", Trouble::drips},
    {"hangs", Trouble::hangs},
    {"truncates", Trouble::truncates},
    {"garbage", Trouble::garbage},
    {"floods", Trouble::floods},
    {"html", Trouble::html},
    {"wrong-type", Trouble::wrong_type},
    {"fails", Trouble::fails},
    {"unavailable", Trouble::unavailable},
    {"throttles", Trouble::throttles},
    {"unauthorised", Trouble::unauthorised},
    {"redirects", Trouble::redirects},
    {"stale", Trouble::stale},
    {"ageless", Trouble::ageless},
    {"zero-price", Trouble::zero_price},
    {"priceless", Trouble::priceless},
    {"uncounted", Trouble::uncounted},
    {"refuses", Trouble::refuses},
    {"forgets", Trouble::forgets},
    {"swallows", Trouble::swallows},
    {"denies", Trouble::denies},
    {"duplicates", Trouble::duplicates},
}};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    std::size_t const begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return parts;
    text.remove_prefix(begin);
    std::size_t const end = std::min(text.find(' '), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

/// "500ms", "12s", "5m", "2h".
std::optional<std::int64_t> duration_ms(std::string_view text) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0 || value > 1'000'000'000) return std::nullopt;
  std::string_view const unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "ms") return value;
  if (unit == "s") return value * 1'000;
  if (unit == "m") return value * 60'000;
  if (unit == "h") return value * 3'600'000;
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Trouble trouble) {
  auto const found = std::find_if(words.begin(), words.end(), [trouble](auto const& word) { return word.second == trouble; });
  return found->first;
}

std::expected<TroubleLine, std::string> parse_trouble(std::string_view sentence) {
  auto const fail = [&](std::string_view what) { return std::unexpected(fmt::format("'{}': {}", sentence, what)); };
  std::vector<std::string_view> parts = split(sentence);
  if (parts.size() < 2) return fail("must say CENTRE TROUBLE, such as 'qingyang disappears for 30s'");
  TroubleLine line;
  line.centre = parts[0];
  std::size_t at = 2;
  std::string word(parts[1]);
  if (word == "comes" && parts.size() > 2 && parts[2] == "back") {
    word = "comes-back";
    at = 3;
  }
  auto const known = std::find_if(words.begin(), words.end(), [&word](auto const& each) { return each.first == word; });
  if (known == words.end()) {
    std::string all;
    for (auto const& [name, trouble] : words) all += fmt::format(" {}", name);
    return fail(fmt::format("'{}' is no trouble known here; there are:{}", word, all));
  }
  line.trouble = known->second;
  if (line.trouble == Trouble::slow) {
    auto const wait = at < parts.size() ? duration_ms(parts[at]) : std::nullopt;
    if (!wait) return fail("slow must say how slow, such as 'slow 3s'");
    line.argument_ms = *wait;
    ++at;
  }
  while (at < parts.size()) {
    if (parts[at] == "for" && at + 1 < parts.size()) {
      line.lasts = duration_ms(parts[at + 1]);
      if (!line.lasts) return fail("'for' must be followed by a duration, such as 30s");
      at += 2;
      continue;
    }
    std::int64_t times = 0;
    auto const [end, error] = std::from_chars(parts[at].data(), parts[at].data() + parts[at].size(), times);
    bool const counted = at + 1 < parts.size() && (parts[at + 1] == "times" || parts[at + 1] == "time");
    if (error != std::errc{} || end != parts[at].data() + parts[at].size() || times < 1 || !counted)
      return fail(fmt::format("'{}' is not understood", parts[at]));
    line.times = times;
    at += 2;
  }
  return line;
}

std::expected<ScriptLine, std::string> parse_script_line(std::string_view sentence) {
  std::size_t const colon = sentence.find(':');
  std::vector<std::string_view> const head = split(sentence.substr(0, colon));
  auto const at = head.size() == 2 && head[0] == "at" ? duration_ms(head[1]) : std::nullopt;
  if (colon == std::string_view::npos || !at)
    return std::unexpected(fmt::format("'{}': must begin with 'at DURATION:', such as 'at 12s:'", sentence));
  auto line = parse_trouble(sentence.substr(colon + 1));
  if (!line) return std::unexpected(line.error());
  return ScriptLine{*at, std::move(*line)};
}

void Troubles::add(TroubleLine const& line, SimTime now) {
  if (line.trouble == Trouble::back) return active_.clear();
  std::erase_if(active_, [&](Active const& each) { return each.trouble == line.trouble; });
  active_.push_back({line.trouble, now, line.lasts ? std::optional(now + *line.lasts) : std::nullopt, line.times, line.argument_ms});
}

Troubles::Active const* Troubles::find(Trouble trouble, SimTime now) const {
  auto const found = std::find_if(active_.begin(), active_.end(), [&](Active const& each) {
    return each.trouble == trouble && (!each.until || now < *each.until) && (!each.times || *each.times > 0);
  });
  return found == active_.end() ? nullptr : &*found;
}

bool Troubles::present(Trouble trouble, SimTime now) const { return find(trouble, now) != nullptr; }

bool Troubles::strikes(Trouble trouble, SimTime now) {
  Active const* found = find(trouble, now);
  if (found == nullptr) return false;
  Active& active = active_[static_cast<std::size_t>(found - active_.data())];
  if (active.times) --*active.times;
  return true;
}

std::int64_t Troubles::argument_ms(Trouble trouble) const {
  auto const found = std::find_if(active_.begin(), active_.end(), [trouble](Active const& each) { return each.trouble == trouble; });
  return found == active_.end() ? 0 : found->argument_ms;
}

SimTime Troubles::since(Trouble trouble) const {
  auto const found = std::find_if(active_.begin(), active_.end(), [trouble](Active const& each) { return each.trouble == trouble; });
  return found == active_.end() ? 0 : found->since;
}

std::optional<SimTime> Troubles::next_end(SimTime now) const {
  std::optional<SimTime> next;
  for (Active const& each : active_) {
    if (each.until && *each.until > now && (!next || *each.until < *next)) next = each.until;
  }
  return next;
}

std::vector<std::string> Troubles::names(SimTime now) const {
  std::vector<std::string> all;
  for (Active const& each : active_) {
    if (find(each.trouble, now) == &each) all.emplace_back(name_of(each.trouble));
  }
  return all;
}

}  // namespace sluice::sim
