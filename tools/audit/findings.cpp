// Findings as text and JSON.
#include "tools/audit/findings.hpp"

#include "policy/time.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::audit {
namespace {

std::string_view name_of(Class kind) {
  switch (kind) {
    case Class::clean:
      return "clean";
    case Class::tampered:
      return "tampered";
    case Class::signature:
      return "signature";
    case Class::policy:
      return "policy";
    case Class::round:
      return "round";
    case Class::draw:
      return "draw";
    case Class::incomplete:
      return "incomplete";
  }
  return "incomplete";
}

// Said first, so that nobody takes a clean replay for more than it is.
constexpr std::string_view cannot_prove =
    "What a replay cannot prove: that clusters reported their capacity, prices and meters truthfully; that private parts (names, images,\n"
    "contracts) say what their owners meant; that this checkpoint is the only one of its size (compare it with a witness or with another\n"
    "auditor); and anything after the checkpoint.\n";

}  // namespace

Finding finding_of(log::Divergence const& divergence) {
  using Check = log::Divergence::Check;
  Finding finding;
  finding.file = divergence.file;
  finding.offset = divergence.position;
  finding.entry = divergence.entry;
  finding.expected = divergence.expected;
  finding.actual = divergence.actual;
  finding.kind = Class::tampered;
  switch (divergence.check) {
    case Check::signature:
      finding.kind = Class::signature;
      finding.check = "signature";
      break;
    case Check::root:
      finding.check = "root";
      break;
    case Check::tile_hash:
      finding.check = "tile_hash";
      break;
    case Check::bundle_form:
      finding.check = "bundle_form";
      break;
    case Check::entry_hash:
      finding.check = "entry_hash";
      break;
    case Check::blob_hash:
      finding.check = "blob_hash";
      break;
    case Check::missing:
    case Check::unreadable:
      finding.kind = Class::incomplete;
      finding.check = divergence.check == Check::missing ? "missing" : "unreadable";
      break;
  }
  return finding;
}

std::string to_text(Report const& report) {
  std::string out(cannot_prove);
  Figures const& f = report.figures;
  out += fmt::format("\nlog      {}\nentries  {}\nroot     {}\n", report.origin, f.entries, f.root);
  if (f.last_at_ms > 0) out += fmt::format("until    {}\n", policy::format_rfc3339({f.last_at_ms}));
  out += fmt::format("jobs {}, rounds {} decided and {} abandoned, allocations {}, settlements {}, state digests compared {}\n", f.jobs,
                     f.rounds_decided, f.rounds_abandoned, f.allocations, f.settlements, f.digests);
  if (!f.state_digest.empty()) out += fmt::format("state    {}\n", f.state_digest);
  if (!report.finding)
    return out + "\nOK: every entry is covered by the checkpoint, applies, keeps the invariants; every round is proven.\n";
  Finding const& finding = *report.finding;
  out += fmt::format("\nDIVERGENCE ({}, check {})\n", name_of(finding.kind), finding.check);
  if (finding.entry) out += fmt::format("  entry     {}\n", *finding.entry);
  if (!finding.file.empty()) out += fmt::format("  file      {}, offset {}\n", finding.file, finding.offset);
  if (!finding.expected.empty()) out += fmt::format("  expected  {}\n", finding.expected);
  if (!finding.actual.empty()) out += fmt::format("  actual    {}\n", finding.actual);
  return out + "Nothing after this point was examined.\n";
}

std::string to_json(Report const& report) {
  Figures const& f = report.figures;
  nlohmann::ordered_json out{{"result", report.finding ? name_of(report.finding->kind) : "clean"}, {"origin", report.origin}};
  out["entries"] = f.entries;
  out["root"] = f.root;
  out["jobs"] = f.jobs;
  out["rounds_decided"] = f.rounds_decided;
  out["rounds_abandoned"] = f.rounds_abandoned;
  out["allocations"] = f.allocations;
  out["settlements"] = f.settlements;
  out["digests_compared"] = f.digests;
  out["state_digest"] = f.state_digest;
  out["cannot_prove"] = cannot_prove;
  out["divergence"] = nullptr;
  if (report.finding) {
    Finding const& finding = *report.finding;
    nlohmann::ordered_json row{{"check", finding.check}, {"file", finding.file}, {"offset", finding.offset}};
    row["entry"] = finding.entry ? nlohmann::ordered_json(*finding.entry) : nlohmann::ordered_json(nullptr);
    row["expected"] = finding.expected;
    row["actual"] = finding.actual;
    out["divergence"] = std::move(row);
  }
  return out.dump(2) + '\n';
}

}  // namespace sluice::audit
