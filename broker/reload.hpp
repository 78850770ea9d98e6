// Files become state: at start and on SIGHUP, the difference between them as one atomic group of events, and the sites anew.
#pragma once

#include "broker/sequencer/sequencer.hpp"
#include "broker/sites.hpp"
#include "config/load.hpp"
#include "connectors/connector.hpp"

#include <boost/asio/awaitable.hpp>

#include <expected>
#include <string>
#include <vector>

namespace sluice::broker {

/// What site building needs beside the files.
struct SiteParts {
  connectors::ProtocolRegistry const& protocols;
  http_client::HttpClient& client;
  connectors::CredentialSource& credentials;
  connectors::Surroundings surroundings;
};

/// Submits what the state lacks of the catalogue. Error: every change the log must not swallow silently, one a line.
boost::asio::awaitable<std::expected<std::size_t, std::string>> follow_catalogue(Sequencer& sequencer, config::Catalogue const& catalogue);

/// Builds one site per cluster of the catalogue and takes out the others. Error: which cluster cannot be spoken to and why; the rest
/// stands.
std::vector<std::string> follow_connections(Sites& sites, policy::State const& state, config::Catalogue const& catalogue,
                                            config::DaemonConfig const& daemon, std::string const& credentials_directory,
                                            SiteParts const& parts);

}  // namespace sluice::broker
