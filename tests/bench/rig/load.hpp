// An HTTP client that is cheaper than what it measures: many keep-alive connections, one thread, no library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

/// Gives the whole text of request number `n`, sent on connection `connection`; the view must live until the next call.
using RequestMaker = std::function<std::string_view(std::uint64_t n, std::size_t connection)>;
/// Sees each answer: its request's number, status and body.
using AnswerVisitor = std::function<void(std::uint64_t n, int status, std::string_view body)>;

struct LoadOptions {
  std::uint16_t port = 0;  ///< on 127.0.0.1
  std::size_t connections = 64;
  double warm_up_s = 0.5;  ///< sent and answered, not counted
  double measured_s = 4;
  double per_second = 0;              ///< 0: each connection asks again at once; else requests fall due at this rate, whoever is slow
  std::uint64_t first = 0;            ///< number of the first request
  std::optional<std::uint64_t> last;  ///< ends before this request even when time is left
};

struct LoadResult {
  std::uint64_t next = 0;      ///< number of the first request that was not sent
  std::uint64_t answered = 0;  ///< 2xx within the measured time
  std::uint64_t failed = 0;    ///< any other status, at any time
  std::string first_failure;   ///< the whole of that answer
  double seconds = 0;
  std::vector<double> latencies_ms;  ///< sorted; from the moment a request fell due to its answer's last byte

  double per_second() const { return static_cast<double>(answered) / seconds; }
};

/// Blocks until the time is over and every request sent has been answered. Throws when the server cannot be reached or breaks off.
/// `at_start` and `at_end` are called at the ends of the measured time.
LoadResult load(LoadOptions const& options, RequestMaker const& request, std::function<void()> const& at_start = {},
                std::function<void()> const& at_end = {}, AnswerVisitor const& answer = {});

/// The value below which `share` of the sorted values lie; 0 of none.
double quantile(std::vector<double> const& sorted, double share);
double median(std::vector<double> values);

}  // namespace sluice::bench
