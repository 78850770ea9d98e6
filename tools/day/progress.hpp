// One line that moves on a terminal, a plain line now and then elsewhere.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::day {

class Progress {
 public:
  Progress();
  /// What is going on now. Elsewhere than on a terminal it is printed every ten seconds only.
  void now(std::string const& line);
  /// Something worth keeping.
  void note(std::string const& line);
  void finish();

 private:
  bool terminal_ = false;
  bool shown_ = false;
  std::int64_t last_s_ = -1'000'000;
};

}  // namespace sluice::day
