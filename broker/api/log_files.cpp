// The log as files: checkpoint, tiles, entry bundles and blobs, as C2SP tlog-tiles lays them down, and proofs of single entries.
#include "broker/api/api.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/pages.hpp"
#include "storage/log/tile.hpp"
#include "storage/log/tlog_proof.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

http::Response bytes_response(std::string bytes, std::string_view content_type, bool for_ever) {
  http::Response response;
  response.content_type = content_type;
  response.body = std::move(bytes);
  response.add("Cache-Control", for_ever ? "public, max-age=31536000, immutable" : "no-cache");
  return response;
}

http::Problem nothing() { return problem("not_found", "The log has no such file."); }
http::Problem unreadable() { return problem("unavailable", "The ledger cannot be read."); }

asio::awaitable<Answer> checkpoint(Api& api, Call&) {
  log::PublishedCheckpoint const head = api.ledger.checkpoint();
  http::Response response = bytes_response(head.note, "text/plain; charset=utf-8", false);
  response.add("ETag", '"' + std::to_string(head.size) + '"');
  co_return response;
}

asio::awaitable<Answer> log_key(Api& api, Call&) {
  co_return bytes_response(api.options.log_verifier_key + '\n', "text/plain; charset=utf-8", false);
}

/// A bundle's bytes; nullopt when the log does not reach so far.
std::expected<std::optional<std::string>, http::Problem> bundle(Api const& api, log::TileId const& tile) {
  log::Sequence const first = tile.index * log::tile_width;
  if (first + tile.width > api.ledger.size()) return std::nullopt;
  std::string bytes;
  auto const scanned = api.ledger.scan_entries(first, tile.width, [&](log::Sequence, std::string_view entry) {
    log::append_to_bundle(bytes, entry);
    return true;
  });
  if (!scanned) return std::unexpected(unreadable());
  return bytes;
}

/// Hash tiles are public; the entries beside them are for auditors and operators.
asio::awaitable<Answer> serve_tile(Api& api, Call& call, bool entries) {
  auto const named = log::parse_tile_path(call.request.path.substr(1));
  if (!named || named->entries != entries) co_return std::unexpected(nothing());
  std::optional<std::string> bytes;
  if (entries) {
    auto read = bundle(api, named->tile);
    if (!read) co_return std::unexpected(std::move(read.error()));
    bytes = std::move(*read);
  } else {
    auto read = api.ledger.tile(named->tile);
    if (!read) co_return std::unexpected(unreadable());
    bytes = std::move(*read);
  }
  if (!bytes) co_return std::unexpected(nothing());
  co_return bytes_response(std::move(*bytes), "application/octet-stream", true);
}

asio::awaitable<Answer> hash_tile(Api& api, Call& call) { return serve_tile(api, call, false); }
asio::awaitable<Answer> entry_bundle(Api& api, Call& call) { return serve_tile(api, call, true); }

std::optional<log::Sequence> sequence_of(std::string_view text) {
  log::Sequence sequence = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  bool const plain = text == "0" || !text.starts_with('0');
  return error == std::errc() && end == text.data() + text.size() && plain ? std::optional(sequence) : std::nullopt;
}

/// Hashes and a signed head, nothing of the entry: as public as the tiles they could be computed from.
asio::awaitable<Answer> entry_proof(Api& api, Call& call) {
  auto const sequence = sequence_of(call.request.parameter("sequence"));
  if (!sequence || *sequence >= api.ledger.size()) co_return std::unexpected(nothing());
  auto const proof = log::prove_entry(api.ledger, *sequence);
  if (!proof) co_return std::unexpected(unreadable());
  co_return bytes_response(log::format_tlog_proof(*proof), "text/plain; charset=utf-8", false);
}

/// The job's acceptance and the proof that it is in the log, for whoever may see the job. A job's id is its entry's sequence.
asio::awaitable<Answer> job_receipt(Api& api, Call& call) {
  auto found = co_await find_settled_job(api, call.caller, call.request.parameter("id"));
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (!*found) co_return std::unexpected(problem("not_found", "There is no such job."));
  log::Sequence const sequence = (*found)->job.id.value;
  co_await api.sequencer.durable(sequence);
  auto const entry = api.ledger.entry(sequence);
  if (!entry || !*entry) co_return std::unexpected(unreadable());
  auto proof = log::prove_entry(api.ledger, sequence);
  if (!proof) co_return std::unexpected(unreadable());
  proof->extra = **entry;
  co_return bytes_response(log::format_tlog_proof(*proof), "text/plain; charset=utf-8", false);
}

asio::awaitable<Answer> blob(Api& api, Call& call) {
  auto const hash = policy::hash_from_hex(call.request.parameter("sha256"));
  if (!hash) co_return std::unexpected(nothing());
  auto bytes = api.ledger.blob(*hash);
  if (!bytes) co_return std::unexpected(unreadable());
  if (!*bytes) co_return std::unexpected(nothing());
  co_return bytes_response(std::move(**bytes), "application/octet-stream", true);
}

/// All blobs of the log; few enough to be walked, since each round has two.
asio::awaitable<Answer> list_blobs(Api& api, Call& call) {
  auto const page = read_page(call.request);
  if (!page) co_return std::unexpected(page.error());
  std::uint64_t const skip = page->after.value_or(0);
  std::uint64_t index = 0;
  bool more = false;
  nlohmann::ordered_json data = nlohmann::ordered_json::array();
  auto const scanned = api.ledger.scan_blobs([&](policy::Hash const& hash, std::string_view bytes) {
    if (index++ < skip) return true;
    if (data.size() == page->limit) {
      more = true;
      return false;
    }
    data.push_back({{"hash", policy::to_hex(hash)}, {"bytes", bytes.size()}});
    return true;
  });
  if (!scanned) co_return std::unexpected(unreadable());
  std::uint64_t const next = skip + data.size();
  co_return page_response(call.request, std::move(data), more ? std::optional(next) : std::nullopt);
}

}  // namespace

std::vector<Endpoint> log_endpoints() {
  using enum http::Method;
  Roles const readers = operator_role | auditor_role | socket_role;
  std::vector<Endpoint> list{
      {get, "/checkpoint", "checkpoint", public_role, checkpoint},
      {get, "/blob/{sha256}", "blob", readers, blob},
      {get, "/v1/log/blobs", "listBlobs", readers, list_blobs},
      {get, "/v1/log/key", "logKey", public_role, log_key},
      {get, "/v1/entries/{sequence}/proof", "entryProof", public_role, entry_proof},
      {get, "/v1/jobs/{id}/receipt", "jobReceipt", Roles(readers | tenant_role), job_receipt},
  };
  // An index of up to 2^64 is at most seven segments of three digits, then ".p" and a width: one template for each depth.
  static constexpr std::string_view hash_paths[] = {"/tile/{level}/{a}", "/tile/{level}/{a}/{b}", "/tile/{level}/{a}/{b}/{c}",
                                                    "/tile/{level}/{a}/{b}/{c}/{d}", "/tile/{level}/{a}/{b}/{c}/{d}/{e}"};
  static constexpr std::string_view entry_paths[] = {"/tile/entries/{a}", "/tile/entries/{a}/{b}", "/tile/entries/{a}/{b}/{c}",
                                                     "/tile/entries/{a}/{b}/{c}/{d}", "/tile/entries/{a}/{b}/{c}/{d}/{e}"};
  for (std::string_view const path : hash_paths) list.push_back({get, path, "hashTile", public_role, hash_tile});
  for (std::string_view const path : entry_paths) list.push_back({get, path, "entryBundle", readers, entry_bundle});
  return list;
}

}  // namespace sluice::broker::api
