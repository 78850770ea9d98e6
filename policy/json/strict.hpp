// Strict reading of JSON (RFC 8259) from strangers: bounded, without duplicate keys, without silent changes of value.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::json {

/// What one document may hold. Checked while parsing, before memory is spent.
struct Limits {
  std::size_t bytes_max = 1024 * 1024;
  std::size_t depth_max = 64;        ///< nested arrays and objects
  std::size_t keys_max = 16'384;     ///< of all objects together
  std::size_t values_max = 131'072;  ///< of the whole document, containers included
  std::size_t key_bytes_max = 1'024;
  std::size_t string_bytes_max = 256 * 1024;
};

/// Where reading stopped and why. `what` never repeats the input beyond a short, escaped key.
struct ParseError {
  std::size_t offset = 0;  ///< bytes before the offending one
  std::size_t line = 1;    ///< from 1
  std::size_t column = 1;  ///< from 1, in bytes
  std::string pointer;     ///< RFC 6901: the value being read
  std::string what;
};

/// "line 3, column 7, at /gang/cards: duplicate key"
std::string to_string(ParseError const& error);

/// One JSON text. Refused: anything RFC 8259's grammar refuses, a byte order mark, a NUL byte, invalid UTF-8 or lone
/// surrogates, a duplicate key, an integer (no '.', no exponent) outside 64-bit signed, a number too large for a double, and
/// whatever exceeds the limits. Recurses no deeper than depth_max. "-0" is the integer 0. Numbers with '.' or exponent are kept as doubles;
/// Reader refuses them where an integer is due.
std::expected<nlohmann::json, ParseError> parse_strict(std::string_view text, Limits const& limits = {});

/// The RFC 6901 escape of one key: '~' and '/' only.
std::string pointer_token(std::string_view key);

}  // namespace sluice::json
