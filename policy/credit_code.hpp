// The unified social credit code (GB 32100-2015) and its check digit.
#pragma once

#include <string_view>

namespace sluice::policy {

/// True for 18 characters of the standard's alphabet (no I, O, S, V, Z) whose check digit is right: C18 = (31 − Σ C_i·3^(i−1) mod 31)
/// mod 31. A right digit does not mean that the entity exists.
bool is_credit_code(std::string_view text);

}  // namespace sluice::policy
