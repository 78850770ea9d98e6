#include "tests/bench/rig/federation.hpp"

#include "tests/bench/rig/load.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sluice::bench {
namespace {

namespace fs = std::filesystem;

std::string const programs = SLUICE_PROGRAMS;
std::string const source = SLUICE_SOURCE;

struct Accelerator {
  char const* type;
  char const* framework;
  char const* yuan_per_card_hour;
};
constexpr std::array<Accelerator, 4> types{
    {{"A100", "cuda", "12.00"}, {"Ascend910B", "cann", "7.00"}, {"H800", "cuda", "14.00"}, {"H100", "cuda", "18.00"}}};

void write(fs::path const& path, std::string const& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string read(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string cluster_name(int index) { return fmt::format("centre-{}", index); }

std::string scenario(FederationOptions const& options) {
  std::string text = fmt::format("compression = 1\njob_seconds = {}\nlog_every_seconds = 3600\n", options.job_seconds);
  for (int c = 0; c < options.clusters; ++c) {
    text += fmt::format("\n[[centre]]\nname = \"{}\"\nstart_seconds = 1\nstop_seconds = 1\nimages = [\"hub.example/\"]\n", cluster_name(c));
    for (Accelerator const& each : types)
      text += fmt::format(
          "\n[[centre.pool]]\naccelerator = \"{}\"\ncards = {}\ncpus_per_card = 8\nmemory_gib_per_card = 64\n"
          "background = [[0, 0]]\nlist_yuan = [[0, \"{}\"]]\n",
          each.type, options.cards_per_offer, each.yuan_per_card_hour);
  }
  return text;
}

std::string cluster_file(std::string const& name, int centres_port, FederationOptions const& options) {
  std::string text = fmt::format(
      "[cluster]\nname_zh = \"{0}\"\nname_en = \"{0}\"\nregion = 420100\nprotocol = \"centre\"\ndata_classes = [\"general\"]\n"
      "offer_max_age_ms = 60000\n\n[access]\nstatus = \"illustrative\"\nsource = \"made up\"\napproval_days_min = 0\napproval_days_max = "
      "0\n",
      name);
  for (Accelerator const& each : types)
    text += fmt::format(
        "\n[[hardware]]\ntype = \"{}\"\ncards = {}\ncards_per_node = 8\nmemory_gib = 64\norigin = \"foreign\"\nframeworks = [\"{}\"]\n"
        "cpus_per_node = 64\nhost_memory_gib_per_node = 512\ninterconnect_gbps = 200\nstatus = \"illustrative\"\n",
        each.type, options.cards_per_offer, each.framework);
  for (Accelerator const& each : types)
    text += fmt::format(
        "\n[[tariff]]\ntype = \"{}\"\nincrement_ms = 1000\nrounding = \"half_up_fen\"\nprice_per_card_hour = \"{}\"\n"
        "status = \"illustrative\"\nsource = \"made up\"\n",
        each.type, each.yuan_per_card_hour);
  text += fmt::format(
      "\n[connection]\nbase_url = \"http://127.0.0.1:{}/{}\"\nallow_loopback = true\npoll_credential = \"connector_{}\"\n"
      "poll_interval_ms = {}\nconcurrency_max = 32\ndeadline_ms = 10000\nconnect_timeout_ms = 2000\n\n"
      "[runtime]\ncontainer = \"docker\"\nregistries = [\"hub.example/\"]\n",
      centres_port, name, name, options.poll_interval_ms);
  for (char const* purpose : {"input", "output", "checkpoint"})
    text += fmt::format("\n[[mount]]\npurpose = \"{}\"\nprefix = \"obs://b/\"\npath = \"/{}\"\n", purpose, purpose);
  return text;
}

std::string daemon_file(FederationOptions const& options) {
  return fmt::format(
      "[listen]\naddress = \"127.0.0.1\"\nport = 0\nunix_socket = \"run/sluice.sock\"\n\n"
      "[storage]\ndata_directory = \"run/ledger\"\nhigh_water_mark_file = \"run/high-water-mark\"\n"
      "tenant_key_directory = \"run/tenant-keys\"\nfree_space_floor_mib = 64\nfree_space_floor_bp = 0\nballast_mib = 0\n\n"
      "[log]\norigin = \"bench.sluice.example/log\"\n\n[keys]\ndirectory = \"run/credentials\"\n\n"
      "[limits]\nsubmissions_per_minute = 10000000\nrequests_per_minute = 1000000000\n"
      "requests_burst = 1000000000\nqueued_jobs_per_tenant = 10000000\n\n"
      "[rounds]\ninterval_ms = {}\neffort = {}\n\n[logging]\nlevel = \"info\"\nformat = \"text\"\n",
      options.round_interval_ms, options.round_effort);
}

}  // namespace

std::vector<std::string> const& accelerators() {
  static std::vector<std::string> const names = [] {
    std::vector<std::string> list;
    for (Accelerator const& each : types) list.emplace_back(each.type);
    return list;
  }();
  return names;
}

Federation::Federation(fs::path const& folder, FederationOptions const& options)
    : folder_(folder), options_(options), notify_(folder / "notify") {
  write(folder_ / "scenario.toml", scenario(options_));
  centres_ = std::make_unique<tests::Process>(
      tests::Process::Options{.arguments = {programs + "/sluice-sim", folder_ / "scenario.toml", "--port", "0"},
                              .errors = folder_ / "centres.log",
                              .environment = {},
                              .listens = true});
  auto const line = centres_->read_line();
  if (!line || !line->starts_with("listening on ")) throw std::runtime_error("sluice-sim: " + read(folder_ / "centres.log"));
  int const port = std::stoi(line->substr(line->rfind(':') + 1));

  fs::path const config = folder_ / "config";
  fs::create_directories(config / "clusters");
  fs::create_directories(config / "programmes");
  fs::create_directories(credentials());
  fs::copy_file(fs::path(source) / "config/demo/equivalence.toml", config / "equivalence.toml");
  write(config / "sluice.toml", daemon_file(options_));
  for (int c = 0; c < options_.clusters; ++c) {
    std::string const name = cluster_name(c);
    write(config / "clusters" / (name + ".toml"), cluster_file(name, port, options_));
    write(credentials() / ("connector_" + name), "token-of-" + name + "\n");
  }
  tests::Finished const keys = tests::run({programs + "/sluiced", "--config", config, "--create-keys"}, folder_ / "daemon.log");
  if (keys.code != 0) throw std::runtime_error("no keys: " + log_text());
}

double Federation::start() {
  fs::remove(folder_ / "ready");
  auto const begun = std::chrono::steady_clock::now();
  daemon_ = std::make_unique<tests::Process>(
      tests::Process::Options{.arguments = {programs + "/sluiced", "--config", folder_ / "config", "--ready-file", folder_ / "ready"},
                              .errors = folder_ / "daemon.log",
                              .environment = {notify_.environment()},
                              .listens = false});
  if (!notify_.wait_until_ready(*daemon_)) throw std::runtime_error("sluiced did not become ready:\n" + log_text());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

void Federation::stop() {
  daemon_->signal(SIGTERM);
  int const code = daemon_->wait();
  daemon_.reset();
  if (code != 0) throw std::runtime_error("sluiced ended with " + std::to_string(code) + ":\n" + log_text());
}

std::uint16_t Federation::port() const {
  std::string const address = read(folder_ / "ready");
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

std::string Federation::log_text() const { return read(folder_ / "daemon.log"); }

void Federation::open_accounts() {
  tests::Client admin = local();
  for (int c = 0; c < options_.clusters; ++c) {
    std::string const name = cluster_name(c);
    nlohmann::json const body{{"cluster", name}, {"holder", "operator"}, {"credential", "connector_" + name}, {"reason", "bench"}};
    tests::Reply const opened = admin.post("/v1/accounts", body.dump(), "account-" + name);
    if (opened.status != 201) throw std::runtime_error("no account: " + opened.body.dump());
  }
}

std::string Federation::add_tenant(std::string const& name) {
  tests::Client admin = local();
  auto const created = [&](std::string const& path, nlohmann::json const& body, std::string const& key) {
    tests::Reply reply = admin.post(path, body.dump(), key + name);
    if (reply.status != 201) throw std::runtime_error("POST " + path + ": " + reply.body.dump());
    return std::move(reply.body);
  };
  std::string const tenant = created("/v1/tenants", {{"name", name}, {"class", "startup"}, {"region", "420100"}}, "tenant-").at("id");
  created("/v1/deposits", {{"tenant", tenant}, {"amount_yuan", "1000000000"}, {"reference", "r"}, {"reason", "bench"}}, "deposit-");
  return created("/v1/keys", {{"role", "tenant"}, {"tenant", tenant}, {"label", "bench"}}, "key-").at("token");
}

double Federation::metric(std::string const& sample) const {
  LoadOptions const one{.port = port(), .connections = 1, .warm_up_s = 0, .measured_s = 60, .last = 1};
  std::string text;
  load(
      one, [](std::uint64_t, std::size_t) { return "GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n"; }, {}, {},
      [&](std::uint64_t, int, std::string_view body) { text = body; });
  std::size_t const at = text.find('\n' + sample + ' ');
  if (at == std::string::npos) throw std::runtime_error("no metric " + sample);
  return std::stod(text.substr(at + sample.size() + 2));
}

std::string Federation::export_log(fs::path const& to) const {
  std::string const ctl = programs + "/sluicectl";
  tests::Finished const key = tests::run({ctl, "--socket", socket_path(), "log", "key"}, folder_ / "ctl.log");
  tests::Finished const exported = tests::run({ctl, "--socket", socket_path(), "log", "export", to}, folder_ / "ctl.log");
  if (key.code != 0 || exported.code != 0) throw std::runtime_error("export: " + read(folder_ / "ctl.log"));
  return key.output.substr(0, key.output.find('\n'));
}

std::string job_body(std::size_t bytes, int cards) {
  nlohmann::ordered_json job{{"name", "bench"}, {"gang", {{"cards", cards}, {"cpus", cards}, {"memory_gib", cards}}}};
  job["variants"] = {{{"framework", "cuda"},
                      {"accelerators", {{{"type", "A100"}}, {{"type", "H100"}}, {{"type", "H800"}, {"throughput_ppm", 1'300'000}}}},
                      {"image", "hub.example/ft:1"},
                      {"command", {"bash", "train.sh"}},
                      {"environment", {{"PAD", ""}}}},
                     {{"framework", "cann"},
                      {"accelerators", {{{"type", "Ascend910B"}}}},
                      {"image", "hub.example/ft-npu:1"},
                      {"command", {"bash", "train.sh"}}}};
  job["work"] = {{"reference", "A100"}, {"card_hours", "0.01"}};
  job["max_runtime_s"] = 600;
  std::size_t const bare = job.dump().size();
  if (bare > bytes) throw std::runtime_error(fmt::format("a job takes {} bytes at least", bare));
  job["variants"][0]["environment"]["PAD"] = std::string(bytes - bare, 'x');
  return job.dump();
}

Submissions::Submissions(std::string const& token, std::string const& body) {
  text_ = fmt::format(
      "POST /v1/jobs HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nIdempotency-Key: ", token);
  key_at_ = text_.size();
  text_ += fmt::format("{:016}\r\nContent-Length: {}\r\n\r\n{}", 0, body.size(), body);
}

std::string_view Submissions::operator()(std::uint64_t number) {
  for (std::size_t i = 16; i-- > 0; number /= 10) text_[key_at_ + i] = static_cast<char>('0' + number % 10);
  return text_;
}

ScratchFolder::ScratchFolder(fs::path const& parent) {
  std::string pattern = (parent / "sluice-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error(pattern + ": " + std::strerror(errno));
  path_ = fs::absolute(pattern);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace sluice::bench
