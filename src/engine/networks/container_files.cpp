#include "engine/networks/container_files.h"

#include <fcntl.h>

#include "base/files.h"
#include "base/sys.h"
#include "network/files/hosts.h"
#include "network/files/resolv_conf.h"

namespace hull::engine {
namespace {

using network::HostsEntry;

constexpr Bytes kLimit = 1_MiB;
constexpr mode_t kMode = 0644;

network::ResolvOverrides overrides_of(const SandboxRequest& request) {
  return {request.dns, request.dns_search, request.dns_options};
}

Result<std::vector<HostsEntry>> extra_hosts(const SandboxRequest& request,
                                            std::optional<network::Address> host_gateway) {
  std::vector<HostsEntry> entries;
  for (const std::string& text : request.extra_hosts)
    entries.push_back(TRY(network::parse_extra_host(text, host_gateway)));
  return entries;
}

Result<std::string> hosts_text(const SandboxRequest& request, const FilesContext& context) {
  std::vector<HostsEntry> entries = TRY(extra_hosts(request, context.host_gateway));
  if (context.network == FilesContext::Network::kHost) {
    // The container sees the host's network, so the host's names, too.
    std::string text = read_file("/etc/hosts", kLimit).value_or("");
    if (text.empty()) return network::format_hosts(network::LoopbackIpv6::kYes, entries);
    if (text.back() != '\n') text += '\n';
    for (const HostsEntry& entry : entries) text += entry.address + "\t" + entry.names + "\n";
    return text;
  }
  const std::string names = own_names(request);
  if (!names.empty())
    for (const std::string& address : context.addresses) entries.push_back({address, names});
  return network::format_hosts(network::LoopbackIpv6::kYes, entries);
}

std::string bridge_resolv_text(const network::ResolvOverrides& overrides) {
  const network::ResolvConf host = network::parse_resolv_conf(network::read_host_resolv_conf());
  return format_resolv_conf(container_resolv_conf(host, overrides, network::ContainerIpv6::kNo));
}

std::string named_resolv_text(const network::ResolvOverrides& overrides) {
  const network::ResolvConf host = network::parse_resolv_conf(network::read_host_resolv_conf());
  return format_resolv_conf(resolver_resolv_conf(host, overrides));
}

std::string resolv_text(const SandboxRequest& request, const FilesContext& context) {
  if (context.network == FilesContext::Network::kBridge) return bridge_resolv_text(overrides_of(request));
  if (context.network == FilesContext::Network::kNamed) return named_resolv_text(overrides_of(request));
  // In the host's own namespace its loopback servers answer; without any network nothing does, and the file is the
  // host's as in docker.
  if (request.dns.empty() && request.dns_search.empty() && request.dns_options.empty())
    return read_file("/etc/resolv.conf", kLimit).value_or("");
  network::ResolvConf conf = network::parse_resolv_conf(network::read_host_resolv_conf());
  if (!request.dns.empty()) conf.nameservers = request.dns;
  if (!request.dns_search.empty()) conf.search = request.dns_search;
  if (!request.dns_options.empty()) conf.options = request.dns_options;
  return format_resolv_conf(conf);
}

/// Never through a link: the container's processes can't reach the directory, but its files are mounted writable.
Result<void> rewrite(const std::string& path, const std::string& text) {
  UniqueFd fd = TRY(sys::open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW));
  return sys::write_all(fd, text);
}

}  // namespace

Result<void> validate_files(const SandboxRequest& request, std::optional<network::Address> host_gateway) {
  // A line break or blank would smuggle further names into the hosts file.
  for (const std::string& name : {request.hostname, request.domain_name})
    for (const unsigned char c : name)
      if (c <= ' ' || c == '#' || c == 0x7f) return invalid_argument("invalid hostname format: \"" + name + "\"");
  TRY(network::validate(overrides_of(request)));
  TRY(extra_hosts(request, host_gateway));
  return {};
}

std::string own_names(const SandboxRequest& request) {
  if (request.hostname.empty() || request.domain_name.empty()) return request.hostname;
  return request.hostname + "." + request.domain_name + " " + request.hostname;
}

Result<void> write_files(const SandboxRequest& request, const FilesContext& context) {
  const std::string& directory = request.files_directory;
  TRY(replace_file(directory + "/hosts", TRY(hosts_text(request, context)), kMode, Durable::kNo));
  TRY(replace_file(directory + "/hostname", request.hostname + "\n", kMode, Durable::kNo));
  return replace_file(directory + "/resolv.conf", resolv_text(request, context), kMode, Durable::kNo);
}

Result<void> add_own_address(const std::string& files_directory, const std::string& address, const std::string& names) {
  if (names.empty() || files_directory.empty()) return {};
  const std::string path = files_directory + "/hosts";
  return rewrite(path, TRY(read_file(path, kLimit)) + address + "\t" + names + "\n");
}

Result<void> remove_own_address(const std::string& files_directory, const std::string& address,
                                const std::string& names) {
  if (names.empty() || files_directory.empty()) return {};
  const std::string path = files_directory + "/hosts";
  std::string text = TRY(read_file(path, kLimit));
  const std::string line = address + "\t" + names + "\n";
  const size_t at = text.rfind("\n" + line);
  if (at == std::string::npos) return {};
  text.erase(at + 1, line.size());
  return rewrite(path, text);
}

network::ResolvOverrides overrides_of(const ResolvRecord& record) {
  return {record.servers, record.search, record.options};
}

Result<void> lead_to_resolver(const std::string& files_directory, const ResolvRecord& record) {
  const std::string path = files_directory + "/resolv.conf";
  if (TRY(read_file(path, kLimit)) != bridge_resolv_text(overrides_of(record))) return {};
  return rewrite(path, named_resolv_text(overrides_of(record)));
}

}  // namespace hull::engine
