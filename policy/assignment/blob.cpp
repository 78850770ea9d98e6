// Canonical bytes. All integers are big-endian.
//
//   plan    = "SLP1" count:u32 choice:u32 × count
//   prices  = "SLC1" shift:u8 count:u32 price:i64 × count          (0 ≤ shift ≤ 32, price ≥ 0)
//   problem = "SLA1" rows:u32 Row… bundles:u32 Bundle… bids:u32 Bid… jobs:u32 Job…      (hashed, never stored)
//   Row     = kind:u8 shortfall_ppm:u32 capacity:i64 lot:u64 tag:u32
//   Bundle  = tag:u32 uses:u32 (row:u32 meter:u8 amount:i64) × uses
//   Bid     = bundle:u32 price:i64 fairness:i64 hold:i64 draw:i64 tag:u32
//   Job     = waiting_cost:i64 lot:u64 first_bid:u32 bid_count:u32 accepted_round:u32 tag:u32 waiting_allowed:u8
#include "policy/assignment/blob.hpp"

#include <string_view>
#include <utility>

namespace sluice::assignment {

namespace {

constexpr std::size_t flush_bytes = 1 << 16;

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put(std::vector<std::uint8_t>& out, std::int64_t value) { put(out, static_cast<std::uint64_t>(value), 8); }

void put(std::vector<std::uint8_t>& out, std::string_view magic) { out.insert(out.end(), magic.begin(), magic.end()); }

/// Feeds a hash in pieces, so that the serialisation is never held whole.
class Feed {
 public:
  std::vector<std::uint8_t> out;

  void item_done() {
    if (out.size() >= flush_bytes) flush();
  }
  policy::Hash finish() {
    flush();
    return sha_.finish();
  }

 private:
  void flush() {
    sha_.update(policy::Bytes{out});
    out.clear();
  }
  policy::Sha256 sha_;
};

/// Reads fixed fields from hostile bytes; the first failure sticks.
class Reader {
 public:
  explicit Reader(policy::Bytes bytes) : bytes_(bytes) {}

  std::uint64_t take(std::size_t count) {
    if (bytes_.size() - offset_ < count) {
      short_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes_[offset_ + i];
    offset_ += count;
    return value;
  }
  bool ended_early() const { return short_; }
  std::size_t left() const { return bytes_.size() - offset_; }
  std::string at(std::string const& what) const { return "offset " + std::to_string(offset_) + ": " + what; }

 private:
  policy::Bytes bytes_;
  std::size_t offset_ = 0;
  bool short_ = false;
};

constexpr std::uint64_t plan_magic = 0x534c5031;    // "SLP1"
constexpr std::uint64_t prices_magic = 0x534c4331;  // "SLC1"

}  // namespace

policy::Hash digest(Problem const& problem) {
  Feed feed;
  put(feed.out, "SLA1");
  put(feed.out, problem.rows.size(), 4);
  for (Row const& row : problem.rows) {
    put(feed.out, std::to_underlying(row.kind), 1);
    put(feed.out, static_cast<std::uint32_t>(row.shortfall_ppm), 4);
    put(feed.out, row.capacity);
    put(feed.out, row.lot, 8);
    put(feed.out, row.tag, 4);
    feed.item_done();
  }
  put(feed.out, problem.bundle_total(), 4);
  for (std::size_t b = 0; b < problem.bundle_total(); ++b) {
    put(feed.out, problem.bundle_tag[b], 4);
    put(feed.out, problem.bundle_first[b + 1] - problem.bundle_first[b], 4);
    for (std::uint32_t u = problem.bundle_first[b]; u < problem.bundle_first[b + 1]; ++u) {
      put(feed.out, problem.uses[u].row, 4);
      put(feed.out, std::to_underlying(problem.uses[u].meter), 1);
      put(feed.out, problem.uses[u].amount);
    }
    feed.item_done();
  }
  put(feed.out, problem.bid_total(), 4);
  for (std::size_t i = 0; i < problem.bid_total(); ++i) {
    put(feed.out, problem.bid_bundle[i], 4);
    put(feed.out, problem.bid_price[i]);
    put(feed.out, problem.fairness(i));
    put(feed.out, problem.bid_hold.empty() ? 0 : problem.bid_hold[i]);
    put(feed.out, problem.bid_draw.empty() ? 0 : problem.bid_draw[i]);
    put(feed.out, problem.tag(i), 4);
    feed.item_done();
  }
  put(feed.out, problem.jobs.size(), 4);
  for (Job const& job : problem.jobs) {
    put(feed.out, job.waiting_cost);
    put(feed.out, job.lot, 8);
    put(feed.out, job.first_bid, 4);
    put(feed.out, job.bid_count, 4);
    put(feed.out, job.accepted_round, 4);
    put(feed.out, job.tag, 4);
    put(feed.out, job.waiting_allowed ? 1 : 0, 1);
    feed.item_done();
  }
  return feed.finish();
}

std::vector<std::uint8_t> write_plan(Plan const& plan) {
  std::vector<std::uint8_t> out;
  out.reserve(8 + 4 * plan.choice.size());
  put(out, "SLP1");
  put(out, plan.choice.size(), 4);
  for (std::uint32_t const bid : plan.choice) put(out, bid, 4);
  return out;
}

std::expected<Plan, std::string> read_plan(policy::Bytes bytes) {
  Reader reader(bytes);
  if (reader.take(4) != plan_magic || reader.ended_early()) return std::unexpected(reader.at("not a plan (SLP1)"));
  std::uint64_t const count = reader.take(4);
  if (reader.ended_early() || count > jobs_max) return std::unexpected(reader.at("bad number of choices"));
  if (reader.left() != 4 * count) return std::unexpected(reader.at("expected exactly " + std::to_string(4 * count) + " bytes of choices"));
  Plan plan;
  plan.choice.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) plan.choice.push_back(static_cast<std::uint32_t>(reader.take(4)));
  return plan;
}

std::vector<std::uint8_t> write_prices(Certificate const& certificate) {
  std::vector<std::uint8_t> out;
  out.reserve(9 + 8 * certificate.row_price.size());
  put(out, "SLC1");
  put(out, certificate.price_shift, 1);
  put(out, certificate.row_price.size(), 4);
  for (std::int64_t const price : certificate.row_price) put(out, price);
  return out;
}

std::expected<Certificate, std::string> read_prices(policy::Bytes bytes) {
  Reader reader(bytes);
  if (reader.take(4) != prices_magic || reader.ended_early()) return std::unexpected(reader.at("not prices (SLC1)"));
  std::uint64_t const shift = reader.take(1);
  std::uint64_t const count = reader.take(4);
  if (reader.ended_early() || shift > price_shift_max) return std::unexpected(reader.at("bad shift"));
  if (count > rows_max) return std::unexpected(reader.at("bad number of prices"));
  if (reader.left() != 8 * count) return std::unexpected(reader.at("expected exactly " + std::to_string(8 * count) + " bytes of prices"));
  Certificate certificate;
  certificate.price_shift = static_cast<std::uint8_t>(shift);
  certificate.row_price.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto const price = static_cast<std::int64_t>(reader.take(8));
    if (price < 0) return std::unexpected(reader.at("negative price"));
    certificate.row_price.push_back(price);
  }
  return certificate;
}

}  // namespace sluice::assignment
