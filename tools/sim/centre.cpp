#include "tools/sim/centre.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::size_t log_line_bytes = 32;

bool reachable(std::vector<std::string> const& prefixes, std::string const& name) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](std::string const& prefix) { return name.starts_with(prefix); });
}

std::int64_t unit_ms(std::string_view unit) {
  if (unit == "card_second") return 1'000;
  if (unit == "card_minute") return 60'000;
  if (unit == "card_day") return 86'400'000;
  if (unit == "card_month") return 30LL * 86'400'000;
  return 3'600'000;
}

/// Fixed width, so that a tail is found without the rest.
std::string log_line(std::size_t index) {
  return fmt::format("step {:>9} loss {:>7.4f} ok \n", index, 8.0 / static_cast<double>(index + 1));
}

}  // namespace

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::starting:
      return "starting";
    case JobState::running:
      return "running";
    case JobState::stopping:
      return "stopping";
    case JobState::completed:
      return "completed";
    case JobState::failed:
      return "failed";
    case JobState::timed_out:
      return "timed_out";
    case JobState::cancelled:
      return "cancelled";
    case JobState::preempted:
      return "preempted";
    case JobState::cluster_failed:
      return "cluster_failed";
    case JobState::start_failed:
      return "start_failed";
  }
  return "unknown";
}

bool is_final(JobState state) { return state >= JobState::completed; }

Centre::Centre(CentreScenario scenario, std::int64_t job_seconds, std::int64_t log_every_s, Checkpoints& checkpoints)
    : scenario_(std::move(scenario)), job_seconds_(job_seconds), log_every_s_(log_every_s), checkpoints_(checkpoints) {
  for (ProgrammeScenario const& programme : scenario_.programmes) purses_[programme.name] = programme.purse;
}

PoolScenario const* Centre::pool_of(std::string_view accelerator) const {
  auto const found = std::find_if(scenario_.pools.begin(), scenario_.pools.end(),
                                  [&](PoolScenario const& pool) { return pool.accelerator == accelerator; });
  return found == scenario_.pools.end() ? nullptr : &*found;
}
PoolScenario* Centre::pool_of(std::string_view accelerator) {
  return const_cast<PoolScenario*>(std::as_const(*this).pool_of(accelerator));  // the object itself is not const
}

std::int32_t Centre::free_cards(PoolScenario const& pool) const {
  auto const used = used_.find(pool.accelerator);
  std::int32_t const held = used == used_.end() ? 0 : used->second;
  return std::max(0, pool.cards - held - value_at(pool.background, now_).value_or(0));
}

std::optional<SimTime> Centre::next_event() const { return events_.empty() ? std::nullopt : std::optional(events_.begin()->first); }

void Centre::advance(SimTime to) {
  while (!events_.empty() && events_.begin()->first <= to) {
    auto const [at, id] = *events_.begin();
    now_ = std::max(now_, at);
    events_.erase(events_.begin());
    change(*jobs_.at(id));
  }
  now_ = std::max(now_, to);
  for (PoolScenario const& pool : scenario_.pools) fill(pool);  // the background may have made room
}

void Centre::schedule(Job& job, SimTime at, JobState state) {
  unschedule(job);
  job.next_event = at;
  job.next_state = state;
  events_.emplace(at, job.id);
}

void Centre::unschedule(Job& job) { events_.erase({job.next_event, job.id}); }

void Centre::change(Job& job) {
  if (job.next_state == JobState::running) return run(job);
  end(job, job.next_state);
}

std::optional<Declined> Centre::check(Order const& order) const {
  PoolScenario const* pool = pool_of(order.accelerator);
  if (pool == nullptr) return Declined{422, "invalid_order", "/accelerator: there is none of this type"};
  if (order.cards > pool->cards) return Declined{422, "invalid_order", fmt::format("/cards: there are {} in all", pool->cards)};
  if (!reachable(scenario_.images, order.image))
    return Declined{422, "image_unreachable", "/image: its registry is not reachable from here"};
  for (std::string const& input : order.inputs) {
    if (!reachable(scenario_.inputs, input)) return Declined{422, "input_unreachable", "/inputs: cannot be read from here"};
  }
  if (order.run_limit_s > scenario_.run_limit_max_s)
    return Declined{422, "limit_exceeded", fmt::format("/run_limit_s: at most {}", scenario_.run_limit_max_s)};
  if (order.agreed_price) {
    auto const price = value_at(pool->voucher_price, now_);
    auto const asked = price ? price : value_at(pool->list_price, now_);
    if (order.agreed_unit != pool->unit || !asked || *asked > *order.agreed_price)
      return Declined{409, "price_changed", "the price is another now"};
  }
  if (!order.programme.empty()) {
    auto const purse = purses_.find(order.programme);
    if (purse == purses_.end()) return Declined{422, "invalid_order", "/programme: is not one of this centre"};
    if (purse->second.micro_yuan <= 0) return Declined{409, "purse_exhausted", "the programme has no money left"};
  }
  if (!scenario_.queues && free_cards(*pool) < order.cards)
    return Declined{409, "no_capacity", fmt::format("{} cards are free", free_cards(*pool))};
  return std::nullopt;
}

std::expected<Centre::Submitted, Declined> Centre::submit(Order const& order, bool duplicate) {
  auto const key = std::pair(order.account, order.attempt);
  if (auto const known = attempts_.find(key); known != attempts_.end() && !duplicate) {
    Job const& job = *jobs_.at(known->second);
    if (job.order.fingerprint != order.fingerprint)
      return std::unexpected(Declined{409, "attempt_conflict", "this attempt was another order"});
    return Submitted{&job, true};
  }
  if (auto declined = check(order)) return std::unexpected(std::move(*declined));
  auto made = std::make_unique<Job>();
  Job& job = *made;
  job.id = next_id_++;
  job.order = order;
  job.words = read_job_words(order.command);
  job.submitted = now_;
  jobs_.emplace(job.id, std::move(made));
  attempts_.emplace(key, job.id);
  queues_[order.accelerator].push_back(job.id);
  fill(*pool_of(order.accelerator));
  return Submitted{&job, false};
}

// First come, first served: the head of the queue waits for its cards and nothing overtakes it.
void Centre::fill(PoolScenario const& pool) {
  auto const found = queues_.find(pool.accelerator);
  if (found == queues_.end()) return;
  std::deque<std::uint64_t>& queue = found->second;
  while (!queue.empty()) {
    Job& job = *jobs_.at(queue.front());
    if (job.order.cards > free_cards(pool)) return;
    queue.pop_front();  // before it begins: one that fails to start gives its cards back at once, and the next is looked at
    begin(job);
  }
}

void Centre::begin(Job& job) {
  used_[job.order.accelerator] += job.order.cards;
  job.state = JobState::starting;
  if (scenario_.start_ms == 0) return run(job);
  schedule(job, now_ + scenario_.start_ms, JobState::running);
}

void Centre::run(Job& job) {
  if (job.words.start_fails) {
    job.reason = "the image could not be unpacked";
    return end(job, JobState::start_failed);
  }
  job.state = JobState::running;
  job.started = now_;
  open_runs_[job.id] = runs_.size();
  runs_.push_back({job.order.attempt, job.id, job.order.accelerator, job.order.cards, now_, std::nullopt, ""});

  std::int64_t const work_ms = job.words.seconds.value_or(job_seconds_) * 1'000;
  if (auto const saved = checkpoints_.find(job.order.checkpoint); !job.order.checkpoint.empty() && saved != checkpoints_.end()) {
    job.done_before_ms = std::min(saved->second, work_ms);
  }
  std::int64_t const left_ms = (work_ms - job.done_before_ms) * 1'000'000 / pool_of(job.order.accelerator)->speed_ppm;
  std::pair<SimTime, JobState> first{now_ + left_ms, job.words.exit_code == 0 ? JobState::completed : JobState::failed};
  if (!job.words.ignores_limit) first = std::min(first, {now_ + job.order.run_limit_s * 1'000, JobState::timed_out});
  if (job.words.preempted_s) first = std::min(first, {now_ + *job.words.preempted_s * 1'000, JobState::preempted});
  if (job.words.node_lost_s) first = std::min(first, {now_ + *job.words.node_lost_s * 1'000, JobState::cluster_failed});
  schedule(job, first.first, first.second);
}

void Centre::end(Job& job, JobState state) {
  unschedule(job);
  bool const held = job.state == JobState::starting || job.state == JobState::running || job.state == JobState::stopping;
  job.state = state;
  job.ended = now_;
  if (state == JobState::completed || state == JobState::failed) job.exit_code = job.words.exit_code;
  if (held) used_[job.order.accelerator] -= job.order.cards;
  if (auto const open = open_runs_.find(job.id); open != open_runs_.end()) {
    runs_[open->second].ended = now_;
    runs_[open->second].end = name_of(state);
    open_runs_.erase(open);
  }
  PoolScenario const& pool = *pool_of(job.order.accelerator);
  if (state == JobState::completed) {
    checkpoints_.erase(job.order.checkpoint);  // nothing is left to resume from: the next run under this path begins anew
  } else if (job.started && !job.order.checkpoint.empty()) {
    std::int64_t progress = (now_ - *job.started) * pool.speed_ppm / 1'000'000;
    if (state == JobState::cluster_failed) progress -= progress % 60'000;  // only what was saved on the way survives a lost node
    std::int64_t& saved = checkpoints_[job.order.checkpoint];
    saved = std::max(saved, job.done_before_ms + progress);
  }
  if (auto const purse = purses_.find(job.order.programme); purse != purses_.end() && job.started) {
    auto const rate = std::find_if(scenario_.programmes.begin(), scenario_.programmes.end(),
                                   [&](auto const& each) { return each.name == job.order.programme; });
    policy::Money const price =
        value_at(pool.voucher_price, *job.started).value_or(value_at(pool.list_price, *job.started).value_or(policy::Money{}));
    auto const share = policy::round_ratio(policy::Int128{price.micro_yuan} * card_ms(job) * rate->rate_bp,
                                           policy::Int128{unit_ms(pool.unit)} * 10'000, policy::Rounding::floor_fen);
    purse->second.micro_yuan = std::max<std::int64_t>(0, purse->second.micro_yuan - share.value_or(purse->second).micro_yuan);
  }
  fill(pool);
}

Job const* Centre::find(std::string_view account, std::uint64_t id) const {
  auto const found = jobs_.find(id);
  return found == jobs_.end() || found->second->order.account != account ? nullptr : found->second.get();
}

std::vector<Job const*> Centre::of_attempt(std::string_view account, std::string_view attempt) const {
  std::vector<Job const*> all;
  auto const [first, last] = attempts_.equal_range({std::string(account), std::string(attempt)});
  for (auto each = first; each != last; ++each) all.push_back(jobs_.at(each->second).get());
  return all;
}

std::vector<Job const*> Centre::of_account(std::string_view account, std::uint64_t above_id, std::size_t limit, bool alive_only) const {
  std::vector<Job const*> all;
  for (auto each = jobs_.upper_bound(above_id); each != jobs_.end() && all.size() < limit; ++each) {
    Job const& job = *each->second;
    if (job.order.account == account && !(alive_only && is_final(job.state))) all.push_back(&job);
  }
  return all;
}

Job const* Centre::cancel(std::string_view account, std::uint64_t id) {
  auto const found = jobs_.find(id);
  if (found == jobs_.end() || found->second->order.account != account) return nullptr;
  Job& job = *found->second;
  if (is_final(job.state) || job.state == JobState::stopping) return &job;
  if (job.words.ignores_stop && job.state == JobState::running) return &job;
  if (job.state == JobState::queued) {
    auto& queue = queues_[job.order.accelerator];
    queue.erase(std::remove(queue.begin(), queue.end(), id), queue.end());
    end(job, JobState::cancelled);
  } else if (scenario_.stop_ms == 0) {
    end(job, JobState::cancelled);
  } else {
    job.state = JobState::stopping;
    schedule(job, now_ + scenario_.stop_ms, JobState::cancelled);
  }
  return &job;
}

void Centre::lose_all() {
  queues_.clear();
  for (auto const& [id, job] : jobs_) {
    if (is_final(job->state)) continue;
    job->reason = "the node failed";
    end(*job, JobState::cluster_failed);
  }
}

std::int64_t Centre::card_ms(Job const& job) const { return job.started ? (job.ended.value_or(now_) - *job.started) * job.order.cards : 0; }

std::size_t Centre::log_bytes(Job const& job) const {
  if (!job.started) return 0;
  return static_cast<std::size_t>((job.ended.value_or(now_) - *job.started) / (log_every_s_ * 1'000)) * log_line_bytes;
}

std::string Centre::log_tail(Job const& job, std::size_t bytes) const {
  std::size_t const total = log_bytes(job);
  std::size_t const from = total - std::min(bytes, total);
  std::string tail;
  for (std::size_t line = from / log_line_bytes; line * log_line_bytes < total; ++line) tail += log_line(line);
  return tail.substr(from % log_line_bytes);
}

std::vector<Centre::PoolView> Centre::pools() const {
  std::vector<PoolView> views;
  for (PoolScenario const& pool : scenario_.pools) {
    auto const used = used_.find(pool.accelerator);
    auto const queue = queues_.find(pool.accelerator);
    views.push_back({&pool, used == used_.end() ? 0 : used->second, value_at(pool.background, now_).value_or(0), free_cards(pool),
                     queue == queues_.end() ? 0 : queue->second.size(), value_at(pool.list_price, now_),
                     value_at(pool.voucher_price, now_)});
  }
  return views;
}

std::vector<std::string> Centre::counted(std::string_view account, std::string_view accelerator) const {
  std::vector<std::string> names;
  for (auto const& [at, id] : events_) {  // what holds cards has an end to come
    Job const& job = *jobs_.at(id);
    if (job.order.account == account && job.order.accelerator == accelerator) names.push_back(job.order.attempt);
  }
  std::sort(names.begin(), names.end());
  return names;
}

policy::Money Centre::remaining(std::string_view programme) const {
  auto const found = purses_.find(programme);
  return found == purses_.end() ? policy::Money{} : found->second;
}

bool Centre::set_background(std::string_view accelerator, std::int32_t cards) {
  PoolScenario* pool = pool_of(accelerator);
  if (pool == nullptr) return false;
  std::erase_if(pool->background, [this](auto const& step) { return step.at >= now_; });
  pool->background.push_back({now_, cards});
  fill(*pool);
  return true;
}

bool Centre::set_list_price(std::string_view accelerator, policy::Money price) {
  PoolScenario* pool = pool_of(accelerator);
  if (pool == nullptr) return false;
  std::erase_if(pool->list_price, [this](auto const& step) { return step.at >= now_; });
  pool->list_price.push_back({now_, price});
  return true;
}

}  // namespace sluice::sim
