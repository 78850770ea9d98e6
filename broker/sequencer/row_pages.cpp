// Paging through the state's rows.
#include "broker/sequencer/row_pages.hpp"

namespace sluice::broker {

std::optional<std::pair<std::string_view, std::string_view>> RowPages::next() {
  if (at_ == page_.size()) {
    if (last_) return std::nullopt;
    read_page();
    if (page_.empty()) return std::nullopt;
  }
  auto const& [key, value] = page_[at_++];
  return std::pair<std::string_view, std::string_view>{key, value};
}

void RowPages::read_page() {
  page_.clear();
  at_ = 0;
  auto const scanned = ledger_.scan_rows(log::Table::state, {.prefix = {}, .from = from_, .reverse = false},
                                         [this](std::string_view key, std::string_view value) {
                                           page_.emplace_back(key, value);
                                           return page_.size() < page_rows_;
                                         });
  if (!scanned) {
    error_ = scanned.error().message;
    page_.clear();
    last_ = true;
    return;
  }
  last_ = page_.size() < page_rows_;
  if (!page_.empty()) from_ = page_.back().first + '\0';
}

}  // namespace sluice::broker
