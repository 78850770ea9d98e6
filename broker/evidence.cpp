// A cluster's answers as text.
#include "broker/evidence.hpp"

#include "policy/hash.hpp"

#include <fmt/format.h>

namespace sluice::broker {

std::string evidence_text(std::vector<connectors::RawReply> const& replies) {
  std::string text;
  for (connectors::RawReply const& reply : replies) {
    text += fmt::format("{}\n{}\n", reply.request, reply.status);
    text.append(reply.body, 0, evidence_body_bytes_max);
    if (reply.body.size() > evidence_body_bytes_max)
      text += fmt::format("\n[cut: {} bytes in all, SHA-256 {}]", reply.body.size(), policy::to_hex(policy::sha256(reply.body)));
    text += '\n';
  }
  return text;
}

}  // namespace sluice::broker
