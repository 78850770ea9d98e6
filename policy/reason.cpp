// The texts of the reason codes: one table, one row per code.
#include "policy/reason.hpp"

#include <algorithm>
#include <array>

namespace sluice::policy {
namespace {

struct ReasonTexts {
  Reason reason;
  std::string_view code;
  std::string_view english;
  std::string_view chinese;
};

// Ascending by value, so that a look-up is a binary search.
constexpr std::array reasons = std::to_array<ReasonTexts>({
    {Reason::none, "none", "Nothing is the matter.", "没有问题。"},
    {Reason::malformed, "malformed", "A field breaks its stated range: correct the field that is named.",
     "字段超出规定范围：请改正所指字段。"},
    {Reason::unknown_tenant, "unknown_tenant", "There is no such tenant: check the tenant's pseudonym.", "没有这个租户：请核对租户代号。"},
    {Reason::unknown_cluster, "unknown_cluster", "There is no such cluster: check the name under config/clusters.",
     "没有这个集群：请核对 config/clusters 下的名称。"},
    {Reason::unknown_programme, "unknown_programme", "There is no such programme or version: check the name under config/programmes.",
     "没有这个券项目或版本：请核对 config/programmes 下的名称。"},
    {Reason::unknown_job, "unknown_job", "There is no such job.", "没有这个作业。"},
    {Reason::unknown_attempt, "unknown_attempt", "There is no such attempt of that job.", "该作业没有这次运行尝试。"},
    {Reason::unknown_account, "unknown_account", "There is no such account at a centre.", "没有这个中心账户。"},
    {Reason::unknown_entitlement, "unknown_entitlement", "There is no such entitlement.", "没有这张算力券额度。"},
    {Reason::unknown_key, "unknown_key", "There is no such key.", "没有这个密钥。"},
    {Reason::unknown_override, "unknown_override", "There is no such override waiting for a decision.", "没有待决定的此项人工处置。"},
    {Reason::unknown_round, "unknown_round", "There is no such round.", "没有这一轮分配。"},
    {Reason::already_exists, "already_exists", "It exists already or is so already: nothing needs to be done.",
     "已经存在或已是该状态：无需再做。"},
    {Reason::tenant_suspended, "tenant_suspended", "The tenant is suspended or erased: ask the operator.",
     "租户已停用或注销：请联系运营方。"},
    {Reason::key_revoked, "key_revoked", "The key is revoked or expired: use another key.", "密钥已吊销或过期：请更换密钥。"},
    {Reason::not_permitted, "not_permitted", "This principal may not do this in this role.", "该主体以此角色无权执行此操作。"},
    {Reason::time_went_back, "time_went_back", "The time lies before that of the last entry: check the clock.",
     "时间早于上一条记录：请检查时钟。"},
    {Reason::forced_event_pending, "forced_event_pending", "Another event must come first: it is forced at this time.",
     "此刻有另一事件必须先发生。"},
    {Reason::out_of_order, "out_of_order", "The event does not follow from the present state.", "该事件与当前状态不衔接。"},
    {Reason::wrong_rules_version, "wrong_rules_version",
     "This build does not know that rules version: replay with the release that wrote the log.",
     "本程序不支持该规则版本：请用写入日志的版本重放。"},
    {Reason::type_not_offered, "type_not_offered", "The cluster does not offer this accelerator type.", "该集群不提供此加速卡型号。"},
    {Reason::type_not_requested, "type_not_requested", "The job does not name this accelerator type.", "作业未列出此加速卡型号。"},
    {Reason::framework_not_supported, "framework_not_supported",
     "The cluster does not run this framework on this type: add a variant for another framework.",
     "该集群的此型号不支持此框架：请增加其他框架的变体。"},
    {Reason::throughput_unknown, "throughput_unknown",
     "Nobody states the throughput of this type for this work: give throughput_ppm in the job.",
     "无人给出此型号的吞吐量：请在作业中填写 throughput_ppm。"},
    {Reason::memory_too_small, "memory_too_small", "The cards have less memory than the job needs.", "单卡显存小于作业需求。"},
    {Reason::interconnect_too_slow, "interconnect_too_slow", "The interconnect is slower than the job needs, or its speed is not stated.",
     "互联带宽低于作业需求或未注明。"},
    {Reason::gang_too_large, "gang_too_large", "The gang needs more cards than the cluster has of this type.",
     "作业所需卡数超过该集群此型号总数。"},
    {Reason::cpus_too_few, "cpus_too_few", "The nodes have fewer CPUs than the gang needs, or their number is not stated.",
     "节点处理器核数少于作业需求或未注明。"},
    {Reason::host_memory_too_small, "host_memory_too_small", "The nodes have less host memory than the gang needs, or it is not stated.",
     "节点内存小于作业需求或未注明。"},
    {Reason::region_excluded, "region_excluded", "The data may not go to the cluster's region.", "数据不得送往该集群所在地区。"},
    {Reason::data_class_not_allowed, "data_class_not_allowed", "The cluster does not admit data of this class.",
     "该集群不接收此类别数据。"},
    {Reason::deadline_cannot_be_met, "deadline_cannot_be_met", "The declared work cannot end before the deadline there.",
     "在该处无法于截止时间前完成。"},
    {Reason::no_approved_account, "no_approved_account",
     "There is no open account at the cluster that the tenant may use: ask the operator to open one.",
     "租户在该集群没有可用账户：请运营方开立。"},
    {Reason::account_not_yet_approved, "account_not_yet_approved", "The account at the cluster is not yet approved.",
     "该集群账户尚未获批。"},
    {Reason::price_unknown, "price_unknown", "The cluster's price is unknown, and unknown is never free.",
     "该集群价格未知；未知不等于免费。"},
    {Reason::price_limit_exceeded, "price_limit_exceeded",
     "The declared work costs more than the job's max_cost_yuan: raise it or wait for a lower price.",
     "预计费用超过作业的 max_cost_yuan：请提高限额或等待降价。"},
    {Reason::budget_exceeded, "budget_exceeded",
     "The tenant's free balance does not cover the hold: deposit money or wait for holds to be released.",
     "租户可用余额不足以冻结：请充值或等待冻结释放。"},
    {Reason::quota_exceeded, "quota_exceeded", "The tenant's quota of cards at the cluster is used up.", "租户在该集群的卡数配额已满。"},
    {Reason::offer_stale, "offer_stale", "The cluster's offer is stale and not used: wait for the next poll.",
     "该集群报价已过期：请等待下次轮询。"},
    {Reason::cluster_cordoned, "cluster_cordoned", "The cluster takes no new jobs: an operator cordoned it.", "集群已暂停接收新作业。"},
    {Reason::cluster_draining, "cluster_draining", "The cluster takes no new jobs: it is being drained.", "集群正在排空，不接收新作业。"},
    {Reason::cluster_quarantined, "cluster_quarantined",
     "The cluster is quarantined, because what it reported cannot be true: an operator must look.",
     "集群因上报数据不可信被隔离：请运营方核查。"},
    {Reason::cluster_unreachable, "cluster_unreachable", "The cluster cannot be reached.", "无法连接该集群。"},
    {Reason::image_unreachable, "image_unreachable", "The cluster cannot pull the image: publish it in a registry it reaches.",
     "该集群无法拉取镜像：请放到其可达的仓库。"},
    {Reason::input_unreachable, "input_unreachable", "The cluster cannot reach the inputs: copy them to a store it reaches.",
     "该集群无法访问输入数据：请复制到其可达的存储。"},
    {Reason::capacity_short, "capacity_short", "Too few free cards now: the job waits for cards to become free.",
     "当前空闲卡不足：作业等待释放。"},
    {Reason::precision_not_supported, "precision_not_supported", "The type does not support the precision asked for.",
     "该型号不支持所需精度。"},
    {Reason::runtime_limit_exceeds_site, "runtime_limit_exceeds_site", "The declared work takes longer than the cluster lets a job run.",
     "预计运行时间超过该集群的单作业上限。"},
    {Reason::programme_inactive, "programme_inactive", "The programme is inactive: a figure it needs is unset, or it is not in effect now.",
     "券项目未生效：缺少必要数据或不在有效期。"},
    {Reason::programme_not_at_cluster, "programme_not_at_cluster", "The voucher cannot be spent at this cluster.",
     "该券不可在此集群使用。"},
    {Reason::entitlement_expired, "entitlement_expired", "The entitlement has expired or was revoked.", "该额度已过期或被收回。"},
    {Reason::entitlement_not_yet_valid, "entitlement_not_yet_valid", "The entitlement is not valid yet.", "该额度尚未生效。"},
    {Reason::entitlement_exhausted, "entitlement_exhausted", "Nothing is left on the entitlement.", "该额度已用尽。"},
    {Reason::entitlement_of_another_holder, "entitlement_of_another_holder",
     "The entitlement belongs to another holder: vouchers may not be shared or traded.", "该额度属于他人：算力券不得共用或转让。"},
    {Reason::below_programme_floor, "below_programme_floor", "The order lies below the programme's floor: there is no subsidy for it.",
     "订单低于券项目起补金额：不予补贴。"},
    {Reason::programme_cap_reached, "programme_cap_reached", "The programme's cap per entity and period is reached.",
     "已达到券项目对单个主体的期内上限。"},
    {Reason::purse_exhausted, "purse_exhausted", "The programme's purse is exhausted.", "券项目资金池已用尽。"},
    {Reason::class_not_eligible, "class_not_eligible", "Applicants of this class are not eligible for the programme.",
     "此类申请主体不符合券项目条件。"},
    {Reason::programme_region_excluded, "programme_region_excluded", "The programme admits only applicants registered in its regions.",
     "券项目只接受在规定地区注册的主体。"},
    {Reason::rate_unknown, "rate_unknown", "The programme states no rate for this applicant and hardware.",
     "券项目对该主体与硬件未规定补贴比例。"},
    {Reason::waiting_for_round, "waiting_for_round", "The job waits for the next round.", "作业等待下一轮分配。"},
    {Reason::outbid, "outbid", "Other jobs made better use of the cards this round: the job goes on waiting and gains weight.",
     "本轮其他作业更优：作业继续等待且权重增加。"},
    {Reason::queue_limit_reached, "queue_limit_reached", "The tenant's limit of waiting jobs is reached: wait or cancel some.",
     "租户等待作业数已达上限：请等待或取消部分作业。"},
    {Reason::submission_rate_exceeded, "submission_rate_exceeded", "The tenant's limit of submissions per minute is reached: slow down.",
     "租户每分钟提交数已达上限：请放慢。"},
    {Reason::job_already_final, "job_already_final", "The job has ended already.", "作业已结束。"},
    {Reason::attempt_already_final, "attempt_already_final", "The attempt has ended already.", "该次运行已结束。"},
    {Reason::attempts_exhausted, "attempts_exhausted", "The job has used all its attempts.", "作业的尝试次数已用完。"},
    {Reason::cancelled_by_tenant, "cancelled_by_tenant", "The job was cancelled.", "作业已取消。"},
    {Reason::deadline_passed, "deadline_passed", "The deadline passed while the job waited.", "作业等待期间截止时间已过。"},
    {Reason::cluster_lost, "cluster_lost", "The cluster was lost with the attempt, and what became of it is unknown: the money waits.",
     "集群失联，运行结果未知：款项暂挂。"},
    {Reason::dispatch_refused, "dispatch_refused", "The cluster refused the job: the job waits for another place.",
     "集群拒收该作业：作业等待其他去处。"},
    {Reason::allocation_superseded, "allocation_superseded", "The job is no longer where the plan or the report has it.",
     "作业状态已变，原分配或报告不再适用。"},
    {Reason::rounds_paused, "rounds_paused", "An operator has paused the rounds.", "运营方已暂停分配轮次。"},
    {Reason::dispatch_frozen, "dispatch_frozen", "Dispatch is frozen: an operator must resume it.", "派发已冻结：需运营方恢复。"},
    {Reason::payload_missing, "payload_missing", "The job's private part is missing after a restore: submit it again.",
     "恢复后作业私密部分缺失：请重新提交。"},
    {Reason::run_limit_reached, "run_limit_reached", "The granted run time is used up, or the declared work needs more than max_runtime_s.",
     "运行时限已到或预计时间超过 max_runtime_s。"},
    {Reason::insufficient_balance, "insufficient_balance", "The free balance is smaller than the amount.", "可用余额小于该金额。"},
    {Reason::insufficient_purse, "insufficient_purse", "The programme's purse holds less than the amount.", "券项目资金池余额小于该金额。"},
    {Reason::amount_not_positive, "amount_not_positive", "The amount must be greater than zero.", "金额必须大于零。"},
    {Reason::amount_overflow, "amount_overflow", "The amount is larger than the books can hold.", "金额超出账簿可容纳范围。"},
    {Reason::approval_by_same_principal, "approval_by_same_principal",
     "Whoever proposed an override cannot approve it: ask another person.", "提出者不得自行批准：请另一人审批。"},
    {Reason::approval_by_creator, "approval_by_creator",
     "One of the two principals was created by the other, or both by the same person: ask someone independent.",
     "两主体之一由另一方创建或同为一人创建：请独立的人审批。"},
    {Reason::override_already_decided, "override_already_decided", "The override is decided already.", "该人工处置已有决定。"},
    {Reason::settlement_mismatch, "settlement_mismatch", "The settlement differs from what the rules give.", "结算与规则计算结果不符。"},
    {Reason::round_already_open, "round_already_open", "A round is in progress: it must be decided or abandoned first.",
     "已有一轮在进行：须先决定或放弃。"},
    {Reason::round_not_open, "round_not_open", "The round is not in the phase this event needs.", "该轮不处于此事件所需阶段。"},
    {Reason::problem_digest_mismatch, "problem_digest_mismatch", "The problem's digest differs from the one rebuilt from the state.",
     "问题摘要与由状态重建的不一致。"},
    {Reason::certificate_refused, "certificate_refused", "The certificate does not prove the plan.", "证书未能证明该方案。"},
    {Reason::plan_not_canonical, "plan_not_canonical", "The plan is not in canonical form.", "方案不是规范形式。"},
    {Reason::allocation_not_in_plan, "allocation_not_in_plan",
     "This is not the plan's next step, or its figures differ from what the state gives.", "这不是方案的下一步，或数值与状态计算不符。"},
});
static_assert(std::ranges::is_sorted(reasons, {}, &ReasonTexts::reason));

constexpr auto codes_only = [] {
  std::array<Reason, reasons.size()> all{};
  std::ranges::transform(reasons, all.begin(), &ReasonTexts::reason);
  return all;
}();

constexpr ReasonTexts unknown{Reason::none, "unknown", "The reason code is not known to this release.", "本版本不认识该原因代码。"};

ReasonTexts const& texts_of(Reason reason) {
  auto const it = std::ranges::lower_bound(reasons, reason, {}, &ReasonTexts::reason);
  return it != reasons.end() && it->reason == reason ? *it : unknown;
}

}  // namespace

std::string_view code(Reason reason) { return texts_of(reason).code; }
std::string_view text_english(Reason reason) { return texts_of(reason).english; }
std::string_view text_chinese(Reason reason) { return texts_of(reason).chinese; }
std::span<Reason const> all_reasons() { return codes_only; }
bool is_reason(Reason reason) { return std::ranges::binary_search(codes_only, reason); }

std::optional<Reason> reason_from_code(std::string_view text) {
  auto const it = std::ranges::find(reasons, text, &ReasonTexts::code);
  return it == reasons.end() ? std::nullopt : std::optional(it->reason);
}

}  // namespace sluice::policy
