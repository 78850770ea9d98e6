// One pass over the bytes.
#include "tools/audit/foretold.hpp"

#include "storage/log/event_codec.hpp"

namespace sluice::audit {

std::expected<Foretold, log::Divergence> foretell(log::VerifiedTree& tree) {
  Foretold foretold;
  log::EntryDecoder decoder;
  auto const read = tree.entries(0, tree.size(), [&](log::Sequence, std::string_view entry) {
    bool const tells = entry.starts_with(R"({"@":"state.digested/)") || entry.starts_with(R"({"@":"lot.day_closed/)");
    if (!tells) return true;
    auto const stamped = decoder.decode(entry);
    if (!stamped) return true;  // the replay will say what is wrong with it
    if (auto const* digested = std::get_if<policy::StateDigested>(&stamped->event)) {
      if (foretold.digested.size() < foretold_max) foretold.digested.insert(digested->sequence);
    } else if (auto const* closed = std::get_if<policy::LotDayClosed>(&stamped->event)) {
      if (foretold.secrets.size() < foretold_max) foretold.secrets.emplace(closed->day, closed->secret);
    }
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return foretold;
}

}  // namespace sluice::audit
