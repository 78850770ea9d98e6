// A value that must never be printed, compared in haste or left in memory.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sluice::connectors {

/// Holds a secret text. Has no formatter and no stream operator, so that logging one does not compile; wiped on destruction.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret const&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret const& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool empty() const { return text_.empty(); }
  /// The text itself, for the one place that sends it.
  std::string const& reveal() const { return text_; }

 private:
  void wipe() noexcept;
  std::string text_;
};

}  // namespace sluice::connectors
