#include "connectors/fault.hpp"

namespace sluice::connectors {

std::string_view name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::unreachable:
      return "unreachable";
    case FaultKind::timeout:
      return "timeout";
    case FaultKind::interrupted:
      return "interrupted";
    case FaultKind::tls:
      return "tls";
    case FaultKind::too_large:
      return "too_large";
    case FaultKind::malformed:
      return "malformed";
    case FaultKind::cluster_error:
      return "cluster_error";
    case FaultKind::rate_limited:
      return "rate_limited";
    case FaultKind::unauthorised:
      return "unauthorised";
    case FaultKind::not_found:
      return "not_found";
    case FaultKind::conflict:
      return "conflict";
    case FaultKind::refused:
      return "refused";
    case FaultKind::unsupported:
      return "unsupported";
    case FaultKind::not_asked:
      return "not_asked";
    case FaultKind::cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::other:
      return "other";
    case Refusal::no_capacity:
      return "no_capacity";
    case Refusal::price_changed:
      return "price_changed";
    case Refusal::purse_exhausted:
      return "purse_exhausted";
    case Refusal::image_unreachable:
      return "image_unreachable";
    case Refusal::input_unreachable:
      return "input_unreachable";
    case Refusal::limit_exceeded:
      return "limit_exceeded";
    case Refusal::invalid_order:
      return "invalid_order";
    case Refusal::not_open:
      return "not_open";
  }
  return "unknown";
}

bool counts_against_cluster(FaultKind kind) {
  switch (kind) {
    case FaultKind::unreachable:
    case FaultKind::timeout:
    case FaultKind::interrupted:
    case FaultKind::tls:
    case FaultKind::too_large:
    case FaultKind::malformed:
    case FaultKind::cluster_error:
      return true;
    case FaultKind::rate_limited:
    case FaultKind::unauthorised:
    case FaultKind::not_found:
    case FaultKind::conflict:
    case FaultKind::refused:
    case FaultKind::unsupported:
    case FaultKind::not_asked:
    case FaultKind::cancelled:
      return false;
  }
  return false;
}

bool is_passing(FaultKind kind) {
  return kind == FaultKind::unreachable || kind == FaultKind::timeout || kind == FaultKind::interrupted ||
         kind == FaultKind::cluster_error || kind == FaultKind::rate_limited;
}

}  // namespace sluice::connectors
