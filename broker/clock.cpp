// The system's clocks.
#include "broker/clock.hpp"

#include <ctime>

namespace sluice::broker {
namespace {

std::int64_t read_ms(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
}

}  // namespace

policy::Timestamp SystemClock::wall() const { return {read_ms(CLOCK_REALTIME)}; }
std::int64_t SystemClock::since_boot_ms() const { return read_ms(CLOCK_BOOTTIME); }

}  // namespace sluice::broker
