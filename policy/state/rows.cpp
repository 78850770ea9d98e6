// Tables to rows and back. Each table is named once, in for_each_table.
#include "policy/state/rows.hpp"

#include "policy/state/row_codec.hpp"
#include "policy/state/row_keys.hpp"

#include <array>

namespace sluice::policy {
namespace {

using row::Table;

/// Calls visit(table, singleton or map) in the order of table numbers. Works on State and State const alike.
template <class AnyState, class Visit>
void for_each_table(AnyState& state, Visit&& visit) {
  // shared_ptr does not pass on constness; a reader must not be able to write through it.
  using AnyCatalogue = std::conditional_t<std::is_const_v<AnyState>, Catalogue const, Catalogue>;
  AnyCatalogue& catalogue = *state.catalogue;
  visit(Table::governance, state.governance);
  visit(Table::market, catalogue.market);
  visit(Table::equivalence, catalogue.equivalence);
  visit(Table::round, state.round);
  visit(Table::tenants, state.tenants);
  visit(Table::keys, state.keys);
  visit(Table::principals, state.principals);
  visit(Table::clusters, catalogue.clusters);
  visit(Table::programmes, catalogue.programmes);
  visit(Table::accounts, catalogue.accounts);
  visit(Table::entitlements, catalogue.entitlements);
  visit(Table::quotas, catalogue.quotas);
  visit(Table::offers, state.offers);
  visit(Table::card_use, state.card_use);
  visit(Table::tenant_cards, state.tenant_cards);
  visit(Table::overrides, state.overrides);
  visit(Table::books, state.books);
  visit(Table::jobs, state.jobs);
  visit(Table::attempts, state.attempts);
}

template <class T>
concept MapTable = requires { typename T::mapped_type; };

template <class T>
std::string encoded(T const& value) {
  std::string out;
  row::put(out, value);
  return out;
}

/// Reads a value that must use up all of its bytes.
template <class T>
std::string decode_all(std::string_view bytes, T& value) {
  row::Reader reader(bytes);
  row::get(reader, value);
  if (reader.ok() && !reader.at_end()) reader.fail("bytes are left over");
  return reader.error();
}

/// Puts one row into its table. Error text, or empty.
template <class T>
std::string load_row(T& table, std::string_view key, std::string_view value) {
  if constexpr (MapTable<T>) {
    typename T::key_type id;
    if (!row::read_key(key, id)) return "the key is not one of this table";
    typename T::mapped_type record{};
    if (auto wrong = decode_all(value, record); !wrong.empty()) return wrong;
    table.emplace_hint(table.end(), std::move(id), std::move(record));
    return {};
  } else {
    if (!key.empty()) return "the table has one row only";
    if constexpr (row::IsOptional<T>::value) {
      return decode_all(value, table.emplace());
    } else {
      return decode_all(value, table);
    }
  }
}

/// Everything that is no row and follows from rows. Error text, or empty.
std::string derive_indexes(State& state) {
  for (auto const& [name, seen] : state.offers)
    if (!seen.stale) state.due.insert({seen.valid_until, Due::Kind::offers, 0, 0, name});
  for (auto const& [id, entitlement] : state.catalogue->entitlements)
    if (!entitlement.closed) state.due.insert({entitlement.valid_until, Due::Kind::entitlement, 0, id.value, {}});
  for (auto const& [id, job] : state.jobs) {
    if (job->id != id) return "job " + std::to_string(id.value) + ": the row holds another job";
    if (job->status != JobStatus::queued) continue;
    state.queue.insert(job);
    if (job->spec->deadline) state.due.insert({*job->spec->deadline, Due::Kind::job, job->lot, id.value, {}});
  }
  for (auto const& [id, attempt] : state.attempts) {
    if (attempt.id != id) return "attempt " + to_string(id) + ": the row holds another attempt";
    if (!state.jobs.contains(id.job)) return "attempt " + to_string(id) + ": its job is missing";
    if (attempt.status == AttemptStatus::ended) state.unsettled.push_back(id);
  }
  for (auto const& [account, money] : state.books) {
    state.books_total += money.micro_yuan;
    if (!is_voucher_hold(account.kind)) continue;
    auto const voucher = state.catalogue->entitlements.find(entitlement_of(account));
    if (voucher == state.catalogue->entitlements.end()) return "voucher " + account.owner + ": attempts hold of it, and it is missing";
    auto const sum = checked_add(state.voucher_holds[voucher->second.programme], money);
    if (!sum) return "voucher " + account.owner + ": more is held than money can be";
    state.voucher_holds[voucher->second.programme] = *sum;
  }
  for (auto const& [versioned, definition] : state.catalogue->programmes)
    state.catalogue->programme_in_force[versioned.first] = versioned.second;  // ascending: the newest stays
  return {};
}

}  // namespace

std::expected<State, std::string> load_state(RowSource const& next) {
  State state;
  std::string last;
  std::array<bool, 4> seen_single{};
  bool any = false;
  while (auto const found = next()) {
    auto const [key, value] = *found;
    auto const fail = [&](std::string const& what) {
      return std::unexpected("state row " + to_hex(bytes_of(key)) + ": " + what + "; restore the database from a backup");
    };
    if (key.empty()) return fail("the key is empty");
    if (any && key <= last) return fail("the rows are not in key order");
    last = key;
    any = true;
    auto const number = static_cast<std::uint8_t>(key.front());
    bool known = false;
    std::string wrong;
    for_each_table(state, [&](Table table, auto& rows) {
      if (static_cast<std::uint8_t>(table) != number) return;
      known = true;
      wrong = load_row(rows, key.substr(1), value);
    });
    if (!known) return fail("there is no such table");
    if (!wrong.empty()) return fail(wrong);
    if (number <= 4) seen_single[number - 1u] = true;
  }
  if (any && !(seen_single[0] && seen_single[1] && seen_single[3]))
    return std::unexpected("the state lacks its governance, market or round row; restore the database from a backup");
  if (auto wrong = derive_indexes(state); !wrong.empty()) return std::unexpected(wrong);
  return state;
}

void for_each_row(State const& state, std::function<void(std::string_view, std::string_view)> const& visit) {
  std::string key;
  std::string value;
  for_each_table(state, [&]<class T>(Table table, T const& rows) {
    auto const emit = [&](auto const& record) {
      value.clear();
      row::put(value, record);
      visit(key, value);
    };
    if constexpr (MapTable<T>) {
      for (auto const& [id, record] : rows) {
        key.assign(1, static_cast<char>(table));
        row::put_key(key, id);
        emit(record);
      }
    } else {
      key.assign(1, static_cast<char>(table));
      if constexpr (row::IsOptional<T>::value) {
        if (rows) emit(*rows);
      } else {
        emit(rows);
      }
    }
  });
}

std::optional<std::string> row_value(State const& state, std::string_view key) {
  std::optional<std::string> value;
  if (key.empty()) return value;
  auto const number = static_cast<std::uint8_t>(key.front());
  for_each_table(state, [&]<class T>(Table table, T const& rows) {
    if (static_cast<std::uint8_t>(table) != number) return;
    if constexpr (MapTable<T>) {
      typename T::key_type id;
      if (!row::read_key(key.substr(1), id)) return;
      if (auto const it = rows.find(id); it != rows.end()) value = encoded(it->second);
    } else if constexpr (row::IsOptional<T>::value) {
      if (rows) value = encoded(*rows);
    } else {
      value = encoded(rows);
    }
  });
  return value;
}

void RowDigest::add(std::string_view key, std::string_view value) {
  hasher_.update_be32(static_cast<std::uint32_t>(key.size()));
  hasher_.update(key);
  hasher_.update_be32(static_cast<std::uint32_t>(value.size()));
  hasher_.update(value);
}

Hash digest(State const& state) {
  RowDigest rows;
  for_each_row(state, [&](std::string_view key, std::string_view value) { rows.add(key, value); });
  return rows.finish();
}

std::string history_key(JobId job) {
  std::string key = "J";
  row::put_be64(key, job.value);
  return key;
}

std::string tenant_index_key(TenantName const& tenant, JobId job) {
  std::string key = "T" + tenant.text;
  key.push_back('\0');
  row::put_be64(key, job.value);
  return key;
}

std::string movement_index_key(TenantName const& tenant, std::uint64_t sequence) {
  std::string key = "M" + tenant.text;
  key.push_back('\0');
  row::put_be64(key, sequence);
  return key;
}

std::string round_index_key(RoundNumber round) {
  std::string key = "R";
  row::put_be64(key, round.value);
  return key;
}

std::string encode_round_index(std::uint64_t opened) {
  std::string value;
  row::put_be64(value, opened);
  return value;
}

std::expected<std::uint64_t, std::string> decode_round_index(std::string_view bytes) {
  if (bytes.size() != 8) return std::unexpected("round index: eight bytes, got " + std::to_string(bytes.size()));
  std::uint64_t opened = 0;
  for (char const byte : bytes) opened = opened << 8 | static_cast<unsigned char>(byte);
  return opened;
}

std::string encode_finished_job(FinishedJob const& finished) { return encoded(finished); }

std::expected<FinishedJob, std::string> decode_finished_job(std::string_view bytes) {
  FinishedJob finished;
  if (auto wrong = decode_all(bytes, finished); !wrong.empty()) return std::unexpected("history row: " + wrong);
  return finished;
}

}  // namespace sluice::policy
