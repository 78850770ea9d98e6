#include "storage/log/tree_export.hpp"

#include "storage/log/file.hpp"
#include "storage/log/tree_hash.hpp"
#include "storage/log/tree_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <vector>

namespace sluice::log {
namespace {

namespace fs = std::filesystem;

// Writes below one directory, creating folders as they come, and tidies up partial files of earlier exports.
class TreeWriter {
 public:
  explicit TreeWriter(std::string directory) : directory_(std::move(directory)) {}

  std::expected<void, std::string> write(std::string const& path, std::string_view bytes, Durability durability = Durability::renamed) {
    std::string const full = directory_ + "/" + path;
    if (auto made = make_folder(fs::path(full).parent_path()); !made) return made;
    if (auto written = write_file(full, bytes, durability); !written) return written;
    return {};
  }

  // `path` as tile_path or bundle_path gave it; `full` the same without its partial suffix.
  std::expected<void, std::string> write_wide(std::string const& path, std::string const& full, std::string_view bytes) {
    if (auto written = write(path, bytes); !written) return written;
    std::string partials = directory_ + "/" + full + ".p";
    std::error_code problem;
    if (fs::exists(partials, problem)) outgrown_.push_back({std::move(partials), directory_ + "/" + path});
    return {};
  }

  // Drops narrower files of earlier exports. Only once the new checkpoint is there: under the old one a reader still asks for them.
  std::expected<void, std::string> drop_outgrown() {
    for (auto const& [partials, kept] : outgrown_) {
      std::error_code problem;
      bool any_left = false;
      for (fs::directory_iterator file(partials, problem), end; !problem && file != end; file.increment(problem)) {
        if (file->path() == kept) {
          any_left = true;
        } else {
          fs::remove(file->path(), problem);
        }
      }
      if (!problem && !any_left) fs::remove(partials, problem);
      if (problem) return std::unexpected(fmt::format("remove {}: {}", partials, problem.message()));
    }
    return {};
  }

  // Everything written so far reaches the disk with one call instead of one per file.
  std::expected<void, std::string> sync() {
    int const fd = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(fmt::format("open {}: {}", directory_, std::strerror(errno)));
    bool const ok = ::syncfs(fd) == 0;
    int const error = errno;
    ::close(fd);
    if (!ok) return std::unexpected(fmt::format("sync {}: {}", directory_, std::strerror(error)));
    return {};
  }

 private:
  std::expected<void, std::string> make_folder(fs::path const& folder) {
    if (made_.contains(folder.string())) return {};
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (problem) return std::unexpected(fmt::format("create folder {}: {}", folder.string(), problem.message()));
    if (made_.size() >= 4096) made_.clear();  // bounded memory for any tree
    made_.insert(folder.string());
    return {};
  }

  struct Outgrown {
    std::string partials;  // a folder of partial files
    std::string kept;      // the file written now, in it or in its place
  };
  std::string directory_;
  std::set<std::string> made_;
  std::vector<Outgrown> outgrown_;  // at most a few a level: only the right edge was ever partial
};

std::expected<std::string, std::string> tile_bytes(LedgerReader const& ledger, TileId const& id) {
  auto bytes = ledger.tile(id);
  if (!bytes) return std::unexpected(bytes.error().message);
  if (!*bytes) return std::unexpected(tile_path(id) + ": the ledger does not have it");
  return std::move(**bytes);
}

// One bundle, its leaf hashes compared with the tile beside it.
std::expected<void, std::string> write_bundle(LedgerReader const& ledger, TreeWriter& writer, std::uint64_t index, std::uint32_t width) {
  auto const hashes = tile_bytes(ledger, {0, index, width});
  if (!hashes) return std::unexpected(hashes.error());
  std::string bundle;
  std::string problem;
  std::size_t seen = 0;
  auto const scanned = ledger.scan_entries(index * tile_width, width, [&](Sequence sequence, std::string_view entry) {
    policy::Hash const leaf = hash_leaf(entry);
    if (std::memcmp(leaf.bytes.data(), hashes->data() + seen * hash_bytes, hash_bytes) != 0) {
      problem = fmt::format("entry {} does not hash to its leaf in {}: the ledger is damaged", sequence, tile_path({0, index, width}));
      return false;
    }
    ++seen;
    append_to_bundle(bundle, entry);
    return true;
  });
  if (!scanned) return std::unexpected(scanned.error().message);
  if (!problem.empty()) return std::unexpected(problem);
  if (seen != width)
    return std::unexpected(fmt::format("entries {} and on: the ledger returned {} of {}", index * tile_width, seen, width));
  return writer.write_wide(bundle_path(index, width), bundle_path(index, tile_width), bundle);
}

}  // namespace

std::expected<ExportSummary, std::string> export_tree(LedgerReader const& ledger, std::string const& directory,
                                                      ExportProgress const& progress) {
  TreeWriter writer(directory);
  ExportSummary summary;
  PublishedCheckpoint const checkpoint = ledger.checkpoint();
  std::uint64_t const size = checkpoint.size;
  for (std::uint64_t index = 0; index * tile_width < size; ++index) {
    std::uint32_t const width = tile_width_at(size, 0, index);
    if (auto written = write_bundle(ledger, writer, index, width); !written) return std::unexpected(written.error());
    summary.entries += width;
    if (progress) progress(summary.entries, size);
  }
  for (unsigned l = 0; l < tile_levels; ++l) {
    auto const level = static_cast<std::uint8_t>(l);
    for (std::uint64_t index = 0; tile_width_at(size, level, index) > 0; ++index) {
      TileId const id{level, index, tile_width_at(size, level, index)};
      auto const bytes = tile_bytes(ledger, id);
      if (!bytes) return std::unexpected(bytes.error());
      if (auto written = writer.write_wide(tile_path(id), tile_path({level, index, tile_width}), *bytes); !written)
        return std::unexpected(written.error());
      ++summary.tiles;
    }
  }
  std::string problem;
  auto const scanned = ledger.scan_blobs([&](policy::Hash const& hash, std::string_view bytes) {
    if (policy::sha256(bytes) != hash) {
      problem = blob_path(hash) + ": the stored bytes have another hash: the ledger is damaged";
      return false;
    }
    if (auto written = writer.write(blob_path(hash), bytes); !written) problem = written.error();
    ++summary.blobs;
    return problem.empty();
  });
  if (!scanned) return std::unexpected(scanned.error().message);
  if (!problem.empty()) return std::unexpected(problem);
  if (size > 0 || summary.blobs > 0) {
    if (auto synced = writer.sync(); !synced) return std::unexpected(synced.error());
  }
  if (auto written = writer.write("checkpoint", checkpoint.note, Durability::synced); !written) return std::unexpected(written.error());
  if (auto dropped = writer.drop_outgrown(); !dropped) return std::unexpected(dropped.error());
  return summary;
}

}  // namespace sluice::log
