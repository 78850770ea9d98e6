// The formats of sluice-solve: generator, readers, answers and their check.
#include "policy/assignment/blob.hpp"
#include "policy/assignment/solver.hpp"
#include "tools/solve/answer.hpp"
#include "tools/solve/generate.hpp"
#include "tools/solve/json_problem.hpp"
#include "tools/solve/report.hpp"
#include "tools/solve/text_formats.hpp"

#include <gtest/gtest.h>

namespace sluice::solve {
namespace {

using assignment::Problem;

Problem generated(char const* text) { return generate(*parse_generate(text)); }

TEST(Generate, IsTheRecipeAndNothingElse) {
  EXPECT_EQ(policy::to_hex(assignment::digest(generated("200,10,1"))), "461d127b2164918ca5244d0027e9d4b5af21c6f2060bba806ee4134ebd40d357");
  EXPECT_EQ(policy::to_hex(assignment::digest(generated("1000,50,2,plain"))),
            "ecffdb492f52d96ce7bc38e1b85e4138cf282572b11cdca60acc33e9b69dbb5b");
  EXPECT_EQ(policy::to_hex(assignment::digest(generated("1000,50,3,changed=5"))),
            "96fea9ea3adabdf9b46a8cfeb62bd5c519fc2c6651d6355a00b1cca13da63b30");
}

TEST(Generate, HasTheStatedShape) {
  Problem const problem = generated("10000,50,1");
  double const eligible = static_cast<double>(problem.bid_total()) / (10'000.0 * 50);
  EXPECT_GT(eligible, 0.19);
  EXPECT_LT(eligible, 0.23);
  auto const solution = assignment::solve(problem, {.iterations = 0});
  EXPECT_GE(solution->classes, 9'000U) << "at least 90 % distinct";
  EXPECT_TRUE(assignment::validate(generated("0,0,1")));
  EXPECT_TRUE(assignment::validate(generated("5,0,1")));
}

TEST(Generate, RefusesNonsense) {
  for (char const* text : {"", "1,2", "1,2,x", "-1,2,3", "1,2,3,", "1,2,3,fancy", "3000000,1,1", "1,2,3,changed=101"})
    EXPECT_FALSE(parse_generate(text)) << text;
}

constexpr char const* gap = "2 3\n 1 5 3\n 4 2 6\n  2 2 2\n  1 1 1\n  4 2\n";

TEST(Gap, SolvesAndChecks) {
  auto const problem = read_gap(gap);
  ASSERT_TRUE(problem) << problem.error();
  auto const solution = assignment::solve(*problem, {.iterations = 2});
  ASSERT_TRUE(solution);
  EXPECT_EQ(solution->certificate.cost, 1 + 2 + 3);
  std::string const answer = write_answer(*problem, *solution);
  auto const report = check_answer(*problem, answer);
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->cost, 6);
}

TEST(Gap, SaysWhichNumberIsWrong) {
  EXPECT_EQ(read_gap("2 3 1 x").error(), "number 4: not a whole number");
  EXPECT_EQ(read_gap("2 3 1 2").error(), "number 5: the file ends");
  EXPECT_EQ(read_gap("1 1 5 2.5 1").error(), "number 4: has a fraction; only whole numbers are read");
  EXPECT_EQ(read_gap("1 1 5 2 1 9").error(), "more numbers than the sizes announce, after number 5");
  EXPECT_FALSE(read_gap("20000 20000"));
}

TEST(Facilities, PlansAndChecks) {
  auto const instance = read_sscflp("2 3\n 10 10\n 100.00 5\n 3 3 3\n 1 1\n 2 9\n 3 3\n");
  ASSERT_TRUE(instance) << instance.error();
  auto const plan = plan_commitments(instance->problem, instance->contracts, {.evaluations = 10});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->cost, 5 + 1 + 9 + 3);
  EXPECT_EQ(plan->sign, (std::vector<std::uint8_t>{0, 1}));
  std::string answer = write_commitments(instance->problem, instance->contracts, *plan);
  EXPECT_TRUE(check_commitments(instance->problem, instance->contracts, answer));
  answer.replace(answer.find("\"open\":[1]"), 10, "\"open\":[0]");
  EXPECT_FALSE(check_commitments(instance->problem, instance->contracts, answer)) << "customers at a facility that is not open";
}

constexpr char const* problem_json = R"({"format":"sluice-problem/1",
 "rows":[{"kind":"cards","capacity":"8"},{"kind":"purse","capacity":"500"},{"kind":"minimum_spend","capacity":"100","shortfall_ppm":1000000}],
 "jobs":[{"waiting_cost":"900","lot":"17","bids":[{"offer":0,"price":"100","draw":"40","uses":[{"row":0,"amount":"8"},{"row":1,"amount":"1000000","meter":"draw"},{"row":2,"amount":"1000000","meter":"price"}]}]},
         {"waiting_cost":"700","waiting_allowed":true,"bids":[{"offer":0,"price":"50","fairness":"-5","uses":[{"row":0,"amount":"8"}]}]}]})";

TEST(Json, ReadsSolvesAndChecks) {
  auto const problem = read_problem(problem_json);
  ASSERT_TRUE(problem) << problem.error();
  auto const solution = assignment::solve(*problem, {.iterations = 1});
  EXPECT_EQ(solution->certificate.cost, 100 + 700);
  std::string const answer = write_answer(*problem, *solution);
  ASSERT_TRUE(check_answer(*problem, answer));
  for (std::string const field : {"\"cost\":\"", "\"bound\":\"9", "\"price\":\"", "\"waiting\":\""}) {
    std::string altered = answer;
    std::size_t const at = altered.find(field);
    if (at == std::string::npos) continue;
    altered.insert(at + field.size(), "9");
    EXPECT_FALSE(check_answer(*problem, altered)) << field;
  }
  EXPECT_FALSE(check_answer(*problem, "{}"));
  EXPECT_FALSE(check_answer(*problem, "not json"));
  EXPECT_FALSE(check_answer(*read_gap(gap), answer)) << "an answer to another problem";
}

TEST(Json, NamesEveryWrongField) {
  auto const problem = read_problem(
      R"({"format":"sluice-problem/1","rows":[{"kind":"card","capacity":8}],"jobs":[{"bids":[{"offer":-1,"price":"x","uses":[{"row":7,"amount":"1"}]}]}]})");
  ASSERT_FALSE(problem);
  for (char const* pointer :
       {"/rows/0/kind", "/rows/0/capacity", "/jobs/0/bids/0/offer", "/jobs/0/bids/0/price", "/jobs/0/bids/0/uses/0/row"})
    EXPECT_NE(problem.error().find(pointer), std::string::npos) << pointer << " in:\n" << problem.error();
}

TEST(Report, IsOnePageWithoutOutsideResources) {
  Problem const problem = generated("60,6,4");
  auto const solution = assignment::solve(problem, {.iterations = 1});
  auto const report = check_certificate(problem, solution->plan, solution->certificate);
  ASSERT_TRUE(report);
  std::string const page = write_report(problem, *solution, *report);
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_EQ(page.find("http"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find(std::to_string(report->cost)), std::string::npos);
}

}  // namespace
}  // namespace sluice::solve
