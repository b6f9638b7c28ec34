#include "cli/values/ports.h"

#include <arpa/inet.h>

#include "base/text.h"
#include "cli/flags/csv.h"

namespace hull::cli {

namespace {

struct Range {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t size() const { return last - first; }
};

Result<uint64_t> parse_number(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return invalid_argument("strconv.ParseUint: parsing \"" + std::string(text) + "\": " + std::string(why));
  };
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return fail("invalid syntax");
  const auto number = parse_integer<uint16_t>(text);
  if (!number) return fail("value out of range");
  return uint64_t{*number};
}

Result<Range> parse_range(std::string_view text) {
  if (text.empty()) return invalid_argument("empty string specified for ports");
  const auto parts = cut(text, "-");
  if (!parts) {
    const uint64_t port = TRY(parse_number(text));
    return Range{port, port};
  }
  Range range;
  range.first = TRY(parse_number(parts->before));
  range.last = TRY(parse_number(parts->after));
  if (range.last < range.first) return invalid_argument("invalid range specified for port: " + std::string(text));
  return range;
}

struct ProtocolAndPort {
  std::string protocol = "tcp";
  std::string port;
};
ProtocolAndPort split_protocol(std::string_view text) {
  const auto parts = cut(text, "/");
  if (!parts || parts->before.empty()) return {.port = std::string(parts ? "" : text)};
  return {.protocol = parts->after.empty() ? "tcp" : std::string(parts->after), .port = std::string(parts->before)};
}

bool is_address(const std::string& text) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), address) == 1 || inet_pton(AF_INET6, text.c_str(), address) == 1;
}

/// "target=80,published=8080" as "8080:80".
Result<std::string> short_notation(const std::string& specification) {
  if (specification.find('=') == std::string::npos) return specification;
  std::string target, published, protocol = "tcp";
  for (const std::string& field : TRY(parse_csv(specification))) {
    const auto parts = cut(field, "=");
    if (!parts || parts->after.empty())
      return invalid_argument("invalid publish opts format (should be name=value but got '" + field + "')");
    const std::string key = to_lower(parts->before);
    if (key == "target") {
      target = parts->after;
    } else if (key == "published") {
      published = parts->after;
    } else if (key == "protocol") {
      protocol = parts->after;
    } else {
      return invalid_argument("invalid publish opts format (should be name=value but got '" + field + "')");
    }
  }
  if (!published.empty()) published += ':';
  return published + target + "/" + protocol;
}

struct Specification {
  std::string address;
  std::string host_port;
  std::string container_port;
  std::string protocol;
};

Result<Specification> take_apart(const std::string& text) {
  Specification out;
  const size_t last = text.rfind(':');
  const auto port = split_protocol(last == std::string::npos ? text : text.substr(last + 1));
  out.container_port = port.port;
  out.protocol = to_lower(port.protocol);
  if (last != std::string::npos) {
    const std::string rest = text.substr(0, last);
    const size_t before = rest.rfind(':');
    out.host_port = before == std::string::npos ? rest : rest.substr(before + 1);
    if (before != std::string::npos) out.address = rest.substr(0, before);
  }
  if (out.address.starts_with('[')) {
    if (!out.address.ends_with(']')) return invalid_argument("invalid IP address " + out.address + ": missing ']'");
    out.address = out.address.substr(1, out.address.size() - 2);
  }
  if (!out.address.empty() && !is_address(out.address)) return invalid_argument("invalid IP address: " + out.address);
  if (out.container_port.empty()) return invalid_argument("no port specified: " + text + "<empty>");
  return out;
}

bool is_protocol(std::string_view name) { return name == "tcp" || name == "udp" || name == "sctp"; }

}  // namespace

Result<void> publish_port(PublishedPorts& ports, const std::string& specification) {
  const Specification spec = TRY(take_apart(TRY(short_notation(specification))));
  const auto container = parse_range(spec.container_port);
  if (!container.ok()) return invalid_argument("invalid containerPort: " + spec.container_port);
  const auto host = spec.host_port.empty() ? Result<Range>(Range{}) : parse_range(spec.host_port);
  if (!host.ok()) return invalid_argument("invalid hostPort: " + spec.host_port);
  // A range of host ports for one container port means: any of them.
  const bool any_of = !spec.host_port.empty() && container->size() == 0 && host->size() > 0;
  if (!spec.host_port.empty() && container->size() != host->size() && !any_of) {
    return invalid_argument("invalid ranges specified for container and host Ports: " + spec.container_port + " and " +
                            spec.host_port);
  }
  if (!is_protocol(spec.protocol)) return invalid_argument("invalid proto: " + spec.protocol);
  for (uint64_t i = 0; i <= container->size(); ++i) {
    std::string host_port;
    if (!spec.host_port.empty()) host_port = std::to_string(host->first + i);
    if (any_of) host_port += "-" + std::to_string(host->last);
    const std::string port = std::to_string(container->first + i) + "/" + spec.protocol;
    ports.exposed.try_emplace(port);
    auto& bindings = ports.bindings[port];
    if (!bindings) bindings.emplace();
    bindings->push_back({.host_ip = spec.address, .host_port = host_port});
  }
  return {};
}

Result<void> expose_port(PublishedPorts& ports, const std::string& specification) {
  if (specification.find(':') != std::string::npos)
    return invalid_argument("invalid port format for --expose: " + specification);
  const auto port = split_protocol(specification);
  const auto range = parse_range(port.port);
  if (!range.ok())
    return invalid_argument("invalid range format for --expose: " + specification +
                            ", error: " + range.error().message());
  if (!is_protocol(to_lower(port.protocol))) return invalid_argument("invalid proto: " + port.protocol);
  for (uint64_t number = range->first; number <= range->last; ++number)
    ports.exposed.try_emplace(std::to_string(number) + "/" + to_lower(port.protocol));
  return {};
}

}  // namespace hull::cli
