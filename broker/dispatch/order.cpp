// Allocation and private part become an order.
#include "broker/dispatch/order.hpp"

#include "broker/payload.hpp"
#include "broker/secrets.hpp"
#include "storage/log/event_codec.hpp"

#include <algorithm>
#include <variant>

namespace sluice::broker {
namespace {

std::string private_key(policy::Hash const& commitment) {
  return {reinterpret_cast<char const*>(commitment.bytes.data()), commitment.bytes.size()};
}

/// What the authority's decision is called: the site bills the voucher under it. nullopt when nobody can open it any more.
std::optional<std::string> decision_of(log::LedgerReader const& ledger, policy::EntitlementId id) {
  auto const entry = ledger.entry(id.value);
  if (!entry || !*entry) return std::nullopt;
  auto const stamped = log::EntryDecoder().decode(**entry);
  if (!stamped) return std::nullopt;
  auto const* issued = std::get_if<policy::EntitlementIssued>(&stamped->event);
  if (issued == nullptr) return std::nullopt;
  auto const part = ledger.private_part(log::PrivateKind::payload, issued->holder.text, private_key(issued->decision));
  if (!part || !*part) return std::nullopt;
  return std::string(content_of((*part)->bytes));
}

}  // namespace

std::expected<connectors::DispatchOrder, policy::Reason> order_for_attempt(policy::State const& state, log::LedgerReader const& ledger,
                                                                           Site const& site, policy::Attempt const& attempt,
                                                                           std::string const& instance, std::int64_t checkpoint_grace_ms) {
  auto const found = state.jobs.find(attempt.id.job);
  if (found == state.jobs.end()) return std::unexpected(policy::Reason::unknown_job);
  policy::Job const& job = *found->second;
  auto const part = ledger.private_part(log::PrivateKind::payload, job.tenant.text, private_key(job.payload));
  if (!part || !*part) return std::unexpected(policy::Reason::payload_missing);
  auto const payload = decode_payload(content_of((*part)->bytes));
  auto const index = static_cast<std::size_t>(attempt.allocation.variant);
  if (!payload || index >= payload->variants.size() || index >= job.spec->variants.size())
    return std::unexpected(policy::Reason::payload_missing);
  PayloadVariant const& variant = payload->variants[index];
  if (!reaches_image(site, variant.image)) return std::unexpected(policy::Reason::image_unreachable);
  auto const all_reached = [&site](std::vector<std::string> const& paths, std::vector<std::string> const& prefixes) {
    return std::ranges::all_of(paths, [&](std::string const& path) { return reaches_path(site, prefixes, path); });
  };
  bool const keeps_checkpoint = payload->checkpoint.empty() || reaches_path(site, site.checkpoints, payload->checkpoint);
  if (!all_reached(payload->inputs, site.inputs) || !all_reached(payload->outputs, site.outputs) || !keeps_checkpoint)
    return std::unexpected(policy::Reason::input_unreachable);

  connectors::DispatchOrder order;
  order.attempt = connectors::attempt_name(instance, attempt.id);
  order.accelerator = attempt.allocation.type;
  order.cards = attempt.allocation.cards;
  auto const cluster = state.catalogue->clusters.find(attempt.allocation.cluster);
  if (cluster != state.catalogue->clusters.end()) {
    for (policy::Hardware const& hardware : cluster->second.definition.hardware)
      if (hardware.type == order.accelerator) order.cards_per_node = hardware.cards_per_node;
  }
  order.cpus = job.spec->gang.cpus;
  order.host_memory_gib = job.spec->gang.host_memory_gib;
  order.framework = job.spec->variants[index].framework;
  order.image = mapped_image(site, variant.image);
  order.command = variant.command;
  order.environment = variant.environment;
  order.inputs = payload->inputs;
  order.outputs = payload->outputs;
  order.checkpoint = payload->checkpoint;
  order.run_limit_ms = attempt.allocation.limit_ms;
  // A tenth of the limit at most, so that a short job is not told to save before it has done anything.
  if (!payload->checkpoint.empty()) order.checkpoint_grace_ms = std::min(checkpoint_grace_ms, attempt.allocation.limit_ms / 10);
  order.agreed_price = connectors::Price{attempt.allocation.price_per_card_hour, connectors::PriceUnit::card_hour};
  if (attempt.allocation.entitlement) {
    auto const entitlement = state.catalogue->entitlements.find(*attempt.allocation.entitlement);
    if (entitlement != state.catalogue->entitlements.end()) order.programme = entitlement->second.programme;
    order.voucher = decision_of(ledger, *attempt.allocation.entitlement);
  }
  return order;
}

}  // namespace sluice::broker
