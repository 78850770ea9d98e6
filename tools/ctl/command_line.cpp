// Edit distance, and the walk to the verb that was reached.
#include "tools/ctl/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace sluice::ctl {
namespace {

// Letters to insert, remove or change; a swap of neighbours counts as two.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const changed = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// The verb that the words led to, and how it is called: "sluicectl key".
std::pair<CLI::App const*, std::string> reached(CLI::App const& app) {
  CLI::App const* verb = &app;
  std::string name = app.get_name();
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    name += ' ' + verb->get_name();
  }
  return {verb, name};
}

std::string join(std::vector<std::string> const& words) { return fmt::format("{}", fmt::join(words, ", ")); }

}  // namespace

std::string closest(std::string_view word, std::vector<std::string> const& known) {
  std::string best;
  std::size_t least = std::min<std::size_t>(3, (word.size() + 1) / 2);
  for (auto const& each : known) {
    auto const off = distance(word, each);
    if (off < least) {
      least = off;
      best = each;
    }
  }
  return best;
}

Failure misunderstood(CLI::App const& app, CLI::ParseError const& error) {
  auto const [verb, name] = reached(app);
  Failure failure{ExitCode::usage, {}, {}, fmt::format("{} --help", name), std::nullopt};
  auto const left = app.remaining(true);
  std::vector<std::string> verbs;
  for (auto const* const each : verb->get_subcommands([](CLI::App const*) { return true; })) verbs.push_back(each->get_name());
  bool const verb_due = verb->get_require_subcommand_min() > 0 && verb->get_subcommands().empty();
  if (verb_due) {
    auto const word = std::ranges::find_if(left, [](std::string const& each) { return !each.starts_with('-'); });
    if (word == left.end()) {
      failure.what = fmt::format("{} needs a verb: {}.", name, join(verbs));
    } else if (auto const meant = closest(*word, verbs); !meant.empty()) {
      failure.what = fmt::format("There is no such verb. Did you mean \"{} {}\"?", name, meant);
    } else {
      failure.what = fmt::format("There is no such verb. {} knows: {}.", name, join(verbs));
    }
    return failure;
  }
  if (dynamic_cast<CLI::ExtrasError const*>(&error) != nullptr) {
    std::string unknown;
    for (auto const& word : left) {
      if (word.starts_with('-')) unknown += " " + word.substr(0, word.find('='));
    }
    failure.what = fmt::format("There are arguments that do not belong here{}{}.", unknown.empty() ? "" : ":", unknown);
    failure.action += "; a key goes into a file.";
    return failure;
  }
  failure.what = std::string(error.what()) + ".";
  return failure;
}

}  // namespace sluice::ctl
