#include "tests/integration/rig.hpp"

#include "storage/log/tree_source.hpp"
#include "tests/integration/held_to_contract.hpp"
#include "tools/audit/replay.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;

std::string const programs = SLUICE_PROGRAMS;
std::string const source = SLUICE_SOURCE;

std::string read_file(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(fs::path const& path, std::string const& text) { std::ofstream(path, std::ios::binary) << text; }

void replace_all(std::string& text, std::string const& from, std::string const& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

/// The line that begins with `key = ` gets another value; a missing one is our own mistake.
void set_line(std::string& text, std::string const& key, std::string const& value) {
  std::size_t const at = text.find('\n' + key + " = ");
  if (at == std::string::npos) throw std::runtime_error("no line for " + key);
  std::size_t const end = text.find('\n', at + 1);
  text.replace(at + 1, end - at - 1, key + " = " + value);
}

}  // namespace

Client::Client(std::string const& address, std::string token, bool keeps_contract)
    : token_(std::move(token)), keeps_contract_(keeps_contract) {
  client_ = std::make_unique<http_client::BlockingClient>(http_client::ClientOptions{});
  http_client::SiteOptions site;
  site.addresses.allow_loopback = true;
  site.allow_plain_http = true;
  site.deadline = std::chrono::milliseconds(60'000);
  site.low_speed_time = std::chrono::seconds(60);  // a long poll is silent until something happens
  if (address.starts_with('/')) {
    site.unix_socket = address;
    site.base_url = "http://localhost";
  } else {
    site.base_url = "http://" + address;
  }
  if (auto const added = client_->add_site("it", site); !added) throw std::runtime_error(added.error());
}

Reply Client::send(std::string const& method, std::string const& target, std::string body, std::string const& idempotency_key,
                   std::vector<http_client::Header> const& fields) {
  http_client::HttpRequest request;
  request.site = "it";
  request.method = method;
  request.target = target;
  request.repeatable = false;  // a test wants to see a broken connection, not a second try behind its back
  if (!token_.empty()) request.headers.push_back({"Authorization", "Bearer " + token_});
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!idempotency_key.empty()) request.headers.push_back({"Idempotency-Key", idempotency_key});
  for (http_client::Header const& field : fields) request.headers.push_back(field);
  request.body = std::move(body);
  auto const outcome = client_->send(std::move(request));
  if (!outcome) return {};
  if (!keeps_contract_)
    return {.status = outcome->status, .body = nlohmann::json::parse(outcome->body, nullptr, false), .replayed = false, .etag = {}};
  Answered const answered{method, target, outcome->status, outcome->body, [&](std::string_view name) { return outcome->header(name); }};
  for (std::string const& breach : breaches(answered)) ADD_FAILURE() << method << ' ' << target << ": " << breach << '\n' << outcome->body;
  Reply reply{.status = outcome->status, .body = nlohmann::json::parse(outcome->body, nullptr, false), .replayed = false, .etag = {}};
  if (auto const* const etag = outcome->header("etag")) reply.etag = *etag;
  reply.replayed = outcome->header("idempotent-replayed") != nullptr;
  return reply;
}

Rig::Rig(std::vector<std::string> const& clusters, int compression, Patience patience)
    : clusters_(clusters), notify_(folder_.path() / "notify") {
  std::string scenario = read_file(fs::path(source) / "tools/sim/scenarios/demo.toml");
  // No troubles but those a test makes itself.
  std::size_t const script = scenario.find("\nscript = [");
  if (script != std::string::npos) scenario.erase(script, scenario.find("\n]", script) + 2 - script);
  set_line(scenario, "compression", std::to_string(compression > 0 ? compression : 1));
  if (compression == 0) scenario = "clock = \"manual\"\n" + scenario;
  write_file(folder_.path() / "scenario.toml", scenario);
  centres_process_ =
      std::make_unique<Process>(Process::Options{.arguments = {programs + "/sluice-sim", folder_.path() / "scenario.toml", "--port", "0"},
                                                 .errors = folder_.path() / "centres.log",
                                                 .environment = {},
                                                 .listens = true});
  auto const line = centres_process_->read_line();
  if (!line || !line->starts_with("listening on "))
    throw std::runtime_error("sluice-sim did not start: " + read_file(folder_.path() / "centres.log"));
  centres_port_ = std::stoi(line->substr(line->rfind(':') + 1));
  write_configuration(clusters, patience);
}

Rig::~Rig() = default;

void Rig::write_configuration(std::vector<std::string> const& clusters, Patience patience) {
  fs::path const config = folder_.path() / "config";
  fs::create_directories(config / "clusters");
  fs::copy(fs::path(source) / "config/demo/programmes", config / "programmes");
  fs::copy_file(fs::path(source) / "config/demo/equivalence.toml", config / "equivalence.toml");
  std::string daemon = read_file(fs::path(source) / "config/demo/sluice.toml");
  set_line(daemon, "port", "0");
  set_line(daemon, "interval_ms", "200");  // [poll]: the first of that name
  if (patience == Patience::short_lived) {
    set_line(daemon, "lost_after_s", "10");
    replace_all(daemon, "[dispatch]\n", "[dispatch]\nabsence_grace_s = 2\nlimit_grace_s = 0\n");
  }
  write_file(config / "sluice.toml", daemon);
  fs::path const credentials = config / "run/credentials";
  fs::create_directories(credentials);
  for (std::string const& cluster : clusters) {
    std::string text = read_file(fs::path(source) / "config/demo/clusters" / (cluster + ".toml"));
    replace_all(text, "127.0.0.1:9700", "127.0.0.1:" + std::to_string(centres_port_));
    set_line(text, "poll_interval_ms", "200");
    write_file(config / "clusters" / (cluster + ".toml"), text);
    write_file(credentials / ("connector_" + cluster), "token-of-" + cluster + "\n");
  }
  // Programmes of the demo name clusters this rig may not have.
  for (auto const& file : fs::directory_iterator(config / "programmes")) {
    std::string const text = read_file(file.path());
    for (char const* cluster : {"wuhan", "qingyang", "guiyang", "horinger", "zhongwei", "guian", "tianfu", "chongqing"}) {
      bool const kept = std::ranges::find(clusters, cluster) != clusters.end();
      if (!kept && text.find('"' + std::string(cluster) + '"') != std::string::npos) {
        fs::remove(file.path());
        break;
      }
    }
  }
  Finished const keys = run({programs + "/sluiced", "--config", config, "--create-keys"}, folder_.path() / "daemon.log");
  if (keys.code != 0) throw std::runtime_error("no keys: " + daemon_log());
}

void Rig::configure(std::string const& key, std::string const& value) {
  fs::path const file = folder_.path() / "config/sluice.toml";
  std::string text = read_file(file);
  set_line(text, key, value);
  write_file(file, text);
}

void Rig::start_daemon() {
  fs::remove(folder_.path() / "ready");
  daemon_ = std::make_unique<Process>(Process::Options{
      .arguments = {programs + "/sluiced", "--config", folder_.path() / "config", "--ready-file", folder_.path() / "ready"},
      .errors = folder_.path() / "daemon.log",
      .environment = {notify_.environment()},
      .listens = false});
  if (!notify_.wait_until_ready(*daemon_)) throw std::runtime_error("sluiced did not become ready:\n" + daemon_log());
}

void Rig::kill_daemon() {
  daemon_->signal(SIGKILL);
  daemon_->wait();
  daemon_.reset();
}

void Rig::reload_daemon() {
  daemon_->signal(SIGHUP);
  if (!notify_.wait_until_ready(*daemon_)) throw std::runtime_error("sluiced did not come back from its reload:\n" + daemon_log());
}

int Rig::stop_daemon() {
  daemon_->signal(SIGTERM);
  int const code = daemon_->wait();
  daemon_.reset();
  return code;
}

std::string Rig::address() const {
  std::string text = read_file(folder_.path() / "ready");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string Rig::socket_path() const { return folder_.path() / "config/run/sluice.sock"; }
std::string Rig::daemon_log() const { return read_file(folder_.path() / "daemon.log"); }

void Rig::open_accounts() {
  Client admin = local();
  for (std::string const& cluster : clusters_) {
    nlohmann::json const body{{"cluster", cluster}, {"holder", "operator"}, {"credential", "connector_" + cluster}, {"reason", "test"}};
    Reply const opened = admin.post("/v1/accounts", body.dump(), "account-" + std::to_string(accounts_++));
    if (opened.status != 201) throw std::runtime_error("no account: " + opened.body.dump());
  }
}

std::string Rig::add_tenant(std::string const& name, std::string const& deposit_yuan) {
  Client admin = local();
  nlohmann::json const tenant{{"name", name}, {"class", "startup"}, {"region", "420100"}};
  Reply const added = admin.post("/v1/tenants", tenant.dump(), "tenant-" + name);
  if (added.status != 201) throw std::runtime_error("no tenant: " + added.body.dump());
  last_tenant_ = added.body.at("id");
  nlohmann::json const deposit{{"tenant", last_tenant_}, {"amount_yuan", deposit_yuan}, {"reference", "r"}, {"reason", "test"}};
  if (admin.post("/v1/deposits", deposit.dump(), "deposit-" + name).status != 201) throw std::runtime_error("no deposit");
  nlohmann::json const key{{"role", "tenant"}, {"tenant", last_tenant_}, {"label", "test"}};
  Reply const issued = admin.post("/v1/keys", key.dump(), "key-" + name);
  if (issued.status != 201) throw std::runtime_error("no key: " + issued.body.dump());
  return issued.body.at("token");
}

std::string Rig::add_key(std::string const& role) {
  nlohmann::json const key{{"role", role}, {"label", "test"}};
  Reply const issued = local().post("/v1/keys", key.dump(), "key-of-role-" + role + std::to_string(keys_++));
  if (issued.status != 201) throw std::runtime_error("no key: " + issued.body.dump());
  return issued.body.at("token");
}

audit::Report Rig::export_and_replay() {
  fs::path const tree = folder_.path() / "tree";
  fs::remove_all(tree);
  std::string const ctl = programs + "/sluicectl";
  Finished const key = run({ctl, "--socket", socket_path(), "log", "key"}, folder_.path() / "ctl.log");
  Finished const exported = run({ctl, "--socket", socket_path(), "log", "export", tree}, folder_.path() / "ctl.log");
  if (key.code != 0 || exported.code != 0) throw std::runtime_error("export failed: " + read_file(folder_.path() / "ctl.log"));
  std::string text = key.output;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  auto const verifier = log::NoteVerifier::parse(text);
  if (!verifier) throw std::runtime_error(verifier.error() + ": " + text);
  log::DirectorySource files(tree);
  return audit::replay(files, *verifier, {});
}

std::string small_job(std::string const& name, std::string const& card_hours, std::vector<std::string> const& command, int cards,
                      int max_attempts) {
  nlohmann::json const job{
      {"name", name},
      {"gang", {{"cards", cards}}},
      {"variants",
       {{{"framework", "cuda"}, {"accelerators", {{{"type", "A100"}}}}, {"image", "hub.example/eval:2"}, {"command", command}}}},
      {"work", {{"reference", "A100"}, {"card_hours", card_hours}}},
      {"max_runtime_s", 7200},
      {"retry", {{"max_attempts", max_attempts}}}};
  return job.dump();
}

}  // namespace sluice::tests
