// Canonical bytes: the digest of a problem, and plans and prices as blobs that the log names by their hash.
#pragma once

#include "policy/assignment/certificate.hpp"
#include "policy/assignment/problem.hpp"
#include "policy/hash.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace sluice::assignment {

/// SHA-256 of the problem's serialisation (grammar in blob.cpp): every field of every array in the order given, tags and lots included.
/// REQUIRES: a validated problem.
policy::Hash digest(Problem const& problem);

/// Grammar in blob.cpp. Equal plans give equal bytes.
std::vector<std::uint8_t> write_plan(Plan const& plan);
/// Reads what write_plan wrote, and refuses everything else. Error: the offset and what is wrong there.
std::expected<Plan, std::string> read_plan(policy::Bytes bytes);

/// Prices and shift of a certificate; cost, bound and split are not in the blob, as the log's entry states them.
std::vector<std::uint8_t> write_prices(Certificate const& certificate);
/// Reads what write_prices wrote into row_price and price_shift; other fields are zero. Error: the offset and what is wrong there.
std::expected<Certificate, std::string> read_prices(policy::Bytes bytes);

}  // namespace sluice::assignment
