#include "tests/connectors/script.hpp"

namespace sluice::test {

std::vector<ScriptedFault> const& every_fault() {
  using connectors::FaultKind;
  using Kind = http_client::HttpFaultKind;
  static std::vector<ScriptedFault> const faults{
      {"refused connection", lost(Kind::not_sent, false), false, FaultKind::unreachable},
      {"connect timeout", lost(Kind::not_sent, false), false, FaultKind::unreachable},
      {"answer timeout", lost(Kind::timeout_unknown, true), true, FaultKind::timeout},
      {"slow drip", lost(Kind::timeout_unknown, true), true, FaultKind::timeout},
      {"reset before the request", lost(Kind::reset, false), false, FaultKind::interrupted},
      {"truncated answer", lost(Kind::reset, true), true, FaultKind::interrupted},
      {"compressed bomb", lost(Kind::too_large, true), true, FaultKind::too_large},
      {"certificate of another host", lost(Kind::tls, false), false, FaultKind::tls},
      {"no HTTP", lost(Kind::malformed, true), true, FaultKind::malformed},
      {"forbidden address", lost(Kind::forbidden, false), false, FaultKind::not_asked},
      {"cancelled on the wire", lost(Kind::cancelled, true), true, FaultKind::cancelled},
      {"cancelled in line", lost(Kind::cancelled, false), false, FaultKind::cancelled},
      {"empty body", answered(200, ""), true, FaultKind::malformed},
      {"HTML instead of JSON", answered(200, "<html>\n<body>It works!</body>"), true, FaultKind::malformed},
      {"JSON cut off", answered(200, R"({"offers":[{"acc)"), true, FaultKind::malformed},
      {"wrong type", answered(200, R"([1,2,3])"), true, FaultKind::malformed},
      {"empty object", answered(200, "{}"), true, FaultKind::malformed},
      {"wrong types inside", answered(200, R"({"offers":{},"jobs":7,"id":7,"attempt":true,"job":[],"state":null,"programmes":"x"})"), true,
       FaultKind::malformed},
      {"depth", answered(200, std::string(100'000, '[')), true, FaultKind::malformed},
      {"duplicate keys", answered(200, R"({"jobs":[],"jobs":[],"offers":[],"offers":[]})"), true, FaultKind::malformed},
      {"NUL byte", answered(200, std::string("{\"jobs\":[]}\0", 12)), true, FaultKind::malformed},
      {"redirect", answered(302, "", {{"location", "http://169.254.169.254/"}}), true, FaultKind::malformed},
      {"bad request", answered(400, "no\x1b[31m\n"), false, FaultKind::refused},
      {"unauthorised", answered(401, "{}"), false, FaultKind::unauthorised},
      {"forbidden", answered(403, "{}"), false, FaultKind::refused},
      {"not found by a proxy", answered(404, "404 page not found"), false, FaultKind::not_found},
      {"request timeout", answered(408, ""), true, FaultKind::timeout},
      {"conflict", answered(409, "{}"), false, FaultKind::conflict},
      {"rate limited", answered(429, "", {{"retry-after", "7"}}), false, FaultKind::rate_limited},
      {"server error with an empty list", answered(500, R"({"offers":[],"jobs":[],"programmes":[]})"), true, FaultKind::cluster_error},
      {"bad gateway", answered(502, "<html>"), true, FaultKind::cluster_error},
      {"unavailable", answered(503, ""), true, FaultKind::cluster_error},
      {"unavailable for a while", answered(503, "", {{"retry-after", "3"}}), true, FaultKind::rate_limited},
  };
  return faults;
}

}  // namespace sluice::test
