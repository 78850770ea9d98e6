#include "connectors/centre/writing.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <charconv>

namespace sluice::connectors::centre {

std::string write_order(DispatchOrder const& order, ClusterOptions const& options) {
  assert(order.cards > 0 && order.run_limit_ms > 0);
  std::string accelerator = order.accelerator.text;
  for (auto const& [theirs, ours] : options.accelerators) {
    if (ours == order.accelerator.text) accelerator = theirs;
  }
  nlohmann::json body{
      {"attempt", order.attempt.text},
      {"accelerator", accelerator},
      {"cards", order.cards},
      {"framework", order.framework.text},
      {"image", order.image},
      {"command", order.command},
      {"inputs", order.inputs},
      {"outputs", order.outputs},
      // Whole seconds, rounded down: the site must not run longer than was granted.
      {"run_limit_s", std::max<std::int64_t>(order.run_limit_ms / 1'000, 1)},
      {"checkpoint_grace_s", order.checkpoint_grace_ms / 1'000},
  };
  nlohmann::json environment = nlohmann::json::object();
  for (auto const& [name, value] : order.environment) environment[name] = value;
  for (auto const& [name, value] : order.secrets) environment[name] = value.reveal();
  body["environment"] = std::move(environment);
  if (order.cards_per_node > 0) body["cards_per_node"] = order.cards_per_node;
  if (order.cpus > 0) body["cpus"] = order.cpus;
  if (order.host_memory_gib > 0) body["memory_gib"] = order.host_memory_gib;
  if (!order.checkpoint.empty()) body["checkpoint"] = order.checkpoint;
  if (order.agreed_price)
    body["agreed_price"] = {{"unit", name_of(order.agreed_price->unit)}, {"yuan", policy::format_yuan(order.agreed_price->amount)}};
  if (order.programme) body["programme"] = order.programme->text;
  if (order.voucher) body["voucher"] = *order.voucher;
  // nlohmann's objects are sorted by key; there are no floats. Broken UTF-8 in a command is replaced rather than thrown at us.
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::uint64_t> read_count(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace sluice::connectors::centre
