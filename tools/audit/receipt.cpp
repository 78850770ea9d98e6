// Form, signature, inclusion, consistency.
#include "tools/audit/receipt.hpp"

#include "policy/time.hpp"
#include "storage/log/event_codec.hpp"
#include "storage/log/proof.hpp"
#include "storage/log/tree.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace sluice::audit {
namespace {

/// Whether the tree's first entries, as many as the receipt's checkpoint counts, have that checkpoint's root.
std::optional<Finding> compare(ReceiptReport& report, log::TreeSource& source, log::NoteVerifier const& key) {
  auto tree = log::VerifiedTree::open(source, {&key, 1});
  if (!tree) return finding_of(tree.error());
  std::uint64_t const size = report.checkpoint.size;
  if (tree->size() < size) {
    return wrong(Class::incomplete, "consistency", fmt::format("a copy of at least {} entries", size),
                 fmt::format("{} entries: export the log again", tree->size()));
  }
  std::optional<Finding> unreadable;
  log::NodeReader const node = log::node_reader(
      [&](log::TileId const& id) -> std::expected<std::string, std::string> {
        auto const hashes = tree->tile(id.level, id.index);
        if (!hashes) {
          unreadable = finding_of(hashes.error());
          return std::unexpected(hashes.error().message());
        }
        std::string bytes;
        for (policy::Hash const& hash : *hashes) bytes.append(reinterpret_cast<char const*>(hash.bytes.data()), hash.bytes.size());
        return bytes.substr(0, std::size_t{id.width} * log::hash_bytes);
      },
      size);
  auto const root = log::root_at(node, size);
  if (!root) return unreadable ? unreadable : wrong(Class::incomplete, "consistency", "hashes of the copy", root.error());
  if (*root != report.checkpoint.root) {
    Finding forked =
        wrong(Class::tampered, "consistency", fmt::format("root {} of the first {} entries", to_hex(report.checkpoint.root), size),
              fmt::format("root {}: the log shows two histories", to_hex(*root)));
    forked.entry = report.entry;
    return forked;
  }
  report.tree_size = tree->size();
  return std::nullopt;
}

}  // namespace

ReceiptReport check_receipt(std::string_view text, log::NoteVerifier const& key, log::TreeSource* tree) {
  ReceiptReport report;
  auto proof = log::parse_tlog_proof(text);
  if (!proof) {
    report.finding = wrong(Class::tampered, "receipt_form", "c2sp.org/tlog-proof@v1", proof.error());
    return report;
  }
  report.entry = proof->index;
  report.bytes = std::move(proof->extra);
  if (auto const opened = log::open_checkpoint(proof->checkpoint, {&key, 1}); !opened) {
    report.finding = wrong(Class::signature, "signature", "a checkpoint signed by " + key.to_string(), opened.error());
    return report;
  }
  auto checkpoint = log::verify_tlog_proof(*proof, report.bytes, {&key, 1});
  if (!checkpoint) {
    report.finding = wrong(Class::tampered, "inclusion", "an entry that the checkpoint covers", checkpoint.error());
    report.finding->entry = proof->index;
    return report;
  }
  report.checkpoint = std::move(*checkpoint);
  auto const event = log::EntryDecoder().decode(report.bytes);
  if (!event) {
    report.finding = wrong(Class::policy, "canonical_form", "an entry of this log's format", event.error());
    report.finding->entry = proof->index;
    return report;
  }
  report.type = policy::type_of(event->event);
  report.at_ms = event->at.ms;
  if (tree != nullptr) report.finding = compare(report, *tree, key);
  return report;
}

std::string to_text(ReceiptReport const& report) {
  if (report.finding) return to_text(*report.finding);
  std::string out = fmt::format("CLEAN: entry {} is in the log {} of {} entries, under a checkpoint that the log has signed.\n",
                                report.entry, printable(report.checkpoint.origin), report.checkpoint.size);
  out +=
      fmt::format("  what   {}\n  when   {}\n  entry  {}\n", report.type, policy::format_rfc3339({report.at_ms}), printable(report.bytes));
  if (report.tree_size) {
    out += fmt::format("The copy of {} entries goes on from that checkpoint: it holds this entry.\n", *report.tree_size);
  } else {
    out += "Whether the log still holds it, a copy tells: --tree DIR.\n";
  }
  return out;
}

std::string to_json(ReceiptReport const& report) {
  nlohmann::ordered_json out{{"result", report.finding ? name_of(report.finding->kind) : "clean"}, {"entry", report.entry}};
  out["origin"] = report.checkpoint.origin;
  out["entries"] = report.checkpoint.size;
  out["type"] = report.type;
  out["at"] = report.type.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(policy::format_rfc3339({report.at_ms}));
  out["bytes"] = report.bytes;
  out["tree_entries"] = report.tree_size ? nlohmann::ordered_json(*report.tree_size) : nlohmann::ordered_json(nullptr);
  out["divergence"] = report.finding ? to_value(*report.finding) : nlohmann::ordered_json(nullptr);
  return to_document(out);
}

}  // namespace sluice::audit
