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
  Step const step(*this, key);
  error(find_place(places_, path_), std::move(text));
}

bool Reader::has(std::string_view key) const { return places_.contains(path_.empty() ? std::string(key) : path_ + "." + std::string(key)); }

Position find_place(Places const& places, std::string path) {
  while (true) {
    if (auto const found = places.find(path); found != places.end()) return found->second;
    if (path.empty()) return {};
    std::size_t const cut = path.find_last_of(".[");
    path.resize(cut == std::string::npos ? 0 : cut);
  }
}

Reader::Step::Step(Reader& reader, std::string_view key) : reader_(reader), length_before_(reader.path_.size()) {
  if (!reader.path_.empty()) reader.path_ += '.';
  reader.path_ += printable(key, 64);
}

Reader::Step::Step(Reader& reader, std::size_t row) : reader_(reader), length_before_(reader.path_.size()) {
  reader.path_ += fmt::format("[{}]", row);
}

}  // namespace sluice::config
