// What is said when a command line cannot be understood.
#pragma once

#include "tools/ctl/failure.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::ctl {

/// The one of `known` that `word` may have been meant to be: at most two letters off, and less than half of it. "" when there is none.
std::string closest(std::string_view word, std::vector<std::string> const& known);

/// What is wrong with the command line that made `app` throw `error`, and which --help to read. A word that is not understood may be a
/// secret that someone typed: of such words only the names of options are repeated.
Failure misunderstood(CLI::App const& app, CLI::ParseError const& error);

}  // namespace sluice::ctl
