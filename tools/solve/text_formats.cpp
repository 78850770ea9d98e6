// A bounded scanner of whole numbers, and the two formats on top of it.
#include "tools/solve/text_formats.hpp"

#include "policy/assignment/builder.hpp"
#include "policy/assignment/mixing.hpp"

#include <charconv>

namespace sluice::solve {

namespace {

using assignment::Builder;
using assignment::Meter;
using assignment::RowKind;
using assignment::Use;

constexpr std::int64_t size_max = 20'000;
constexpr std::int64_t cells_max = 20'000'000;
constexpr std::int64_t number_max = 1'000'000'000'000;

/// Reads one number after another; the first failure sticks and names the number by its ordinal.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::int64_t next(std::int64_t least, std::int64_t most) {
    if (!error_.empty()) return least;
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    ++ordinal_;
    std::int64_t value = 0;
    auto const [end, bad] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (bad != std::errc{}) return fail(at_ == text_.size() ? "the file ends" : "not a whole number");
    at_ = static_cast<std::size_t>(end - text_.data());
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      for (; at_ < text_.size() && !is_blank(text_[at_]); ++at_)
        if (text_[at_] != '0') return fail("has a fraction; only whole numbers are read");
    }
    if (at_ < text_.size() && !is_blank(text_[at_])) return fail("not a whole number");
    if (value < least || value > most) return fail("outside " + std::to_string(least) + " … " + std::to_string(most));
    return value;
  }
  std::string const& error() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (error_.empty() && at_ < text_.size()) error_ = "more numbers than the sizes announce, after number " + std::to_string(ordinal_);
    return error_;
  }
  bool failed() const { return !error_.empty(); }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  std::int64_t fail(std::string const& what) {
    error_ = "number " + std::to_string(ordinal_) + ": " + what;
    return 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t ordinal_ = 0;
  std::string error_;
};

/// A lot that depends on nothing but the job's place in the file: such files name no tenants.
std::uint64_t lot_of(std::size_t j) { return assignment::mix(j); }

}  // namespace

std::expected<assignment::Problem, std::string> read_gap(std::string_view text) {
  Scanner scan(text);
  auto const agents = static_cast<std::size_t>(scan.next(1, size_max));
  auto const jobs = static_cast<std::size_t>(scan.next(1, size_max));
  if (!scan.failed() && static_cast<std::int64_t>(agents * jobs) > cells_max) return std::unexpected("more than 20000000 costs");
  std::vector<std::int64_t> cost, weight;
  for (std::size_t i = 0; i < agents * jobs && !scan.failed(); ++i) cost.push_back(scan.next(0, number_max));
  for (std::size_t i = 0; i < agents * jobs && !scan.failed(); ++i) weight.push_back(scan.next(0, number_max));
  Builder builder;
  for (std::uint32_t a = 0; a < agents && !scan.failed(); ++a) builder.add_row({RowKind::cards, 0, scan.next(0, number_max), 0, a});
  if (!scan.error().empty()) return std::unexpected(scan.error());
  for (std::size_t j = 0; j < jobs; ++j) {
    builder.add_job({.lot = lot_of(j), .tag = static_cast<std::uint32_t>(j), .waiting_allowed = false});
    for (std::uint32_t a = 0; a < agents; ++a) {
      Use const use{a, Meter::fixed, weight[a * jobs + j]};
      builder.add_bid({.price = cost[a * jobs + j]}, {&use, 1}, a);
    }
  }
  return builder.finish();
}

std::expected<FacilityInstance, std::string> read_sscflp(std::string_view text) {
  Scanner scan(text);
  auto const facilities = static_cast<std::size_t>(scan.next(1, size_max));
  auto const customers = static_cast<std::size_t>(scan.next(1, size_max));
  if (!scan.failed() && static_cast<std::int64_t>(facilities * customers) > cells_max) return std::unexpected("more than 20000000 costs");
  FacilityInstance instance;
  Builder builder;
  for (std::uint32_t f = 0; f < facilities && !scan.failed(); ++f) {
    builder.add_row({RowKind::cards, 0, scan.next(0, number_max), 0, f});
    instance.contracts.push_back({.capacity_row = f});
  }
  for (std::size_t f = 0; f < facilities && !scan.failed(); ++f) instance.contracts[f].opening_cost = scan.next(0, number_max);
  std::vector<std::int64_t> demand;
  for (std::size_t c = 0; c < customers && !scan.failed(); ++c) demand.push_back(scan.next(1, number_max));
  for (std::size_t c = 0; c < customers && !scan.failed(); ++c) {
    builder.add_job({.lot = lot_of(c), .tag = static_cast<std::uint32_t>(c), .waiting_allowed = false});
    for (std::uint32_t f = 0; f < facilities && !scan.failed(); ++f) {
      Use const use{f, Meter::fixed, demand[c]};
      builder.add_bid({.price = scan.next(0, number_max)}, {&use, 1}, f);
    }
  }
  if (!scan.error().empty()) return std::unexpected(scan.error());
  instance.problem = builder.finish();
  return instance;
}

}  // namespace sluice::solve
