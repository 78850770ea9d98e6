// GET /v1/jobs/{id}/explain: why it is where it is, in five lines first, then everything.
#include "broker/api/api.hpp"
#include "broker/api/job_view.hpp"
#include "broker/api/means.hpp"
#include "broker/api/values.hpp"
#include "policy/enum_names.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace sluice::broker::api {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

/// What stands between the job and one cluster, and what it would cost there.
struct Verdict {
  std::string_view word = "impossible";
  std::vector<policy::Reason> reasons;
  std::optional<policy::PricedBid> bid;
  bool beyond_means = false;  ///< the bid's price is more than the tenant, or the job's own limit, allows
};

/// Whether what excludes a place may pass by itself or by somebody's act: then the job waits for it, and is not shut out.
bool may_pass(policy::Reason reason) {
  using enum policy::Reason;
  switch (reason) {
    case no_approved_account:
    case account_not_yet_approved:
    case price_unknown:
    case price_limit_exceeded:
    case budget_exceeded:
    case quota_exceeded:
    case offer_stale:
    case cluster_cordoned:
    case cluster_draining:
    case cluster_quarantined:
    case cluster_unreachable:
    case capacity_short:
    case dispatch_refused:
      return true;
    default:
      return false;
  }
}

/// A job's chance at a cluster: startable now, possible but for cards or quota, or impossible as things are.
std::map<policy::ClusterName, Verdict> verdicts(policy::Market const& market, policy::JobView const& job) {
  std::map<policy::ClusterName, Verdict> all;
  for (policy::Assessment const& place : policy::assess(market, job, false)) {
    Verdict& verdict = all[place.key.cluster];
    if (!place.bid) {
      if (!place.key.entitlement && std::ranges::find(verdict.reasons, place.bid.error()) == verdict.reasons.end())
        verdict.reasons.push_back(place.bid.error());
      if ((!verdict.bid || verdict.beyond_means) && may_pass(place.bid.error())) verdict.word = "waiting";
      auto priced = price_beyond_means(market, job, place.key, place.bid.error());
      if (priced && (!verdict.bid || (verdict.beyond_means && priced->objective < verdict.bid->objective))) {
        verdict.bid = std::move(*priced);
        verdict.beyond_means = true;
      }
      continue;
    }
    if (verdict.bid && !verdict.beyond_means && verdict.bid->objective <= place.bid->objective) continue;
    verdict.bid = *place.bid;
    verdict.beyond_means = false;
    auto const now = policy::price_bid(market, job, place.key, true);
    verdict.word = now ? "possible" : "waiting";
    verdict.reasons.clear();
    if (!now) verdict.reasons.push_back(now.error());
  }
  return all;
}

struct Position {
  std::size_t ahead = 0;
  std::size_t of = 0;
  std::int64_t cards_ahead = 0;
};

/// Waiting jobs accepted in an earlier round, or in the same one with a smaller lot.
Position position_of(policy::PinnedQueue const& queue, policy::Job const& job) {
  Position position{.ahead = 0, .of = queue.size(), .cards_ahead = 0};
  auto const key = std::pair(job.accepted_round, job.lot);
  queue.for_each([&](std::shared_ptr<policy::Job const> const& other) {
    if (std::pair(other->accepted_round, other->lot) >= key) return;
    ++position.ahead;
    position.cards_ahead += other->spec->gang.cards;
  });
  return position;
}

std::string_view remedy_for(policy::Reason reason) {
  using enum policy::Reason;
  switch (reason) {
    case price_limit_exceeded:
      return "raise_max_cost";
    case budget_exceeded:
      return "add_funds";
    case gang_too_large:
    case quota_exceeded:
      return "lower_cards";
    case type_not_requested:
    case type_not_offered:
    case framework_not_supported:
      return "accept_accelerator";
    case throughput_unknown:
      return "state_throughput";
    case region_excluded:
      return "allow_region";
    case deadline_cannot_be_met:
      return "extend_deadline";
    case run_limit_reached:
    case runtime_limit_exceeds_site:
      return "shorten_runtime";
    case no_approved_account:
    case account_not_yet_approved:
      return "open_account";
    case capacity_short:
    case offer_stale:
    case waiting_for_round:
    case outbid:
      return "wait";
    default:
      return "ask_operator";
  }
}

std::string join(std::vector<std::string> const& parts, std::string_view separator) {
  std::string all;
  for (std::string const& part : parts) all += (all.empty() ? "" : std::string(separator)) + part;
  return all;
}

/// Lost, or heard of again only after a second run was allowed.
bool was_given_up(policy::Attempt const& attempt) { return attempt.status == policy::AttemptStatus::lost || attempt.fenced; }

/// A moment by which it had been given up: the next attempt's, if one was made.
policy::Timestamp given_up_by(FoundJob const& found, policy::Attempt const& attempt) {
  auto const next = std::ranges::find(found.attempts, attempt.id.number + 1, [](auto const& each) { return each.id.number; });
  if (next != found.attempts.end()) return next->allocated_at;
  return attempt.ended_at.value_or(attempt.started_at.value_or(attempt.allocated_at));
}

std::string_view state_word(policy::JobStatus status, Language language) {
  if (language == Language::english) return policy::name_of(status);
  switch (status) {
    case policy::JobStatus::queued:
      return "排队中";
    case policy::JobStatus::allocated:
      return "已分配";
    case policy::JobStatus::dispatched:
      return "已派发";
    case policy::JobStatus::running:
      return "运行中";
    case policy::JobStatus::completed:
      return "已完成";
    case policy::JobStatus::failed:
      return "失败";
    case policy::JobStatus::cancelled:
      return "已取消";
    case policy::JobStatus::lost:
      return "失联";
  }
  return policy::name_of(status);
}

/// At most five lines: state, place or position, what blocks, the cheapest way, the money.
std::vector<std::string> summary_of(FoundJob const& found, std::map<policy::ClusterName, Verdict> const& places, Position const& position,
                                    Language language) {
  bool const zh = language == Language::chinese;
  policy::Job const& job = found.job;
  std::vector<std::string> lines;
  std::string const state(state_word(job.status, language));
  std::string first =
      zh ? "作业 " + std::to_string(job.id.value) + " 状态：" + state : "Job " + std::to_string(job.id.value) + " is " + state;
  if (job.reason != policy::Reason::none) first += (zh ? "。" : ": ") + std::string(text(job.reason, language));
  if (job.reason == policy::Reason::none) first += zh ? "。" : ".";
  lines.push_back(std::move(first));

  if (!found.attempts.empty()) {
    policy::Attempt const& last = found.attempts.back();
    policy::Allocation const& a = last.allocation;
    lines.push_back((zh ? "第 " : "Attempt ") + std::to_string(last.id.number) + (zh ? " 次尝试：" : " went to ") + a.cluster.text +
                    (zh ? "，" : ", ") + std::to_string(a.cards) + " × " + a.type.text + (zh ? "，每卡时 " : " at ") +
                    policy::format_yuan(a.price_per_card_hour) + (zh ? " 元。" : " yuan per card-hour."));
  }
  auto const given_up = std::ranges::find_if(found.attempts, was_given_up);
  if (given_up != found.attempts.end()) {
    bool const gone_on = given_up->id != found.attempts.back().id;
    std::string const& cluster = given_up->allocation.cluster.text;
    std::string const number = std::to_string(given_up->id.number);
    lines.push_back(zh ? "第 " + number + " 次尝试在 " + cluster + " 失去联系，已放弃" +
                             (gone_on ? "；作业已另行安排，该次不向租户收费。" : "。")
                       : "Attempt " + number + " at " + cluster + " was given up when the cluster had fallen silent" +
                             (gone_on ? "; the job went on without it, and the tenant does not pay for it." : "."));
  }
  if (job.status == policy::JobStatus::queued) {
    lines.push_back(zh ? "前面还有 " + std::to_string(position.ahead) + " 个作业（共 " + std::to_string(position.of) + " 个等待）。"
                       : std::to_string(position.ahead) + " of " + std::to_string(position.of) + " waiting jobs are ahead of it.");
    std::vector<std::string> open;
    std::map<policy::Reason, int> blocked;
    policy::PricedBid const* cheapest = nullptr;
    for (auto const& [cluster, verdict] : places) {
      if (verdict.word == "possible") open.push_back(cluster.text);
      for (policy::Reason const reason : verdict.reasons) ++blocked[reason];
      if (verdict.bid && (cheapest == nullptr || verdict.bid->objective < cheapest->objective)) cheapest = &*verdict.bid;
    }
    if (!open.empty()) {
      lines.push_back((zh ? "下一轮可分配到：" : "The next round may place it at: ") + join(open, zh ? "、" : ", ") + (zh ? "。" : "."));
    } else if (!blocked.empty()) {
      auto const most = std::ranges::max_element(blocked, {}, [](auto const& each) { return each.second; });
      lines.push_back((zh ? "最常见的阻碍（" : "What blocks it most (") + std::to_string(most->second) + (zh ? " 处）：" : " places): ") +
                      std::string(text(most->first, language)));
    }
    if (cheapest != nullptr)
      lines.push_back((zh ? "最便宜的去处：" : "The cheapest place is ") + cheapest->allocation.cluster.text +
                      (zh ? "，预计 " : ", about ") + policy::format_yuan(cheapest->estimate_net) + (zh ? " 元。" : " yuan."));
  } else if (!found.attempts.empty() && found.attempts.back().settlement) {
    policy::AttemptSettled const& line = *found.attempts.back().settlement;
    lines.push_back((zh ? "结算：租户支付 " : "Settled: the tenant paid ") +
                    policy::format_yuan({line.net.micro_yuan + line.fee.micro_yuan}) + (zh ? " 元，券抵扣 " : " yuan, vouchers paid ") +
                    policy::format_yuan(line.subsidy) + (zh ? " 元。" : " yuan."));
  }
  if (lines.size() > 5) lines.resize(5);
  return lines;
}

/// Who bears what the tenant does not pay.
std::string_view bearer_english(policy::Liability liability) {
  if (liability == policy::Liability::centre) return "; the centre has no claim to the rest";
  return liability == policy::Liability::operator_ ? "; the operator bears the rest" : "";
}
std::string_view bearer_chinese(policy::Liability liability) {
  if (liability == policy::Liability::centre) return "；其余部分集群无权收取";
  return liability == policy::Liability::operator_ ? "；其余由平台承担" : "";
}

Json history_of(FoundJob const& found) {
  std::vector<std::pair<policy::Timestamp, Json>> rows;
  auto const add = [&](policy::Timestamp at, std::string_view en, std::string_view zh, policy::Attempt const* attempt) {
    Json row{{"at", policy::format_rfc3339(at)}};
    if (attempt == nullptr) row["sequence"] = std::to_string(found.job.id.value);
    row["what"] = {{"en", en}, {"zh", zh}};
    row["attempt"] = attempt != nullptr ? Json(policy::to_string(attempt->id)) : Json(nullptr);
    row["round"] = attempt != nullptr ? Json(std::to_string(attempt->round.value)) : Json(nullptr);
    rows.emplace_back(at, std::move(row));
  };
  add(found.job.accepted_at, "accepted", "已接受", nullptr);
  for (policy::Attempt const& attempt : found.attempts) {
    add(attempt.allocated_at, "allocated to " + attempt.allocation.cluster.text, "分配到 " + attempt.allocation.cluster.text, &attempt);
    if (attempt.intended_at) add(*attempt.intended_at, "sent to the cluster", "已发送到集群", &attempt);
    if (attempt.started_at) add(*attempt.started_at, "started", "开始运行", &attempt);
    if (was_given_up(attempt)) {
      bool const open = attempt.status == policy::AttemptStatus::lost;
      add(given_up_by(found, attempt),
          open ? "given up: the cluster does not say what became of it; its money is disputed until it does, or two people decide"
               : "given up: the cluster did not say what became of it, and its run limit had passed",
          open ? "已放弃：集群未告知结果，资金待定，直至集群告知或两人裁决" : "曾被放弃：集群未告知结果，且运行时限已过", &attempt);
    }
    if (attempt.status == policy::AttemptStatus::refused && attempt.ended_at)
      add(*attempt.ended_at, "declined: it never ran there, and costs nothing", "被拒：未曾运行，不收费", &attempt);
    if (attempt.ended_at && attempt.outcome) {
      std::string const stopped_en = attempt.stop_intended ? ", stopped by the broker" : "";
      std::string const stopped_zh = attempt.stop_intended ? "，由平台停止" : "";
      add(*attempt.ended_at, "ended: " + std::string(policy::name_of(*attempt.outcome)) + stopped_en,
          "结束：" + std::string(policy::name_of(*attempt.outcome)) + stopped_zh, &attempt);
    }
    if (attempt.settlement) {
      policy::AttemptSettled const& line = *attempt.settlement;
      std::string const paid = policy::format_yuan({line.net.micro_yuan + line.fee.micro_yuan});
      add(attempt.ended_at.value_or(found.attempts.back().allocated_at),
          "settled: the tenant paid " + paid + " yuan" + std::string(bearer_english(line.liability)),
          "结算：租户支付 " + paid + " 元" + std::string(bearer_chinese(line.liability)), &attempt);
    }
  }
  // An attempt that was given up may end long after the next one began.
  std::ranges::stable_sort(rows, {}, &std::pair<policy::Timestamp, Json>::first);
  Json history = Json::array();
  for (auto& [at, row] : rows) history.push_back(std::move(row));
  return history;
}

Json clusters_json(policy::Market const& market, policy::Job const& job, std::map<policy::ClusterName, Verdict> const& places,
                   FoundJob const& found) {
  Json list = Json::array();
  for (auto const& [cluster, verdict] : places) {
    Json row{{"cluster", cluster.text}};
    bool const chosen =
        job.status != policy::JobStatus::queued && !found.attempts.empty() && found.attempts.back().allocation.cluster == cluster;
    row["verdict"] = chosen ? "chosen" : verdict.word;
    row["reasons"] = Json::array();
    if (!chosen)
      for (policy::Reason const reason : verdict.reasons) row["reasons"].push_back(reason_value(reason));
    row["price"] = nullptr;
    row["free_cards"] = nullptr;
    if (verdict.bid) {
      policy::ClusterOffers const& seen = *market.offers(cluster);
      row["price"] = price_json(*verdict.bid, seen.as_of, seen.valid_until);
      if (auto const free = market.sellable(cluster, verdict.bid->allocation.type)) row["free_cards"] = *free;
    }
    list.push_back(std::move(row));
  }
  return list;
}

/// One remedy per reason; a cluster is named when the reason stands at that one alone.
Json remedies_json(std::map<policy::ClusterName, Verdict> const& places) {
  std::map<policy::Reason, std::vector<policy::ClusterName>> where;
  for (auto const& [cluster, verdict] : places) {
    if (verdict.word == "possible") continue;
    for (policy::Reason const reason : verdict.reasons) where[reason].push_back(cluster);
  }
  Json list = Json::array();
  for (auto const& [reason, clusters] : where) {
    Json row{{"change", remedy_for(reason)}};
    row["text"] = {{"en", policy::text_english(reason)}, {"zh", policy::text_chinese(reason)}};
    if (clusters.size() == 1) row["cluster"] = clusters.front().text;
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace

asio::awaitable<Answer> explain_job(Api& api, Call& call) {
  auto read = co_await find_settled_job(api, call.caller, call.request.parameter("id"));
  if (!read) co_return std::unexpected(std::move(read.error()));
  if (!*read) co_return std::unexpected(problem("not_found", "There is no such job."));
  FoundJob const found = std::move(**read);
  co_await api.sequencer.durable(found.job.changed_at);
  if (auto const wanted = call.request.query_value("language")) {
    if (*wanted != "en" && *wanted != "zh") co_return std::unexpected(problem("malformed_query", "language is en or zh."));
    call.language = *wanted == "zh" ? Language::chinese : Language::english;
  }
  bool const waits = found.job.status == policy::JobStatus::queued;
  Position const position = waits ? position_of(api.state().queue.pin(), found.job) : Position{};
  // From here on nothing else happens until the answer is made: the market is a view of the state as it is.
  policy::LiveMarket const market(api.state(), api.sequencer.now());
  policy::JobView const view = policy::view_of(found.job);
  auto const places = policy::is_final(found.job.status) ? std::map<policy::ClusterName, Verdict>{} : verdicts(market, view);

  Json body{{"job", std::to_string(found.job.id.value)}, {"state", policy::name_of(found.job.status)}};
  body["language"] = call.language == Language::chinese ? "zh" : "en";
  body["at"] = policy::format_rfc3339(market.now());
  body["sequence"] = std::to_string(api.state().governance.sequence - 1);
  body["summary"] = summary_of(found, places, position, call.language);
  Json details;
  details["reasons"] = Json::array();
  if (found.job.reason != policy::Reason::none) details["reasons"].push_back(reason_value(found.job.reason));
  details["position"] = nullptr;
  if (waits) details["position"] = {{"ahead", position.ahead}, {"of", position.of}, {"cards_ahead", position.cards_ahead}};
  details["start"] = nullptr;
  details["clusters"] = clusters_json(market, found.job, places, found);
  details["history"] = history_of(found);
  details["remedies"] = waits ? remedies_json(places) : Json::array();
  if (!found.attempts.empty() && found.attempts.back().allocation.extra.micro_yuan > 0) {
    details["moved"] = {{"extra_yuan", policy::format_yuan(found.attempts.back().allocation.extra)},
                        {"paid_by", "operator"},
                        {"because", reason_value(policy::Reason::outbid)}};
  }
  body["details"] = std::move(details);
  co_return http::json_response(200, body.dump());
}

}  // namespace sluice::broker::api
