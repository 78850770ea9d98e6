// The state's rows one after another, read from the ledger a page at a time.
#pragma once

#include "storage/log/ledger.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::broker {

/// Pulls what the ledger's scan pushes, without holding a million rows at once.
class RowPages {
 public:
  explicit RowPages(log::LedgerReader const& ledger, std::size_t page_rows = 8'192) : ledger_(ledger), page_rows_(page_rows) {}
  /// The next row; nullopt at the end or after an error. The views live until the next call.
  std::optional<std::pair<std::string_view, std::string_view>> next();
  /// Why reading stopped early; empty when it did not.
  std::string const& error() const { return error_; }

 private:
  void read_page();

  log::LedgerReader const& ledger_;
  std::size_t const page_rows_;
  std::vector<std::pair<std::string, std::string>> page_;
  std::size_t at_ = 0;
  std::string from_;
  bool last_ = false;
  std::string error_;
};

}  // namespace sluice::broker
