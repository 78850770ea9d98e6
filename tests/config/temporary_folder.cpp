#include "tests/config/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace sluice::config {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "sluice-config-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder at " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TemporaryFolder::write(std::string const& name, std::string_view text) const {
  fs::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name, std::ios::binary) << text;
}

void TemporaryFolder::remove(std::string const& name) const { fs::remove(path_ / name); }

std::string const valid_main = R"([log]
origin = "broker.example/sluice"
)";

std::string const valid_equivalence = R"(reference = "A100"
source = "test"

[[row]]
type = "A100"
framework = "cuda"
throughput_ppm = 1000000
status = "illustrative"
)";

std::string const valid_cluster = R"([cluster]
name_zh = "庆阳"
name_en = "Qingyang"
region = 621000
protocol = "centre"

[access]
status = "site"

[[hardware]]
type = "A100"
cards = 64
cards_per_node = 8
memory_gib = 80
origin = "foreign"
frameworks = ["cuda"]
status = "site"

[[tariff]]
type = "A100"
status = "site"

[connection]
base_url = "https://centre.example/sluice"

[runtime]
container = "docker"
)";

std::string const valid_programme = R"([programme]
id = "voucher"
title_zh = "算力券"
title_en = "Voucher"
level = "city"
effective_from = 2024-03-01
status = "press"
source = "test"

[[track]]
kind = "compute"
flow = "deduct_at_use"
rate = [{ max_bp = 3000 }]
base_tax = "included"
cap = "200万元"
cap_period = "natural_year"
purse = "1亿元"
valid_days = 365
clusters = ["qingyang"]
)";

void write_valid(TemporaryFolder const& folder) {
  folder.write("sluice.toml", valid_main);
  folder.write("equivalence.toml", valid_equivalence);
  folder.write("clusters/qingyang.toml", valid_cluster);
  folder.write("programmes/voucher.toml", valid_programme);
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  std::size_t const at = text.find(from);
  if (at == std::string::npos) {
    ADD_FAILURE() << "'" << from << "' is not in the text";
    return text;
  }
  return text.replace(at, from.size(), to);
}

}  // namespace sluice::config
