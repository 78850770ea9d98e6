// log export, log proof, log key: what an auditor takes away.
#include "tools/ctl/fields.hpp"
#include "tools/ctl/log_export.hpp"
#include "tools/ctl/session.hpp"

#include <memory>

namespace sluice::ctl {

void add_log_verbs(CLI::App& app, Chosen& chosen) {
  auto& log =
      add_verb(app, "log", "The transparent log: export it, print its key", "  sluicectl log export /srv/sluice-copy\n  sluicectl log key");
  log.require_subcommand(1);
  auto& export_verb = add_verb(log, "export", "Copy the log into static files for sluice-audit; can be run again",
                               "  sluicectl --token-file auditor.token log export /srv/sluice-copy");
  auto folder = std::make_shared<std::string>();
  auto without_blobs = std::make_shared<bool>(false);
  export_verb.add_option("DIR", *folder, "Folder to write to")->required();
  export_verb.add_flag("--without-blobs", *without_blobs, "Only checkpoint, hashes and entries");
  export_verb.callback([&chosen, folder, without_blobs] {
    chosen.verb = [folder, without_blobs](Session& session) { return export_log(session, *folder, !*without_blobs); };
  });
  auto& proof = add_verb(log, "proof", "Print the proof that the log has an entry; whoever has the entry can check it",
                         "  sluicectl log proof 48213 > 48213.tlog-proof");
  auto sequence = std::make_shared<std::string>();
  proof.add_option("SEQUENCE", *sequence, "The entry's number")->required();
  proof.callback([&chosen, sequence] {
    chosen.verb = [sequence](Session& session) {
      Target target("/v1/entries");
      return print_text(session, target.segment(*sequence).segment("proof").text(), "proof");
    };
  });
  auto& key = add_verb(log, "key", "Print the log's verifier key; compare it with a copy from elsewhere", "");
  key.callback([&chosen] {
    chosen.verb = [](Session& session) -> Result<ExitCode> {
      auto const answer =
          session.api.call({.target = "/v1/log/key", .body = {}, .headers = {}, .accept = "text/plain, application/problem+json"});
      if (!answer) return std::unexpected(answer.error());
      auto line = answer->body;
      while (line.ends_with('\n')) line.pop_back();
      if (session.out.json()) {
        session.out.document({{"key", line}});
      } else {
        session.out.line(line);
      }
      return ExitCode::ok;
    };
  });
}

}  // namespace sluice::ctl
