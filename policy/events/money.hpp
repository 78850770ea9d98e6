// Events about money: vouchers, deposits, refunds, settlements, and overrides that need two people.
#pragma once

#include "policy/definitions.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::policy {

/// Moves money from a programme's purse to a voucher; the voucher's id is this entry's sequence number.
struct EntitlementIssued {
  static constexpr std::string_view type = "entitlement.issued/1";
  Money amount;
  By by;
  Hash decision;      ///< private: reference of the authority's decision
  TenantName holder;  ///< only the holder's jobs draw on it
  ProgrammeName programme;
  std::int32_t programme_version = 1;
  Timestamp valid_from;
  Timestamp valid_until;  ///< void from this instant
  static void fields(auto& self, auto&& visit) {
    visit("amount_micro_yuan", self.amount);
    visit("by", self.by);
    visit("decision", self.decision);
    visit("holder", self.holder);
    visit("programme", self.programme);
    visit("programme_version", self.programme_version);
    visit("valid_from_ms", self.valid_from);
    visit("valid_until_ms", self.valid_until);
  }
};

/// Forced at valid_until: what is left, holds of live attempts excepted, returns to the purse.
struct EntitlementExpired {
  static constexpr std::string_view type = "entitlement.expired/1";
  EntitlementId entitlement;
  bool operator==(EntitlementExpired const&) const = default;
  static void fields(auto& self, auto&& visit) { visit("entitlement", self.entitlement); }
};

struct DepositReceived {
  static constexpr std::string_view type = "deposit.received/1";
  Money amount;
  By by;
  Hash reference;  ///< private: the bank's reference
  TenantName tenant;
  static void fields(auto& self, auto&& visit) {
    visit("amount_micro_yuan", self.amount);
    visit("by", self.by);
    visit("reference", self.reference);
    visit("tenant", self.tenant);
  }
};

enum class OverrideKind : std::uint8_t {
  refund = 1,              ///< pay `amount` of the tenant's free balance out
  correct_deposit = 2,     ///< take `amount` back from the tenant's free balance: a deposit was booked wrongly
  revoke_entitlement = 3,  ///< the unspent rest of `entitlement` returns to its purse
  settle_disputed = 4,     ///< decide who pays for `attempt`: `liability` and `card_ms`
};

enum class Liability : std::uint8_t {
  tenant = 1,     ///< own exit, limit or cancellation: metered use
  centre = 2,     ///< a cluster's fault or remote preemption: nobody pays, the payable is disputed, a claim opens
  operator_ = 3,  ///< the broker's fault, or use beyond the limit: the loss account
  unknown = 4,    ///< the money waits as disputed until look-up or a two-person decision
};

struct OverrideAction {
  std::optional<Money> amount;
  std::optional<AttemptId> attempt;
  std::optional<std::int64_t> card_ms;
  std::optional<EntitlementId> entitlement;
  OverrideKind kind = OverrideKind::refund;
  std::optional<Liability> liability;
  std::optional<TenantName> tenant;
  bool operator==(OverrideAction const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("amount_micro_yuan", self.amount);
    visit("attempt", self.attempt);
    visit("card_ms", self.card_ms);
    visit("entitlement", self.entitlement);
    visit("kind", self.kind);
    visit("liability", self.liability);
    visit("tenant", self.tenant);
  }
};

/// Its id is this entry's sequence number. Nothing moves until a second principal approves.
struct OverrideProposed {
  static constexpr std::string_view type = "override.proposed/1";
  OverrideAction action;
  By by;
  static void fields(auto& self, auto&& visit) {
    visit("action", self.action);
    visit("by", self.by);
  }
};

/// Approves (and executes) or rejects. The approver is another principal, and neither created the other.
struct OverrideDecided {
  static constexpr std::string_view type = "override.decided/1";
  bool approved = false;
  By by;
  OverrideId override_id;
  static void fields(auto& self, auto&& visit) {
    visit("approved", self.approved);
    visit("by", self.by);
    visit("override", self.override_id);
  }
};

/// Forced after an attempt has ended: the invoice line. Replay computes it again and demands the same figures.
struct AttemptSettled {
  static constexpr std::string_view type = "attempt.settled/1";
  AttemptId attempt;
  std::int64_t billed_card_ms = 0;
  Money fee;    ///< of the broker, paid by the tenant
  Money gross;  ///< what the centre charges
  Liability liability = Liability::tenant;
  Money loss;      ///< borne by the operator
  Money net;       ///< gross − subsidy, paid by the tenant
  Money released;  ///< of the tenant's hold, back to the free balance
  Money subsidy;   ///< drawn from the entitlement
  bool operator==(AttemptSettled const&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("attempt", self.attempt);
    visit("billed_card_ms", self.billed_card_ms);
    visit("fee_micro_yuan", self.fee);
    visit("gross_micro_yuan", self.gross);
    visit("liability", self.liability);
    visit("loss_micro_yuan", self.loss);
    visit("net_micro_yuan", self.net);
    visit("released_micro_yuan", self.released);
    visit("subsidy_micro_yuan", self.subsidy);
  }
};

}  // namespace sluice::policy
