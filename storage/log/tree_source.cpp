#include "storage/log/tree_source.hpp"

#include "storage/log/file.hpp"

namespace sluice::log {

std::expected<std::optional<std::string>, std::string> DirectorySource::read(std::string_view path, std::size_t max_bytes) {
  return read_file(directory_ + "/" + std::string(path), max_bytes);
}

std::string blob_path(policy::Hash const& hash) { return "blob/" + policy::to_hex(hash); }

}  // namespace sluice::log
