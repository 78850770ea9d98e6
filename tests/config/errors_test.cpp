// What an operator reads when a file is wrong, word for word; and that nothing wrong goes unsaid.
#include "config/load.hpp"
#include "tests/config/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// The errors of a folder, with its own path left out.
std::vector<std::string> errors(TemporaryFolder const& folder, LoadOptions const& options = {}) {
  std::vector<std::string> lines;
  for (Diagnostic diagnostic : check_config(folder.path(), options).diagnostics) {
    if (diagnostic.severity != Severity::error) continue;
    diagnostic.file = diagnostic.file.substr(std::min(folder.path().string().size() + 1, diagnostic.file.size()));
    lines.push_back(to_text(diagnostic));
  }
  return lines;
}

class Errors : public testing::Test {
 protected:
  void SetUp() override { write_valid(folder); }

  std::vector<std::string> with_main(std::string_view more) {
    write_valid(folder);
    folder.write("sluice.toml", valid_main + std::string(more));
    return errors(folder);
  }
  std::vector<std::string> with_cluster(std::string_view from, std::string_view to) {
    write_valid(folder);
    folder.write("clusters/qingyang.toml", with(valid_cluster, from, to));
    return errors(folder);
  }
  std::vector<std::string> with_programme(std::string_view from, std::string_view to) {
    write_valid(folder);
    folder.write("programmes/voucher.toml", with(valid_programme, from, to));
    return errors(folder);
  }

  TemporaryFolder folder;
};

TEST_F(Errors, NoneWhenAllIsWell) { EXPECT_THAT(errors(folder), IsEmpty()); }

TEST_F(Errors, UnknownKey) {
  EXPECT_THAT(
      with_cluster("cards = 64", "card = 64"),
      ElementsAre(
          "clusters/qingyang.toml:10:1: hardware[0].cards: is required: integer 1 … 10000000; All cards of the type: what can ever fit.",
          "clusters/qingyang.toml:12:1: hardware[0].card: unknown key; allowed here: type, cards, cards_per_node, memory_gib, origin, "
          "frameworks, "
          "cpus_per_node, host_memory_gib_per_node, interconnect_gbps, status, source, as_of; did you mean 'cards'?"));
}

TEST_F(Errors, UnknownTable) {
  EXPECT_THAT(with_main("[listn]\nport = 1\n"), ElementsAre("sluice.toml:3:2: listn: unknown key; allowed here: listen, storage, log, "
                                                            "keys, limits, poll, rounds, dispatch, logging, market; did "
                                                            "you mean 'listen'?"));
}

TEST_F(Errors, ForgottenUnit) {
  EXPECT_THAT(with_main("[rounds]\ninterval = 500\n"), ElementsAre("sluice.toml:4:1: rounds.interval: unknown key; allowed here: "
                                                                   "interval_ms, effort, allocations_per_group_max; did you "
                                                                   "mean 'interval_ms'?"));
}

TEST_F(Errors, OutOfRange) {
  EXPECT_THAT(with_main("[listen]\nport = 70000\n"),
              ElementsAre("sluice.toml:4:8: listen.port: must be an integer from 0 to 65535, not 70000"));
  EXPECT_THAT(with_main("[listen]\nport = \"8080\"\n"),
              ElementsAre("sluice.toml:4:8: listen.port: must be an integer from 0 to 65535, not '8080'"));
  EXPECT_THAT(with_main("[listen]\nport = 8080.0\n"),
              ElementsAre("sluice.toml:4:8: listen.port: must be an integer from 0 to 65535, not 8080.0"));
}

TEST_F(Errors, Word) {
  EXPECT_THAT(with_main("[logging]\nlevel = \"inf\"\n"),
              ElementsAre("sluice.toml:4:9: logging.level: must be one of debug, info, warning, error, not 'inf'; did you mean 'info'?"));
  EXPECT_THAT(with_cluster("protocol = \"centre\"", "protocol = \"center\""),
              ElementsAre("clusters/qingyang.toml:5:12: cluster.protocol: must be one of centre, not 'center'; did you mean 'centre'?"));
}

TEST_F(Errors, RateAboveAll) {
  // A rate of more than the whole is refused, naming file and key.
  EXPECT_THAT(with_programme("max_bp = 3000", "max_bp = 10001"),
              ElementsAre("programmes/voucher.toml:13:20: track[0].rate[0].max_bp: must be an integer from 1 to 10000 (basis points: 3000 "
                          "is 30 %, 10000 is all "
                          "of it), not 10001"));
  EXPECT_THAT(with_programme("max_bp = 3000", "max_bp = 0"), SizeIs(1));
  EXPECT_THAT(with_programme("max_bp = 3000", "max_bp = 0.3"), SizeIs(1));
  EXPECT_THAT(with_programme("max_bp = 3000", "max_bp = 10000"), IsEmpty());
  EXPECT_THAT(with_programme("max_bp = 3000", "max_bp = 1"), IsEmpty());
}

TEST_F(Errors, Money) {
  EXPECT_THAT(with_programme("cap = \"200万元\"", "cap = 2000000"),
              ElementsAre("programmes/voucher.toml:15:7: track[0].cap: must be an amount in quotation marks (\"5000.00\", \"200万元\", "
                          "\"1亿元\"), not 2000000"));
  EXPECT_THAT(with_programme("cap = \"200万元\"", "cap = \"2,000,000\""),
              ElementsAre("programmes/voucher.toml:15:7: track[0].cap: '2,000,000' is no amount: only digits and one point are allowed; "
                          "write yuan as \"5000.00\", "
                          "\"200万元\" or \"1亿元\""));
  EXPECT_THAT(with_programme("cap = \"200万元\"", "cap = \"0.00\""),
              ElementsAre("programmes/voucher.toml:15:7: track[0].cap: must be from 0.000001 to 1000000000000.00 yuan, not 0.00; an "
                          "unknown amount stays unset"));
}

TEST_F(Errors, Date) {
  EXPECT_THAT(with_programme("effective_from = 2024-03-01", "effective_from = \"2024-03-01\""),
              ElementsAre("programmes/voucher.toml:6:18: programme.effective_from: must be a date, without quotation marks (2024-03-01), "
                          "or a moment with offset "
                          "(2024-03-01T00:00:00+08:00), not '2024-03-01'"));
}

TEST_F(Errors, TypeAndDoubles) {
  EXPECT_THAT(with_cluster("frameworks = [\"cuda\"]", "frameworks = \"cuda\""),
              ElementsAre("clusters/qingyang.toml:16:14: hardware[0].frameworks: must be a list in brackets, not 'cuda'"));
  EXPECT_THAT(with_cluster("frameworks = [\"cuda\"]", "frameworks = [\"cuda\", \"cuda\"]"),
              ElementsAre("clusters/qingyang.toml:16:23: hardware[0].frameworks[1]: 'cuda' stands here twice"));
  EXPECT_THAT(with_cluster("[cluster]", "access = 3\n[cluster]"), SizeIs(1)) << "a table and a number of one name are a syntax error";
  EXPECT_THAT(with_main("[listen]\nport = [1]\n[[poll]]\n"),
              ElementsAre("sluice.toml:4:8: listen.port: must be an integer from 0 to 65535, not a list",
                          "sluice.toml:5:1: poll: must be a table, not a list"));
}

TEST_F(Errors, SourceIsRequiredUnlessIllustrative) {
  EXPECT_THAT(with_cluster("[access]\nstatus = \"site\"", "[access]\nstatus = \"press\""),
              ElementsAre("clusters/qingyang.toml:7:1: access.source: is required with this status; only 'illustrative' and 'site' figures "
                          "may go without one"));
}

TEST_F(Errors, TariffOfMissingHardware) {
  EXPECT_THAT(
      with_cluster("[[tariff]]\ntype = \"A100\"", "[[tariff]]\ntype = \"A1000\""),
      ElementsAre("clusters/qingyang.toml:20:1: tariff[0].type: 'A1000' is not in [[hardware]], which has A100; did you mean 'A100'?"));
}

TEST_F(Errors, DoubleHardware) {
  EXPECT_THAT(with_cluster("[[tariff]]",
                           "[[hardware]]\ntype = \"A100\"\ncards = 8\ncards_per_node = 8\nmemory_gib = 40\norigin = "
                           "\"foreign\"\nframeworks = [\"cuda\"]\nstatus "
                           "= \"site\"\n\n[[tariff]]"),
              ElementsAre("clusters/qingyang.toml:20:1: hardware[1].type: 'A100' stands in hardware[0] already"));
}

TEST_F(Errors, Addresses) {
  EXPECT_THAT(with_cluster("https://centre.example/sluice", "http://centre.example/sluice"),
              ElementsAre("clusters/qingyang.toml:24:1: connection.base_url: is not encrypted; use https, or set allow_plain_http = true "
                          "and know that credentials "
                          "travel readable"));
  EXPECT_THAT(
      with_cluster("https://centre.example/sluice", "http://127.0.0.1:9"),
      ElementsAre(
          "clusters/qingyang.toml:24:1: connection.base_url: is an address of this machine; set allow_loopback = true if that is meant"));
  EXPECT_THAT(with_main("[listen]\naddress = \"0.0.0.0\"\n"),
              ElementsAre("sluice.toml:4:1: listen.address: '0.0.0.0' is no loopback address: set tls_certificate_file and tls_key_file, "
                          "or listen on 127.0.0.1 "
                          "behind a proxy that ends TLS"));
  EXPECT_THAT(with_main("[listen]\naddress = \"::\"\ntls_certificate_file = \"c.pem\"\ntls_key_file = \"credential:tls_key\"\n"),
              IsEmpty());
}

TEST_F(Errors, SecretsInWrongPlacesAreNotQuoted) {
  std::vector<std::string> const password = with_cluster("https://centre.example/sluice", "https://root:hunter2@centre.example/");
  EXPECT_THAT(password, ElementsAre("clusters/qingyang.toml:24:12: connection.base_url: must be an address like "
                                    "\"https://api.example:8443/centre\": a user or password "
                                    "is not allowed: credentials are files, named by poll_credential"));
  std::vector<std::string> const token = with_cluster("base_url", "poll_credential = \"Bearer hunter2\"\nbase_url");
  EXPECT_THAT(token, ElementsAre("clusters/qingyang.toml:24:19: connection.poll_credential: must be the name of a file in the credentials "
                                 "folder (letters, digits, '.', "
                                 "'_', '-'; at most 63), not a path and never the secret itself"));
}

TEST_F(Errors, ProtocolTables) {
  folder.write("clusters/qingyang.toml", valid_cluster + "\n[centre]\npartition = \"x\"\n");
  EXPECT_THAT(errors(folder),
              ElementsAre("clusters/qingyang.toml:30:1: centre.partition: unknown key; protocol 'centre' has no settings of its own"));
  EXPECT_THAT(with_cluster("[connection]\nbase_url = \"https://centre.example/sluice\"\n", ""),
              ElementsAre("clusters/qingyang.toml:1:1: connection: is required with base_url: protocol 'centre' needs an address"));
}

TEST_F(Errors, ProgrammeOfMissingCluster) {
  EXPECT_THAT(with_programme("clusters = [\"qingyang\"]", "clusters = [\"qingyan\"]"),
              ElementsAre("programmes/voucher.toml:19:13: track[0].clusters[0]: there is no cluster 'qingyan'; files of clusters/: "
                          "qingyang; did you mean 'qingyang'?"));
}

TEST_F(Errors, ProgrammeIdIsTheFilesName) {
  EXPECT_THAT(
      with_programme("id = \"voucher\"", "id = \"vouchers\""),
      ElementsAre("programmes/voucher.toml:2:1: programme.id: is 'vouchers', but the file is named 'voucher.toml': rename one of them"));
}

TEST_F(Errors, ProgrammesOfOneName) {
  folder.write("programmes/a.toml", with(with(valid_programme, "id = \"voucher\"", "id = \"a\""), "[[track]]", "[[track]]\nname = \"b\""));
  folder.write("programmes/a-b.toml", with(valid_programme, "id = \"voucher\"", "id = \"a-b\""));
  std::vector<std::string> const found = errors(folder);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found.front(), testing::AllOf(HasSubstr("the programme 'a-b' stands in "), HasSubstr(" already")));
}

TEST_F(Errors, PursesSumToTheTotal) {
  std::string const three =
      "\n[[track]]\nname = \"model\"\nkind = \"model\"\npurse = \"3亿元\"\n\n[[track]]\nname = \"corpus\"\nkind = \"corpus\"\npurse = "
      "\"1亿元\"\n";
  std::string const first = with(with(valid_programme, "[[track]]", "[[track]]\nname = \"compute\""), "1亿元", "6亿元");
  folder.write("programmes/voucher.toml", with(first, "status = \"press\"", "purse_total = \"10亿元\"\nstatus = \"press\"") + three);
  EXPECT_THAT(errors(folder), IsEmpty());
  folder.write("programmes/voucher.toml", with(first, "status = \"press\"", "purse_total = \"9亿元\"\nstatus = \"press\"") + three);
  EXPECT_THAT(errors(folder), ElementsAre("programmes/voucher.toml:7:1: programme.purse_total: is 900000000.00 yuan, but the purses of the "
                                          "tracks sum to 1000000000.00 yuan"));
}

TEST_F(Errors, TracksHaveNames) {
  folder.write("programmes/voucher.toml", valid_programme + "\n[[track]]\nkind = \"model\"\n");
  EXPECT_THAT(errors(folder), ElementsAre("programmes/voucher.toml:10:1: track[0].name: is required: the file has several tracks",
                                          "programmes/voucher.toml:21:1: track[1].name: is required: the file has several tracks"));
}

TEST_F(Errors, RatesThatNeverCount) {
  EXPECT_THAT(with_programme("rate = [{ max_bp = 3000 }]",
                             "rate = [{ max_bp = 3000 }, { when = { applicant_class = \"startup\" }, max_bp = 6000 }]"),
              ElementsAre("programmes/voucher.toml:13:28: track[0].rate[1]: can never count: rate[0] before it holds for everything"));
}

TEST_F(Errors, FundingSums) {
  folder.write("programmes/voucher.toml",
               valid_programme + "funding = [{ level = \"province\", share_bp = 5000 }, { level = \"city\", share_bp = 4000 }]\n");
  EXPECT_THAT(errors(folder), ElementsAre("programmes/voucher.toml:20:1: track[0].funding: the shares sum to 9000, not to 10000"));
}

TEST_F(Errors, AllOfAllFilesAreCollectedAndTheFirstSyntaxErrorOfEach) {
  folder.write("sluice.toml", "[log]\norigin = \"https://x\"\n[listen]\nport = -1\nadress = \"127.0.0.1\"\n");
  folder.write("equivalence.toml", "reference = \nrow = \n");
  folder.write("clusters/qingyang.toml", "[cluster\n");
  folder.write("clusters/bad name.toml", "");
  folder.write("programmes/voucher.toml",
               with(with(valid_programme, "level = \"city\"", "level = \"town\""), "valid_days = 365", "valid_days = 0"));
  std::vector<std::string> const found = errors(folder);
  ASSERT_THAT(found, SizeIs(8)) << fmt::format("{}", fmt::join(found, "\n"));
  EXPECT_THAT(found[0], HasSubstr("clusters/bad name.toml:1:1: file: the file's name is the name of what it describes"));
  EXPECT_THAT(found[1], HasSubstr("clusters/qingyang.toml:1:9: syntax: "));
  EXPECT_THAT(found[2], HasSubstr("equivalence.toml:1:13: syntax: "));
  EXPECT_THAT(found[3], HasSubstr("programmes/voucher.toml:5:9: programme.level: must be one of"));
  EXPECT_THAT(found[4], HasSubstr("programmes/voucher.toml:18:14: track[0].valid_days: must be an integer from 1 to 3660"));
  EXPECT_THAT(found[5], HasSubstr("sluice.toml:2:1: log.origin: must be a URL without scheme"));
  EXPECT_THAT(found[6], HasSubstr("sluice.toml:4:8: listen.port:"));
  EXPECT_THAT(found[7], HasSubstr("sluice.toml:5:1: listen.adress: unknown key;"));
  EXPECT_THAT(found[7], HasSubstr("did you mean 'address'?"));
}

TEST_F(Errors, MissingFilesAndFolders) {
  folder.remove("sluice.toml");
  folder.remove("equivalence.toml");
  EXPECT_THAT(errors(folder),
              ElementsAre("equivalence.toml:1:1: file: the file is not there", "sluice.toml:1:1: file: the file is not there"));
  EXPECT_FALSE(check_config(folder.path() / "nowhere").ok());
  EXPECT_FALSE(load(folder.path()).configuration);
}

TEST_F(Errors, Scenario) {
  EXPECT_THAT(errors(folder, {.scenario = "x"}), ElementsAre("scenarios:1:1: file: there is no scenario 'x'"));
  folder.write("scenarios/x.toml", "id = \"x\"\ndescription = \"d\"\n[[access]]\ncluster = \"qingjang\"\nstatus = \"site\"\n");
  EXPECT_THAT(errors(folder),
              ElementsAre("scenarios/x.toml:4:1: access[0].cluster: there is no cluster 'qingjang'; did you mean 'qingyang'?"));
}

TEST_F(Errors, AreBounded) {
  std::string text = valid_main;
  for (int key = 0; key < 10'000; ++key) text += fmt::format("key{} = 1\n", key);
  folder.write("sluice.toml", text);
  std::vector<std::string> const found = errors(folder);
  ASSERT_THAT(found, SizeIs(201));
  EXPECT_THAT(found.back(), HasSubstr("more than 200 errors in this file; the rest is not shown"));
}

TEST_F(Errors, TheReportEndsWithItsNumbers) {
  folder.write("sluice.toml", valid_main + "[listen]\nport = -1\n");
  std::string const text = to_text(check_config(folder.path()));
  EXPECT_THAT(text, testing::EndsWith("\nconfiguration is refused: 1 error, 0 warnings, 0 notes\n"));
  folder.write("sluice.toml", valid_main);
  EXPECT_EQ(to_text(check_config(folder.path())), "configuration is valid: 0 errors, 0 warnings, 0 notes\n");
}

TEST_F(Errors, HiddenAndOtherFilesArePassedOver) {
  folder.write("clusters/.qingyang.toml.swp", "garbage");
  folder.write("clusters/.#qingyang.toml", "garbage");
  folder.write("clusters/qingyang.toml~", "garbage");
  folder.write("clusters/README.md", "garbage");
  EXPECT_THAT(check_config(folder.path()).diagnostics, IsEmpty());
}

TEST_F(Errors, AFileThatIsNotReadIsTold) {
  folder.write("clusters/wuhan.tml", valid_cluster);
  Report const report = check_config(folder.path());
  EXPECT_TRUE(report.ok());
  ASSERT_THAT(report.diagnostics, SizeIs(1));
  EXPECT_THAT(to_text(report.diagnostics[0]),
              testing::EndsWith("clusters/wuhan.tml:1:1: warning: file: is not read: its name does not end in .toml"));
}

// A reload that took a forgotten mount for "no clusters" would drain them all.
TEST_F(Errors, AFolderThatIsNotThereIsNotAnEmptyOne) {
  folder.remove("programmes/voucher.toml");
  folder.remove("clusters/qingyang.toml");
  EXPECT_THAT(errors(folder), IsEmpty()) << "empty folders say that there are none";
  folder.remove("clusters");
  folder.remove("programmes");
  EXPECT_THAT(errors(folder), ElementsAre("clusters:1:1: file: the folder is not there; an empty one says that there are none",
                                          "programmes:1:1: file: the folder is not there; an empty one says that there are none"));
}

}  // namespace
}  // namespace sluice::config
