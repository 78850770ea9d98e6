// Asking clusters, one coroutine each.
#include "broker/polling/poller.hpp"

#include "broker/evidence.hpp"
#include "broker/logging.hpp"
#include "broker/secrets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace sluice::broker {
namespace asio = boost::asio;

namespace {

/// A refused observation changes nothing: the next poll brings another.
asio::awaitable<void> record(Sequencer* sequencer, Submission submission) { co_await sequencer->submit(std::move(submission)); }

}  // namespace

Poller::Poller(asio::io_context& loop, Sequencer& sequencer, Sites const& sites, PollOptions options)
    : loop_(loop), sequencer_(sequencer), sites_(sites), options_(std::move(options)) {}

Poller::~Poller() { stop(); }

void Poller::stop() {
  for (auto& [cluster, watch] : watches_) {
    watch->stopped = true;
    watch->pause.cancel();
  }
  watches_.clear();
}

void Poller::follow_sites() {
  for (auto it = watches_.begin(); it != watches_.end();) {
    if (sites_.find(it->first) != nullptr) {
      ++it;
      continue;
    }
    it->second->stopped = true;
    it->second->pause.cancel();
    learnt_.erase(it->first);
    health_.erase(it->first);
    it = watches_.erase(it);
  }
  for (auto const& [cluster, site] : sites_.all()) {
    if (watches_.contains(cluster)) continue;
    auto started = std::make_shared<Watch>(loop_);
    watches_.emplace(cluster, started);
    asio::co_spawn(loop_, watch(this, cluster, started), asio::detached);
  }
}

asio::awaitable<void> Poller::watch(Poller* self, policy::ClusterName cluster, std::shared_ptr<Watch> watch) {
  // `self` is used only while this watch has not been stopped: the destructor stops all.
  while (!watch->stopped) {
    std::shared_ptr<Site> site = self->sites_.find(cluster);
    if (site == nullptr) co_return;
    co_await self->ask(site);
    if (watch->stopped) co_return;
    watch->pause.expires_after(site->connector->until_next_poll());
    boost::system::error_code cancelled;
    co_await watch->pause.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

asio::awaitable<void> Poller::ask(std::shared_ptr<Site> site) {
  policy::ClusterName const cluster = site->cluster;
  connectors::Outcome<connectors::OfferReport> offers = co_await site->connector->offers(site->polling_credential);
  if (!watches_.contains(cluster)) co_return;
  if (!offers) {
    PollHealth& health = health_[cluster];
    ++health.faults;
    std::string fault = std::string(connectors::name_of(offers.error().kind)) + ": " + offers.error().what;
    bool const refused = offers.error().kind == connectors::FaultKind::unauthorised;
    // Said once, when it begins: a cluster that stays away must not fill the journal. A refused credential is said even in the middle of
    // another trouble, because nothing but an operator ends it.
    if (health.last_fault.empty() || (refused && !health.credential_refused))
      log_line(refused ? Severity::error : Severity::warning, refused ? "credential_refused" : "cluster_does_not_answer",
               {{"cluster", cluster.text}, {"credential", site->polling_credential}, {"what", fault}, {"to_do", offers.error().to_do}});
    health.credential_refused = refused;
    health.last_fault = std::move(fault);
    co_return;
  }
  std::string evidence = evidence_text(offers->raw);
  std::optional<connectors::VoucherReport> terms;
  if (site->connector->capabilities().quotes_vouchers) {
    connectors::Outcome<connectors::VoucherReport> answer = co_await site->connector->voucher_terms(site->polling_credential);
    if (!watches_.contains(cluster)) co_return;
    if (answer) {
      evidence += evidence_text(answer->raw);
      if (answer->value.freshness != connectors::Freshness::stale) terms = std::move(answer->value);
    }
  }
  policy::Timestamp const now = sequencer_.now();
  PollHealth& health = health_[cluster];
  ++health.answers;
  health.last_answer = now;
  if (!health.last_fault.empty()) log_line(Severity::info, "cluster_answers_again", {{"cluster", cluster.text}});
  health.last_fault.clear();
  health.credential_refused = false;
  health.doubts = offers->value.doubts;
  auto const known = sequencer_.state().catalogue->clusters.find(cluster);
  if (known == sequencer_.state().catalogue->clusters.end()) co_return;
  std::int64_t const valid_for_ms = known->second.definition.offer_max_age_ms;
  Learnt learnt{observed(sequencer_.state(), cluster, offers->value, terms ? &*terms : nullptr, options_.instance, now, valid_for_ms),
                std::move(evidence)};
  learn(cluster, std::move(learnt));
}

void Poller::learn(policy::ClusterName const& cluster, Learnt learnt) {
  std::int32_t const move_ppm = sequencer_.state().catalogue->market.price_move_ppm;
  bool const news = worth_an_entry(sequencer_.state(), learnt.observation, sequencer_.now(), move_ppm);
  learnt_.insert_or_assign(cluster, std::move(learnt));
  if (!news) return;
  if (sequencer_.state().queue.size() > 0 && news_) {
    news_();
    return;
  }
  // Nobody waits, so no round will ask: log it now, or quotes would soon see a stale market.
  auto fresh = take_fresh();
  if (!fresh) return;
  asio::co_spawn(loop_, record(&sequencer_, std::move(*fresh)), asio::detached);
}

std::optional<Submission> Poller::take_fresh() {
  std::int32_t const move_ppm = sequencer_.state().catalogue->market.price_move_ppm;
  std::vector<policy::Event> events;
  std::vector<log::PrivatePart> parts;
  policy::Timestamp const now = sequencer_.now();
  for (auto it = learnt_.begin(); it != learnt_.end(); it = learnt_.erase(it)) {
    Learnt& learnt = it->second;
    if (!worth_an_entry(sequencer_.state(), learnt.observation, now, move_ppm)) continue;
    Sealed sealed = seal(log::PrivateKind::evidence, "operator", learnt.evidence, now.ms + options_.evidence_kept_ms);
    learnt.observation.evidence = sealed.commitment;
    parts.push_back(std::move(sealed.part));
    events.emplace_back(std::move(learnt.observation));
  }
  if (events.empty()) return std::nullopt;
  Submission submission = submission_of(std::move(events));
  submission.private_parts = std::move(parts);
  return submission;
}

}  // namespace sluice::broker
