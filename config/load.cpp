#include "config/load.hpp"

#include "config/cross_checks.hpp"
#include "config/schemas.hpp"
#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_max = 1'000;  // of one folder

/// What one file said. The content may be partly read when `good` is false.
template <class S>
struct Parsed {
  S content{};
  Places places;
  std::string path;
  bool good = false;
};

class Loader {
 public:
  Loader(fs::path const& directory, std::vector<Diagnostic>& diagnostics) : directory_(directory), diagnostics_(diagnostics) {}

  template <class S>
  Parsed<S> read(fs::path const& path, Section<S> const& schema) {
    Parsed<S> parsed;
    parsed.path = path.generic_string();
    auto const text = read_file(path);
    if (!text) {
      report(parsed.path, text.error());
      return parsed;
    }
    auto const document = parse_document(*text, parsed.path);
    if (!document) {
      diagnostics_.push_back(document.error());
      return parsed;
    }
    Reader reader(parsed.path, directory_, diagnostics_);
    parsed.good = schema.read(reader, *document, parsed.content);
    parsed.places = reader.take_places();
    return parsed;
  }

  /// Reads every file of a folder, by the file's name without .toml. A folder that must be there and is not is an error: taken for an
  /// empty one, a forgotten mount would drain every cluster.
  template <class S>
  std::map<std::string, Parsed<S>> read_folder(std::string const& folder, bool required, Section<S> const& schema) {
    std::map<std::string, Parsed<S>> all;
    for (fs::path const& path : list(folder, required)) {
      std::string const name = path.stem().string();
      if (!policy::is_name(name)) {
        report(path.generic_string(),
               "the file's name is the name of what it describes: a letter or digit, then letters, digits, '.', '_', "
               "'-', at most 63, and then .toml");
        continue;
      }
      all.emplace(name, read(path, schema));
    }
    return all;
  }

  void report(std::string const& file, std::string text) { diagnostics_.push_back({Severity::error, file, {}, "file", std::move(text)}); }

 private:
  std::vector<fs::path> list(std::string const& folder, bool required) {
    fs::path const path = directory_ / folder;
    std::error_code failure;
    std::vector<fs::path> files;
    fs::directory_iterator walk(path, failure);
    if (failure == std::errc::no_such_file_or_directory) {
      if (required) report(path.generic_string(), "the folder is not there; an empty one says that there are none");
      return files;
    }
    for (; !failure && walk != fs::directory_iterator(); walk.increment(failure)) {
      std::string const name = walk->path().filename().string();
      if (name.starts_with('.') || name.ends_with('~') || name.ends_with(".md")) continue;  // editors' and people's own
      if (walk->path().extension() != ".toml") {
        diagnostics_.push_back(
            {Severity::warning, walk->path().generic_string(), {}, "file", "is not read: its name does not end in .toml"});
        continue;
      }
      if (files.size() == files_max) {
        report(path.generic_string(), fmt::format("has more than {} files", files_max));
        break;
      }
      files.push_back(walk->path());
    }
    if (failure) report(path.generic_string(), "the folder cannot be read: " + failure.message());
    std::ranges::sort(files);
    return files;
  }

  fs::path const& directory_;
  std::vector<Diagnostic>& diagnostics_;
};

ClusterEntry cluster_entry(std::string const& name, Parsed<ClusterFile> parsed) {
  ClusterEntry entry;
  entry.definition = definition_of(parsed.content, {name});
  entry.connection = connection_of(parsed.content);
  entry.file = std::move(parsed.content);
  entry.path = std::move(parsed.path);
  entry.places = std::move(parsed.places);
  return entry;
}

std::vector<ProgrammeEntry> programme_entries(Parsed<ProgrammeFile> const& parsed) {
  std::vector<ProgrammeEntry> entries;
  for (std::size_t row = 0; row < parsed.content.tracks.size(); ++row) {
    ProgrammeRules const& track = parsed.content.tracks[row];
    entries.push_back({definition_of(parsed.content.programme, track), parsed.content.programme, track, parsed.path,
                       fmt::format("track[{}]", row), parsed.places});
  }
  return entries;
}

Loaded load_all(fs::path const& directory, LoadOptions const& options) {
  Loaded loaded;
  std::vector<Diagnostic>& diagnostics = loaded.report.diagnostics;
  Loader loader(directory, diagnostics);

  auto main = loader.read(directory / "sluice.toml", main_schema());
  auto equivalence = loader.read(directory / "equivalence.toml", equivalence_schema());
  auto clusters = loader.read_folder("clusters", true, cluster_schema());
  auto programmes = loader.read_folder("programmes", true, programme_schema());
  auto scenarios = loader.read_folder("scenarios", false, scenario_schema());

  Configuration configuration;
  configuration.daemon = main.content;
  Catalogue& catalogue = configuration.catalogue;
  catalogue.market = main.content.market;
  catalogue.disclosure_delay_days = main.content.log.disclosure_delay_days;
  catalogue.equivalence = equivalence_table(equivalence.content);
  catalogue.equivalence_file = equivalence.content;

  KnownNames known;
  for (auto& [name, parsed] : clusters) {
    known.clusters.push_back(name);  // a file with errors still names its cluster
    if (parsed.good) catalogue.clusters.push_back(cluster_entry(name, std::move(parsed)));
  }
  for (auto& [name, parsed] : programmes) {
    if (!parsed.content.programme.id.empty())
      check_id(name, parsed.content.programme.id.text, parsed.path, parsed.places, "programme.id", diagnostics);
    if (!parsed.good) continue;
    for (ProgrammeEntry& entry : programme_entries(parsed)) catalogue.programmes.push_back(std::move(entry));
  }
  std::ranges::stable_sort(catalogue.programmes, {}, [](ProgrammeEntry const& entry) { return entry.definition.programme; });
  for (auto& [name, parsed] : scenarios) {
    known.scenarios.push_back(name);
    if (!parsed.content.id.empty()) check_id(name, parsed.content.id, parsed.path, parsed.places, "id", diagnostics);
    check_scenario(parsed.content, parsed.path, parsed.places, known, diagnostics);
  }
  cross_check(catalogue, known, equivalence.good, diagnostics);

  if (!options.scenario.empty()) {
    auto const chosen = scenarios.find(options.scenario);
    if (chosen == scenarios.end()) {
      loader.report((directory / "scenarios").generic_string(), fmt::format("there is no scenario '{}'{}", printable(options.scenario),
                                                                            did_you_mean(options.scenario, known.scenarios)));
    } else if (loaded.report.ok()) {
      if (auto const laid = lay_over(catalogue, chosen->second.content); !laid) loader.report(chosen->second.path, laid.error());
    }
  }
  loaded.report.sort();
  if (loaded.report.ok()) loaded.configuration = std::move(configuration);
  return loaded;
}

}  // namespace

Loaded load(fs::path const& directory, LoadOptions const& options) {
  try {
    std::error_code failure;
    auto const status = fs::status(directory, failure);
    if (!fs::is_directory(status)) {
      return {std::nullopt, {{{Severity::error, directory.generic_string(), {}, "file", "is not a folder that can be read"}}}};
    }
    return load_all(directory, options);
  } catch (std::exception const& error) {  // memory, or a path that the system refuses
    return {std::nullopt, {{{Severity::error, directory.generic_string(), {}, "file", fmt::format("cannot be read: {}", error.what())}}}};
  }
}

Report check_config(fs::path const& directory, LoadOptions const& options) { return load(directory, options).report; }

}  // namespace sluice::config
