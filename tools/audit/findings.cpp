// Findings as text and JSON.
#include "tools/audit/findings.hpp"

#include "policy/json/text.hpp"
#include "policy/time.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace sluice::audit {

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

std::string printable(std::string_view text) {
  if (json::valid_utf8(text) && !json::has_control_character(text)) return std::string(text);
  std::string out;
  for (char const c : text) {
    if (c >= ' ' && c <= '~') {
      out.push_back(c);
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

namespace {

// Said first, so that nobody takes a replay without divergence for more than it is.
constexpr std::string_view cannot_prove =
    "What a replay cannot prove: that clusters reported their capacity, prices and meters truthfully; that private parts (names, images,\n"
    "contracts) say what their owners meant; that this checkpoint is the only one of its size (compare it with a witness or with another\n"
    "auditor); and anything after the checkpoint.\n";

}  // namespace

Finding wrong(Class kind, std::string check, std::string expected, std::string actual) {
  Finding finding;
  finding.kind = kind;
  finding.check = std::move(check);
  finding.expected = std::move(expected);
  finding.actual = std::move(actual);
  return finding;
}

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

std::vector<std::string> Report::cannot_tell() const {
  Figures const& f = figures;
  std::vector<std::string> sentences;
  auto const say = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) sentences.push_back(fmt::format("{} {}", count, what));
  };
  if (!replayed) sentences.emplace_back("whether any entry follows from those before it: only bytes and signature were checked");
  say(f.private_parts, "private parts (identities, payloads, contracts, raw answers of sites): no openings were given");
  say(f.reaches_untold, "places where a job could not run because of its image or inputs: no openings were given");
  say(f.lots_untold, "lots, of days whose secret the log does not tell (yet)");
  say(f.rounds_unproven, "decided rounds: their certificates were not to be checked");
  say(f.digests_untold, "recorded digests: the log records more than are compared");
  return sentences;
}

int Report::exit_code(bool strict) const {
  if (finding) return static_cast<int>(finding->kind);
  return static_cast<int>(strict && !cannot_tell().empty() ? Class::incomplete : Class::clean);
}

std::string to_text(Finding const& finding) {
  std::string out = fmt::format("DIVERGENCE ({}, check {})\n", name_of(finding.kind), finding.check);
  if (finding.entry) out += fmt::format("  entry     {}\n", *finding.entry);
  if (!finding.file.empty()) out += fmt::format("  file      {}, offset {}\n", printable(finding.file), finding.offset);
  if (!finding.expected.empty()) out += fmt::format("  expected  {}\n", printable(finding.expected));
  if (!finding.actual.empty()) out += fmt::format("  actual    {}\n", printable(finding.actual));
  return out;
}

nlohmann::ordered_json to_value(Finding const& finding) {
  nlohmann::ordered_json row{{"check", finding.check}, {"file", finding.file}, {"offset", finding.offset}};
  row["entry"] = finding.entry ? nlohmann::ordered_json(*finding.entry) : nlohmann::ordered_json(nullptr);
  row["expected"] = finding.expected;
  row["actual"] = finding.actual;
  return row;
}

std::string to_document(nlohmann::ordered_json const& value) {
  return value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string to_text(Report const& report) {
  std::string out(cannot_prove);
  Figures const& f = report.figures;
  out += fmt::format("\nlog      {}\nentries  {}\nroot     {}\n", printable(report.origin), f.entries, f.root);
  if (f.last_at_ms > 0) out += fmt::format("until    {}\n", policy::format_rfc3339({f.last_at_ms}));
  if (report.replayed) {
    out += fmt::format(
        "jobs {}, lots drawn again {}, rounds {} decided and {} abandoned, allocations {}, settlements {}, state digests compared {}\n",
        f.jobs, f.lots_drawn_again, f.rounds_decided, f.rounds_abandoned, f.allocations, f.settlements, f.digests);
  }
  if (!f.state_digest.empty()) out += fmt::format("state    {}\n", f.state_digest);
  if (report.finding) {
    out += '\n' + to_text(*report.finding);
    return out + "Nothing after this point was examined.\n";
  }
  std::vector<std::string> const untold = report.cannot_tell();
  out += untold.empty() ? "\nCLEAN: " : "\nNO DIVERGENCE: ";
  out += "every entry is covered by the checkpoint";
  if (report.replayed) out += ", applies and keeps the invariants";
  if (report.replayed && f.rounds_unproven == 0) out += "; every decided round is proven";
  out += ".\n";
  if (!untold.empty()) out += "CANNOT TELL, and therefore not clean:\n";
  for (std::string const& sentence : untold) out += "  " + sentence + "\n";
  return out;
}

std::string to_json(Report const& report) {
  Figures const& f = report.figures;
  std::vector<std::string> const untold = report.cannot_tell();
  std::string_view const verdict = report.finding ? name_of(report.finding->kind) : untold.empty() ? "clean" : "no_divergence";
  nlohmann::ordered_json out{{"result", verdict}, {"origin", report.origin}};
  out["entries"] = f.entries;
  out["root"] = f.root;
  out["jobs"] = f.jobs;
  out["lots_drawn_again"] = f.lots_drawn_again;
  out["rounds_decided"] = f.rounds_decided;
  out["rounds_abandoned"] = f.rounds_abandoned;
  out["allocations"] = f.allocations;
  out["settlements"] = f.settlements;
  out["digests_compared"] = f.digests;
  out["state_digest"] = f.state_digest;
  out["cannot_prove"] = cannot_prove;
  out["cannot_tell"] = untold;
  out["divergence"] = report.finding ? to_value(*report.finding) : nlohmann::ordered_json(nullptr);
  return to_document(out);
}

}  // namespace sluice::audit
