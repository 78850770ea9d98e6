// A tree of path segments: literal children first, then the parameter.
#include "broker/http/router.hpp"

#include <cassert>
#include <utility>

namespace sluice::http {
namespace {

struct Entry {
  Route route;
  std::vector<std::string> parameter_names;
};

struct Node {
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
  std::unique_ptr<Node> parameter;
  std::array<Entry*, method_count> entries{};

  std::uint8_t methods() const {
    std::uint8_t bits = 0;
    for (std::size_t i = 0; i < method_count; ++i) {
      if (entries[i] != nullptr) bits = static_cast<std::uint8_t>(bits | (1u << i));
    }
    if (bits == 0) return 0;
    auto const bit = [](Method method) { return 1u << static_cast<unsigned>(method); };
    if (entries[static_cast<std::size_t>(Method::get)] != nullptr) bits = static_cast<std::uint8_t>(bits | bit(Method::head));
    return static_cast<std::uint8_t>(bits | bit(Method::options));
  }
};

/// The first segment of "/a/b", and what follows it.
std::pair<std::string_view, std::string_view> split(std::string_view path) {
  path.remove_prefix(1);
  auto const slash = path.find('/');
  return {path.substr(0, slash), slash == std::string_view::npos ? std::string_view() : path.substr(slash)};
}

/// Depth-first: a literal branch that leads nowhere falls back to the parameter. As deep as the deepest template.
Node const* find(Node const& node, std::string_view path, RouteMatch& match) {
  if (path.empty()) return node.methods() != 0 ? &node : nullptr;
  auto const [segment, rest] = split(path);
  for (auto const& [name, child] : node.literals) {
    if (name != segment) continue;
    if (Node const* found = find(*child, rest, match)) return found;
    break;
  }
  if (node.parameter == nullptr || segment.empty()) return nullptr;
  std::size_t const mark = match.value_count;
  match.values[match.value_count++] = segment;
  if (Node const* found = find(*node.parameter, rest, match)) return found;
  match.value_count = mark;
  return nullptr;
}

}  // namespace

struct Router::Tree {
  Node root;
  std::vector<std::unique_ptr<Entry>> entries;
};

Router::Router() : tree_(std::make_unique<Tree>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Router& Router::add(Route route) {
  assert(route.path.starts_with('/') && route.handler && "a route is a path and a handler");
  assert(route.method != Method::head && route.method != Method::options && "answered for you");
  auto entry = std::make_unique<Entry>();
  Node* node = &tree_->root;
  // "/" alone is the root itself: its one segment is empty.
  for (std::string_view rest = route.path; !rest.empty();) {
    auto const [segment, next] = split(rest);
    rest = next;
    if (segment.starts_with('{')) {
      assert(segment.size() > 2 && segment.ends_with('}'));
      entry->parameter_names.emplace_back(segment.substr(1, segment.size() - 2));
      if (node->parameter == nullptr) node->parameter = std::make_unique<Node>();
      node = node->parameter.get();
      continue;
    }
    Node* child = nullptr;
    for (auto const& [name, existing] : node->literals) {
      if (name == segment) child = existing.get();
    }
    if (child == nullptr) {
      node->literals.emplace_back(segment, std::make_unique<Node>());
      child = node->literals.back().second.get();
    }
    node = child;
  }
  assert(entry->parameter_names.size() <= path_parameters_max);
  Entry*& slot = node->entries[static_cast<std::size_t>(route.method)];
  assert(slot == nullptr && "two routes of one method and template");
  entry->route = std::move(route);
  slot = entry.get();
  tree_->entries.push_back(std::move(entry));
  return *this;
}

RouteMatch Router::match(Method method, std::string_view path) const {
  RouteMatch match;
  if (!path.starts_with('/')) return match;
  Node const* node = find(tree_->root, path, match);
  if (node == nullptr) return match;
  match.path_known = true;
  match.methods = node->methods();
  Entry const* entry = node->entries[static_cast<std::size_t>(method == Method::head ? Method::get : method)];
  if (entry != nullptr) {
    match.route = &entry->route;
    match.names = entry->parameter_names;
  }
  return match;
}

std::vector<Route const*> Router::routes() const {
  std::vector<Route const*> out;
  for (auto const& entry : tree_->entries) out.push_back(&entry->route);
  return out;
}

BodyRule json_body(std::size_t bytes_max) { return {{"application/json"}, bytes_max}; }

std::string allow_value(std::uint8_t methods) {
  std::string out;
  for (std::size_t i = 0; i < method_count; ++i) {
    if ((unsigned{methods} >> i & 1u) == 0) continue;
    if (!out.empty()) out += ", ";
    out += to_string(static_cast<Method>(i));
  }
  return out;
}

}  // namespace sluice::http
