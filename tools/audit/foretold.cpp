// One pass over the bytes.
#include "tools/audit/foretold.hpp"

#include "storage/log/event_codec.hpp"

namespace sluice::audit {

Foretold foretell(log::VerifiedTree& tree) {
  Foretold foretold;
  log::EntryDecoder decoder;
  tree.unproved_entries([&](log::Sequence, std::string_view entry) {
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
  return foretold;
}

}  // namespace sluice::audit
