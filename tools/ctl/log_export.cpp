// Checkpoint, tiles, blobs: fetched in that order, the checkpoint put in place last.
#include "tools/ctl/log_export.hpp"

#include "policy/hash.hpp"
#include "tools/ctl/checkpoint.hpp"
#include "tools/ctl/fields.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <system_error>

namespace sluice::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t hash_bytes = 32;
constexpr std::size_t blob_bytes_max = std::size_t{256} << 20;
// 256 entries of 65,535 bytes, each behind two bytes of length.
constexpr std::size_t bundle_bytes_max = 256 * (65'535 + 2);

std::unexpected<Failure> file_failure(fs::path const& path, std::string_view what) {
  Failure failure{ExitCode::failure,
                  fmt::format("Cannot {} a file of the copy.", what),
                  {path.string()},
                  "Check space and permissions, then run the same command again: it goes on.",
                  std::nullopt};
  return std::unexpected(std::move(failure));
}

// Written beside its place and renamed, so that a name never stands for half a file.
Result<bool> write_whole(fs::path const& path, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return file_failure(path.parent_path(), "make the folder of");
  fs::path const beside = path.string() + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return file_failure(beside, "write");
  fs::rename(beside, path, error);
  if (error) return file_failure(path, "rename");
  return true;
}

std::string read_whole(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<std::string> fetch(Session& session, std::string const& path, std::size_t bytes_max) {
  auto answer = session.api.call({.target = "/" + path, .body = {}, .headers = {}, .accept = "*/*", .body_bytes_max = bytes_max});
  if (!answer) return std::unexpected(answer.error());
  return std::move(answer->body);
}

// The bytes of the tile, or what is wrong with them. A partial tile may be cut from the full one that has replaced it.
std::expected<std::string, std::string> check_tile(Tile const& tile, std::string bytes, bool from_full) {
  std::size_t due = static_cast<std::size_t>(tile.width) * hash_bytes;
  if (tile.level < 0) {
    auto const measured = bundle_bytes(bytes, tile.width, !from_full);
    if (!measured) return std::unexpected(measured.error());
    due = *measured;
  }
  if (bytes.size() < due || (!from_full && bytes.size() != due)) {
    return std::unexpected(fmt::format("has {} bytes where {} are due", bytes.size(), due));
  }
  bytes.resize(due);
  return bytes;
}

Result<std::string> fetch_tile(Session& session, Tile const& tile) {
  bool from_full = false;
  auto bytes = fetch(session, tile.path(), bundle_bytes_max);
  if (!bytes && bytes.error().exit == ExitCode::not_found && tile.width < 256) {
    from_full = true;
    bytes = fetch(session, tile.full_path(), bundle_bytes_max);
  }
  if (!bytes) return bytes;
  auto checked = check_tile(tile, std::move(*bytes), from_full);
  if (!checked) {
    Failure failure{ExitCode::failure,
                    fmt::format("What the server gave for {} {}.", tile.path(), checked.error()),
                    {tile.path()},
                    "Tell the operator; run sluice-audit on what was copied before.",
                    std::nullopt};
    return std::unexpected(std::move(failure));
  }
  return std::move(*checked);
}

struct Totals {
  std::uint64_t fetched = 0, kept = 0;
};

Result<bool> copy_tiles(Session& session, fs::path const& folder, Checkpoint const& checkpoint, Totals& totals) {
  TileWalk walk(checkpoint.size);
  auto const total = TileWalk::count(checkpoint.size);
  Tile tile;
  while (walk.next(tile)) {
    auto const path = folder / tile.path();
    std::error_code error;
    if (fs::exists(path, error) && check_tile(tile, read_whole(path), false)) {
      ++totals.kept;
    } else {
      auto const bytes = fetch_tile(session, tile);
      if (!bytes) return std::unexpected(bytes.error());
      if (auto const written = write_whole(path, *bytes); !written) return written;
      ++totals.fetched;
    }
    auto const done = totals.fetched + totals.kept;
    if (!session.out.json() && done % 1'000 == 0) session.out.note(fmt::format("{} of {} tiles", done, total));
  }
  return true;
}

bool is_hash(std::string_view text) { return policy::hash_from_hex(text).has_value(); }

Result<bool> copy_blob(Session& session, fs::path const& folder, std::string const& hash, std::int64_t bytes, Totals& totals) {
  auto const path = folder / "blob" / hash;
  std::error_code error;
  if (fs::exists(path, error) && fs::file_size(path, error) == static_cast<std::uintmax_t>(bytes)) {
    ++totals.kept;
    return true;
  }
  auto const content = fetch(session, "blob/" + hash, blob_bytes_max);
  if (!content) return std::unexpected(content.error());
  if (policy::to_hex(policy::sha256(*content)) != hash) {
    Failure failure{
        ExitCode::failure, "What the server gave for a blob does not have its hash.", {"blob/" + hash}, "Tell the operator.", std::nullopt};
    return std::unexpected(std::move(failure));
  }
  ++totals.fetched;
  return write_whole(path, *content);
}

Result<bool> copy_blobs(Session& session, fs::path const& folder, Checkpoint const& checkpoint, Totals& totals) {
  std::string cursor;
  for (;;) {
    Target target("/v1/log/blobs");
    target.query("limit", "1000").query("before", std::to_string(checkpoint.size)).query("cursor", cursor);
    auto const page = session.api.call({.target = target.text()});
    if (!page) return std::unexpected(page.error());
    for (auto const& blob : items(member(page->document, "/data"))) {
      auto const hash = text(blob, "/hash");
      // The name becomes a path: nothing but a hash may pass.
      if (!is_hash(hash))
        return fail(ExitCode::failure, "The list of blobs holds something that is no hash.", "Check that --server names a Sluice broker.");
      if (auto const copied = copy_blob(session, folder, hash, integer(blob, "/bytes", -1), totals); !copied) return copied;
    }
    auto const next = text(page->document, "/next");
    if (next == "-") return true;
    if (next == cursor) return fail(ExitCode::failure, "The server gave the same cursor twice.", "Tell the operator.");
    cursor = next;
  }
}

}  // namespace

Result<ExitCode> export_log(Session& session, fs::path const& folder, bool blobs) {
  auto const note = fetch(session, "checkpoint", 65'536);
  if (!note) return std::unexpected(note.error());
  auto const checkpoint = read_checkpoint(*note);
  if (!checkpoint) return std::unexpected(checkpoint.error());
  std::error_code error;
  if (fs::exists(folder / "checkpoint", error)) {
    auto const before = read_checkpoint(read_whole(folder / "checkpoint"));
    bool const same_log = before && before->origin == checkpoint->origin && before->size <= checkpoint->size &&
                          (before->size != checkpoint->size || before->root == checkpoint->root);
    if (!same_log) {
      Failure failure{ExitCode::conflict,
                      "The folder holds another log, a longer one, or another root of the same size.",
                      {folder.string()},
                      "Keep it: it may be evidence. Export into a new folder and compare with sluice-audit.",
                      std::nullopt};
      return std::unexpected(std::move(failure));
    }
  }
  Totals tiles;
  Totals copied_blobs;
  if (auto const copied = copy_tiles(session, folder, *checkpoint, tiles); !copied) return std::unexpected(copied.error());
  if (blobs) {
    if (auto const copied = copy_blobs(session, folder, *checkpoint, copied_blobs); !copied) return std::unexpected(copied.error());
  }
  if (auto const written = write_whole(folder / "checkpoint", *note); !written) return std::unexpected(written.error());
  if (session.out.json()) {
    session.out.document({{"folder", folder.string()},
                          {"origin", checkpoint->origin},
                          {"size", std::to_string(checkpoint->size)},
                          {"root", checkpoint->root},
                          {"tiles_fetched", tiles.fetched},
                          {"tiles_kept", tiles.kept},
                          {"blobs_fetched", copied_blobs.fetched},
                          {"blobs_kept", copied_blobs.kept}});
  } else {
    session.out.line(fmt::format("{} entries of {} in {}.", checkpoint->size, checkpoint->origin, folder.string()));
    session.out.line(
        fmt::format("{} tiles and {} blobs fetched, {} kept. Sizes checked; for the rest: sluice-audit replay --key LOG.VKEY {}",
                    tiles.fetched, copied_blobs.fetched, tiles.kept + copied_blobs.kept, folder.string()));
  }
  return ExitCode::ok;
}

}  // namespace sluice::ctl
