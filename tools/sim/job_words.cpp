#include "tools/sim/job_words.hpp"

#include <charconv>
#include <string_view>

namespace sluice::sim {
namespace {

constexpr std::int64_t seconds_max = 366LL * 86'400;

std::optional<std::int64_t> count_of(std::string_view text) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0 || value > seconds_max) return std::nullopt;
  return value;
}

}  // namespace

JobWords read_job_words(std::vector<std::string> const& command) {
  JobWords words;
  if (command.size() >= 2 && command[0] == "sleep") words.seconds = count_of(command[1]);
  if (!command.empty() && command[0] == "false") words.exit_code = 1;
  for (std::string_view const word : command) {
    if (!word.starts_with("sim:")) continue;
    std::string_view const key = word.substr(4, word.find('=') - 4);
    std::size_t const equals = word.find('=');
    auto const value = equals == std::string_view::npos ? std::nullopt : count_of(word.substr(equals + 1));
    if (word == "sim:start_fails") words.start_fails = true;
    if (word == "sim:ignores_stop") words.ignores_stop = true;
    if (word == "sim:ignores_limit") words.ignores_limit = true;
    if (!value) continue;
    if (key == "seconds") words.seconds = value;
    if (key == "exit") words.exit_code = static_cast<std::int32_t>(*value & 0xff);
    if (key == "preempted") words.preempted_s = value;
    if (key == "node_lost") words.node_lost_s = value;
  }
  return words;
}

}  // namespace sluice::sim
