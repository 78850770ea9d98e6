// What we ask a cluster to run, and under which name.
#pragma once

#include "connectors/secret.hpp"
#include "policy/identifiers.hpp"
#include "policy/money.hpp"

#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::connectors {

/// The name under which an attempt is known at a cluster, never reused: [a-z]([a-z0-9-]{0,38}[a-z0-9])?, so that it is also a
/// Kubernetes name with room for a pod suffix. "sluice-4711-2" is attempt 2 of job 4711 of the instance "sluice".
struct AttemptName {
  std::string text;
  auto operator<=>(AttemptName const&) const = default;
};

/// REQUIRES: `instance` is [a-z][a-z0-9]{0,7}. Always a valid name.
AttemptName attempt_name(std::string_view instance, policy::AttemptId id);
/// The attempt a name stands for; nullopt when it is not of this instance.
std::optional<policy::AttemptId> attempt_of(std::string_view instance, AttemptName const& name);
/// Error: what is wrong with the text.
std::expected<AttemptName, std::string> parse_attempt_name(std::string_view text);

/// What a price is for.
enum class PriceUnit : std::uint8_t { card_second, card_minute, card_hour, card_day, card_month };
std::string_view name_of(PriceUnit unit);
std::optional<PriceUnit> price_unit_of(std::string_view name);
/// Milliseconds of one card that one unit pays for. A month counts 30 days.
std::int64_t unit_ms(PriceUnit unit);

struct Price {
  policy::Money amount;  ///< > 0: a missing or zero price is no Price
  PriceUnit unit = PriceUnit::card_hour;
  bool operator==(Price const&) const = default;
};

struct DispatchOrder {
  AttemptName attempt;
  policy::AcceleratorType accelerator;
  std::int32_t cards = 0;
  std::int32_t cards_per_node = 0;   ///< of the offer; 0: the site spreads as it likes
  std::int32_t cpus = 0;             ///< for the whole gang; 0: the site's default
  std::int32_t host_memory_gib = 0;  ///< for the whole gang; 0: the site's default
  policy::FrameworkName framework;
  std::string image;  ///< as the site reaches it (after its image map)
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;  ///< sorted by name
  std::vector<std::pair<std::string, Secret>> secrets;           ///< environment name and value; delivered, never logged
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string checkpoint;                          ///< empty: none
  std::int64_t run_limit_ms = 0;                   ///< granted limit, > 0: the site ends the job then; never raised
  std::int64_t checkpoint_grace_ms = 0;            ///< so long before the limit the site signals; 0: no signal
  std::optional<Price> agreed_price;               ///< the site refuses (price_changed) rather than charge more
  std::optional<policy::ProgrammeName> programme;  ///< voucher programme that pays a share
  std::optional<std::string> voucher;              ///< decision reference or billing tag at the site
};

}  // namespace sluice::connectors
