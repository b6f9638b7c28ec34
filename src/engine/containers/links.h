#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/containers/record.h"

/// HostConfig.Links: names of other containers of the default bridge, in /etc/hosts and in variables. Legacy, but asked
/// for. Source: Docker's documentation, "Legacy container links".
namespace hull::engine {

struct Link {
  std::string container;
  std::string alias;
};
/// "name", "name:alias", or as inspect shows it, "/name:/self/alias". Errors: kInvalidArgument.
Result<Link> parse_link(const std::string& text);

/// As inspect shows it: "/db:/web/alias".
std::string link_view(const Link& link, const std::string& self);

/// Entries for /etc/hosts, "name:address": the alias, the other's host name and its name.
std::vector<std::string> link_hosts(const Link& link, const ContainerRecord& other);

/// Variables that tell of the other's exposed ports and of its own variables: "DB_PORT=tcp://172.17.0.2:5432" ….
std::vector<std::string> link_variables(const Link& link, const ContainerRecord& other, const std::string& self);

}  // namespace hull::engine
