// By the members' names, which the events list themselves.
#include "tools/audit/commitments.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <string_view>

namespace sluice::audit {
namespace {

constexpr std::array<std::string_view, 8> private_members = {"contract", "decision", "evidence",  "identity",
                                                             "payload",  "reason",   "reference", "remote"};

bool is_private(std::string_view name) { return std::ranges::find(private_members, name) != private_members.end(); }

template <class Struct>
std::uint64_t count_in(Struct const& value) {
  std::uint64_t count = 0;
  Struct::fields(value, [&]<class Member>([[maybe_unused]] std::string_view name, [[maybe_unused]] Member const& member) {
    if constexpr (std::same_as<Member, policy::Hash>) {
      if (is_private(name)) ++count;
    } else if constexpr (std::same_as<Member, std::optional<policy::Hash>>) {
      if (member && is_private(name)) ++count;
    } else if constexpr (std::same_as<Member, policy::By>) {
      count += count_in(member);
    }
  });
  return count;
}

}  // namespace

std::uint64_t private_commitments(policy::Event const& event) {
  return std::visit([](auto const& e) { return count_in(e); }, event);
}

}  // namespace sluice::audit
