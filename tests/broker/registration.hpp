// Who registers tenants in these tests.
#pragma once

#include "policy/events/people.hpp"

#include <string>

namespace sluice::broker {

inline policy::By admin() { return {{"socket"}, std::nullopt, policy::Role::local_admin}; }

inline policy::TenantRegistered registration(std::string const& name) {
  policy::TenantRegistered event;
  event.by = admin();
  event.region = {420100};
  event.tenant = {name};
  return event;
}

}  // namespace sluice::broker
