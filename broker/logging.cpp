// Lines on standard error, through spdlog.
#include "broker/logging.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace sluice::broker {
namespace {

LineFormat line_format = LineFormat::text;

spdlog::level::level_enum level_of(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return spdlog::level::debug;
    case Severity::info:
      return spdlog::level::info;
    case Severity::warning:
      return spdlog::level::warn;
    case Severity::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// Syslog priorities, as journald reads them from a "<n>" prefix.
int priority_of(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return 7;
    case Severity::info:
      return 6;
    case Severity::warning:
      return 4;
    case Severity::error:
      return 3;
  }
  return 3;
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return "debug";
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

bool needs_quotes(std::string_view text) { return text.empty() || text.find_first_of(" \"=\\") != std::string_view::npos; }

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

}  // namespace

void start_logging(Severity least, LineFormat format) {
  line_format = format;
  auto logger = std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(format == LineFormat::text ? "%Y-%m-%dT%H:%M:%S.%e%z %v" : "%v");
  logger->set_level(level_of(least));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
      continue;
    }
    // C1 controls (C2 80…9F), and U+2028/2029, U+202A…202E, U+2066…2069 (E2 80/81 xx) reorder or break lines.
    if (byte == 0xc2 && i + 1 < text.size()) {
      auto const next = static_cast<unsigned char>(text[i + 1]);
      if (next >= 0x80 && next <= 0x9f) {
        out += fmt::format("\\u{:04x}", next);
        ++i;
        continue;
      }
    }
    if (byte == 0xe2 && i + 2 < text.size()) {
      auto const second = static_cast<unsigned char>(text[i + 1]);
      auto const third = static_cast<unsigned char>(text[i + 2]);
      unsigned const code = 0x2000u | (second & 0x3fu) << 6 | (third & 0x3fu);
      if ((code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) {
        out += fmt::format("\\u{:04x}", code);
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

void log_line(Severity severity, std::string_view event, std::initializer_list<Field> fields) {
  if (!spdlog::should_log(level_of(severity))) return;
  if (line_format == LineFormat::json) {
    nlohmann::ordered_json line{{"level", name_of(severity)}, {"event", event}};
    for (auto const& [key, value] : fields) line[std::string(key)] = escaped(value);
    spdlog::log(level_of(severity), "{}", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return;
  }
  std::string line = line_format == LineFormat::journal ? fmt::format("<{}>{}", priority_of(severity), event)
                                                        : fmt::format("{:<7} {}", name_of(severity), event);
  for (auto const& [key, value] : fields) {
    std::string const safe = escaped(value);
    line += fmt::format(" {}={}", key, needs_quotes(safe) ? in_quotes(safe) : safe);
  }
  spdlog::log(level_of(severity), "{}", line);
}

}  // namespace sluice::broker
