// Events about the log itself, the rules in force, and what the whole broker is allowed to do.
#pragma once

#include "policy/definitions.hpp"

#include <string>
#include <string_view>

namespace sluice::policy {

/// Entry 0. Names the log, so that no entry of another log can pass for one of this.
struct Genesis {
  static constexpr std::string_view type = "genesis/1";
  std::string origin;  ///< scheme-less URL, the checkpoint's origin line
  static void fields(auto& self, auto&& visit) { visit("origin", self.origin); }
};

/// Selects the behaviour of everything after it.
struct EngineActivated {
  static constexpr std::string_view type = "engine.activated/1";
  std::int32_t rules_version = 1;
  static void fields(auto& self, auto&& visit) { visit("rules_version", self.rules_version); }
};

/// An operator accepts that the wall clock moved against the boot clock by this much.
struct ClockStepAccepted {
  static constexpr std::string_view type = "clock.step_accepted/1";
  By by;
  std::int64_t step_ms = 0;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("step_ms", self.step_ms);
  }
};

/// Commits to the secret that orders the day's jobs, before the first of them (Asia/Shanghai day number).
struct LotDayOpened {
  static constexpr std::string_view type = "lot.day_opened/1";
  std::int64_t day = 0;
  Hash secret_hash;
  static void fields(auto& self, auto&& visit) {
    visit("day", self.day);
    visit("secret_hash", self.secret_hash);
  }
};

/// Reveals it after the day's last job, so that anyone can recompute every lot.
struct LotDayClosed {
  static constexpr std::string_view type = "lot.day_closed/1";
  std::int64_t day = 0;
  Hash secret;
  static void fields(auto& self, auto&& visit) {
    visit("day", self.day);
    visit("secret", self.secret);
  }
};

struct MarketRulesSet {
  static constexpr std::string_view type = "market_rules.set/1";
  By by;
  MarketRules rules;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("rules", self.rules);
  }
};

/// How long entry bundles and blobs stay with auditors before the public may read them: 0 … 365 days.
struct DisclosureDelaySet {
  static constexpr std::string_view type = "disclosure.delay_set/1";
  By by;
  std::int32_t delay_days = 30;
  static void fields(auto& self, auto&& visit) {
    visit("by", self.by);
    visit("delay_days", self.delay_days);
  }
};

struct RoundsPaused {
  static constexpr std::string_view type = "rounds.paused/1";
  By by;
  static void fields(auto& self, auto&& visit) { visit("by", self.by); }
};
struct RoundsResumed {
  static constexpr std::string_view type = "rounds.resumed/1";
  By by;
  static void fields(auto& self, auto&& visit) { visit("by", self.by); }
};
/// No new remote job is sent until resumed; look-ups, meters and stops go on.
struct DispatchFrozen {
  static constexpr std::string_view type = "dispatch.frozen/1";
  By by;
  static void fields(auto& self, auto&& visit) { visit("by", self.by); }
};
struct DispatchResumed {
  static constexpr std::string_view type = "dispatch.resumed/1";
  By by;
  static void fields(auto& self, auto&& visit) { visit("by", self.by); }
};

/// SHA-256 over all state rows in key order, as they stood after entry `sequence`.
struct StateDigested {
  static constexpr std::string_view type = "state.digested/1";
  Hash digest;
  std::uint64_t sequence = 0;
  static void fields(auto& self, auto&& visit) {
    visit("digest", self.digest);
    visit("sequence", self.sequence);
  }
};

}  // namespace sluice::policy
