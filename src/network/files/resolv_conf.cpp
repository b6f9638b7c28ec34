#include "network/files/resolv_conf.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "network/ipam/address.h"

namespace hull::network {
namespace {

constexpr Bytes kLimit = 64_KiB;
constexpr char kResolver[] = "127.0.0.11";
constexpr size_t kMostServers = 3;  // as resolv.conf(5) itself

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!(line = trim(line)).empty()) {
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

/// A zone names a link of the host.
std::optional<Address> plain_address(const std::string& nameserver) {
  const auto address = Address::parse(nameserver);
  if (!address.ok()) return std::nullopt;
  return *address;
}

std::vector<std::string> reachable(const std::vector<std::string>& nameservers, ContainerIpv6 ipv6) {
  std::vector<std::string> reachable;
  for (const std::string& nameserver : nameservers) {
    const auto address = plain_address(nameserver);
    if (!address || address->is_loopback()) continue;
    if (!address->is_ipv4() && ipv6 == ContainerIpv6::kNo) continue;
    reachable.push_back(nameserver);
  }
  if (!reachable.empty()) return reachable;
  reachable = {"8.8.8.8", "8.8.4.4"};
  if (ipv6 == ContainerIpv6::kYes) reachable.insert(reachable.end(), {"2001:4860:4860::8888", "2001:4860:4860::8844"});
  return reachable;
}

bool is_word(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  for (const std::string_view raw : split(text, '\n')) {
    std::vector<std::string> words = words_of(raw.substr(0, raw.find_first_of("#;")));
    if (words.size() < 2) continue;
    const std::string keyword = words.front();
    words.erase(words.begin());
    if (keyword == "nameserver") conf.nameservers.push_back(words.front());
    if (keyword == "search" || keyword == "domain") conf.search = words;
    if (keyword == "options") conf.options.insert(conf.options.end(), words.begin(), words.end());
  }
  return conf;
}

std::string format_resolv_conf(const ResolvConf& conf) {
  std::string text;
  for (const std::string& nameserver : conf.nameservers) text += "nameserver " + nameserver + "\n";
  if (!conf.search.empty()) text += "search " + join(conf.search, " ") + "\n";
  if (!conf.options.empty()) text += "options " + join(conf.options, " ") + "\n";
  return text;
}

Result<void> validate(const ResolvOverrides& overrides) {
  for (const std::string& nameserver : overrides.nameservers)
    if (!Address::parse(nameserver).ok())
      return invalid_argument("invalid DNS server: bad nameserver address: \"" + nameserver + "\"");
  for (const std::string& domain : overrides.search)
    if (!is_word(domain)) return invalid_argument("invalid DNS search domain: \"" + domain + "\"");
  for (const std::string& option : overrides.options)
    if (!is_word(option)) return invalid_argument("invalid DNS option: \"" + option + "\"");
  return {};
}

ResolvConf container_resolv_conf(const ResolvConf& host, const ResolvOverrides& overrides, ContainerIpv6 ipv6) {
  ResolvConf conf;
  conf.nameservers = overrides.nameservers.empty() ? reachable(host.nameservers, ipv6) : overrides.nameservers;
  conf.search = overrides.search.empty() ? host.search : overrides.search;
  if (conf.search == std::vector<std::string>{"."}) conf.search.clear();
  conf.options = overrides.options.empty() ? host.options : overrides.options;
  return conf;
}

ResolvConf resolver_resolv_conf(const ResolvConf& host, const ResolvOverrides& overrides) {
  ResolvConf conf = container_resolv_conf(host, overrides, ContainerIpv6::kNo);
  conf.nameservers = {kResolver};
  const auto sets_ndots = [](const std::string& option) { return option.starts_with("ndots:"); };
  if (std::ranges::none_of(overrides.options, sets_ndots)) {
    std::erase_if(conf.options, sets_ndots);
    conf.options.emplace_back("ndots:0");
  }
  return conf;
}

std::vector<ForwardServer> forward_servers(const ResolvConf& host, const ResolvOverrides& overrides) {
  const bool chosen = !overrides.nameservers.empty();
  std::vector<ForwardServer> servers;
  for (const std::string& text : chosen ? overrides.nameservers : host.nameservers)
    if (const auto address = plain_address(text); address && address->text() != kResolver)
      servers.push_back({*address, !chosen && address->is_loopback()});
  if (servers.empty())
    for (const std::string& text : reachable({}, ContainerIpv6::kNo)) servers.push_back({*plain_address(text), false});
  if (servers.size() > kMostServers) servers.resize(kMostServers);
  return servers;
}

std::string read_host_resolv_conf() {
  const std::string own = read_file("/etc/resolv.conf", kLimit).value_or("");
  const ResolvConf conf = parse_resolv_conf(own);
  if (conf.nameservers != std::vector<std::string>{"127.0.0.53"}) return own;
  return read_file("/run/systemd/resolve/resolv.conf", kLimit).value_or(own);
}

}  // namespace hull::network
