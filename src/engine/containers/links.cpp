#include "engine/containers/links.h"

#include <algorithm>

#include "api/network/port.h"
#include "base/text.h"

namespace hull::engine {
namespace {

std::string last_part(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

/// "my-db" is MY_DB.
std::string variable_name(const std::string& alias) {
  std::string name = alias;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c == '-' ? '_' : static_cast<char>(::toupper(static_cast<unsigned char>(c))); });
  return name;
}

std::string address_of(const ContainerRecord& other) {
  if (!other.sandbox) return "";
  const auto bridge = other.sandbox->endpoints.find("bridge");
  return bridge == other.sandbox->endpoints.end() ? "" : bridge->second.ip_address;
}

/// TCP first, then by number.
std::vector<api::Port> exposed_ports(const ContainerRecord& other) {
  std::vector<api::Port> ports;
  for (const auto& [text, unused] : other.config.exposed_ports)
    if (const auto parsed = api::parse_ports(text); parsed.ok())
      ports.insert(ports.end(), parsed->begin(), parsed->end());
  std::sort(ports.begin(), ports.end(), [](const api::Port& a, const api::Port& b) {
    const auto rank = [](const api::Port& port) {
      return std::pair(api::to_string(port.protocol) != "tcp", port.number);
    };
    return rank(a) < rank(b);
  });
  return ports;
}

}  // namespace

Result<Link> parse_link(const std::string& text) {
  const auto parts = split(text, ':');
  if (text.empty()) return invalid_argument("empty string specified for links");
  if (parts.size() > 2 || parts[0].empty() || parts.back().empty())
    return invalid_argument("bad format for links: " + text);
  if (parts.size() == 1) return Link{std::string(parts[0]), std::string(parts[0])};
  if (parts[0].starts_with('/')) return Link{std::string(parts[0].substr(1)), last_part(parts[1])};
  return Link{std::string(parts[0]), std::string(parts[1])};
}

std::string link_view(const Link& link, const std::string& self) {
  return "/" + link.container + ":/" + self + "/" + link.alias;
}

std::vector<std::string> link_hosts(const Link& link, const ContainerRecord& other) {
  const std::string address = address_of(other);
  std::vector<std::string> hosts;
  if (address.empty()) return hosts;
  for (const std::string& name : {link.alias, other.config.hostname, other.name})
    if (!name.empty() && std::find(hosts.begin(), hosts.end(), name + ":" + address) == hosts.end())
      hosts.push_back(name + ":" + address);
  return hosts;
}

std::vector<std::string> link_variables(const Link& link, const ContainerRecord& other, const std::string& self) {
  const std::string prefix = variable_name(link.alias);
  const std::string address = address_of(other);
  const auto ports = exposed_ports(other);
  std::vector<std::string> env;
  const auto url = [&](const api::Port& port) {
    return std::string(api::to_string(port.protocol)) + "://" + address + ":" + std::to_string(port.number);
  };
  if (!ports.empty()) env.push_back(prefix + "_PORT=" + url(ports.front()));
  for (const api::Port& port : ports) {
    const std::string protocol(api::to_string(port.protocol));
    const std::string name = prefix + "_PORT_" + std::to_string(port.number) + "_" + variable_name(protocol);
    env.push_back(name + "=" + url(port));
    env.push_back(name + "_ADDR=" + address);
    env.push_back(name + "_PORT=" + std::to_string(port.number));
    env.push_back(name + "_PROTO=" + protocol);
  }
  env.push_back(prefix + "_NAME=/" + self + "/" + link.alias);
  for (const std::string& entry : other.config.env.value_or(std::vector<std::string>())) {
    const auto parts = cut(entry, "=");
    if (parts && parts->before != "HOME" && parts->before != "PATH") env.push_back(prefix + "_ENV_" + entry);
  }
  return env;
}

}  // namespace hull::engine
