#include "config/reader.hpp"

#include <fmt/format.h>

namespace sluice::config {

void Reader::error(Position at, std::string text) {
  ++errors_;
  if (errors_ > errors_shown_max) {
    if (errors_ > errors_shown_max + 1) return;
    text = fmt::format("more than {} errors in this file; the rest is not shown", errors_shown_max);
  }
  diagnostics_.push_back({Severity::error, file_, at, path_.empty() ? "file" : path_, std::move(text)});
}

void Reader::error_at(std::string_view key, std::string text) {
  auto const table = places_.find(path_);
  Position at = table == places_.end() ? Position{} : table->second;
  Step const step(*this, key);
  if (auto const own = places_.find(path_); own != places_.end()) at = own->second;
  error(at, std::move(text));
}

Reader::Step::Step(Reader& reader, std::string_view key) : reader_(reader), length_before_(reader.path_.size()) {
  if (!reader.path_.empty()) reader.path_ += '.';
  reader.path_ += printable(key, 64);
}

Reader::Step::Step(Reader& reader, std::size_t row) : reader_(reader), length_before_(reader.path_.size()) {
  reader.path_ += fmt::format("[{}]", row);
}

}  // namespace sluice::config
