// A handler that works too long is counted by its own CPU time, however busy the machine is.
#include "broker/loop_watch.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <ctime>

namespace sluice::broker {
namespace {

std::chrono::nanoseconds cpu_of_this_thread() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

void work_for(std::chrono::nanoseconds cpu) {
  auto const end = cpu_of_this_thread() + cpu;
  while (cpu_of_this_thread() < end) {
  }
}

TEST(LoopWatch, CountsTheHandlerThatWorkedTooLongAndNoOther) {
  boost::asio::io_context loop{1};
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    boost::asio::post(loop, [&ran, i] {
      ++ran;
      if (i == 1) work_for(LoopWatch::allowed * 2);
    });
  }
  LoopWatch watch;
  watch.run(loop);
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(watch.figures().too_long, 1u);
  EXPECT_GE(watch.figures().longest_cpu, LoopWatch::allowed * 2);
  EXPECT_GE(watch.figures().longest_wall, LoopWatch::allowed * 2);
}

TEST(LoopWatch, ForgetsWhatWasBeforeItStartsOver) {
  boost::asio::io_context loop{1};
  LoopWatch watch;
  boost::asio::post(loop, [] { work_for(LoopWatch::allowed * 2); });
  boost::asio::post(loop, [&watch] { watch.start_over(); });
  watch.run(loop);
  EXPECT_EQ(watch.figures().too_long, 0u);
  EXPECT_LT(watch.figures().longest_cpu, LoopWatch::allowed);
}

TEST(LoopWatch, EndsWhenTheLoopIsStoppedThoughWorkIsLeft) {
  boost::asio::io_context loop{1};
  boost::asio::post(loop, [&loop] { loop.stop(); });
  boost::asio::post(loop, [] { FAIL() << "runs after the stop"; });
  LoopWatch watch;
  watch.run(loop);
  EXPECT_TRUE(loop.stopped());
}

}  // namespace
}  // namespace sluice::broker
