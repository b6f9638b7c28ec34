#include "cli/commands/context/endpoint_flag.h"

#include <algorithm>

#include "api/client/engine_host.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/flags/csv.h"

namespace hull::cli {

namespace {

constexpr std::string_view kKeys[] = {"from", "host", "ca", "cert", "key", "skip-tls-verify"};

std::string value_of(const EndpointFields& fields, const std::string& key) {
  const auto found = fields.find(key);
  return found == fields.end() ? "" : found->second;
}

Result<void> add_fields(EndpointFields& fields, std::string_view text) {
  if (text.empty()) return {};
  for (const std::string& field : TRY(parse_csv(text))) {
    const auto parts = cut(field, "=");
    if (!parts) return invalid_argument(field + " must be formatted as key=value");
    fields[std::string(parts->before)] = parts->after;
  }
  return {};
}

Result<TlsMaterial> read_certificates(const EndpointFields& fields) {
  TlsMaterial material;
  for (const std::string key : {"ca", "cert", "key"}) {
    const std::string path = value_of(fields, key);
    if (!path.empty()) material[std::string(kDockerEndpoint)][key + ".pem"] = TRY(read_file(path, 1_MiB));
  }
  return material;
}

Result<TlsMaterial> apply(Cli& cli, const EndpointFields& fields, Context& context) {
  for (const auto& [key, value] : fields)
    if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys))
      return invalid_argument("unrecognized config key: " + key);
  if (const std::string from = value_of(fields, "from"); !from.empty()) {
    const Context other = TRY(cli.context(from));
    context.set_endpoint(other.host(), other.skips_verification());
    return TlsMaterial();
  }
  TlsMaterial material = TRY(read_certificates(fields));
  const std::string skip = value_of(fields, "skip-tls-verify");
  const auto skips = skip.empty() ? Result<bool>(false) : parse_bool(skip);
  if (!skips.ok()) return invalid_argument("skip-tls-verify: parsing \"" + skip + "\": invalid syntax");
  const std::string host = value_of(fields, "host");
  if (!host.empty()) TRY(api::check_engine_host(host).context("unable to apply docker endpoint options"));
  context.set_endpoint(host, *skips);
  return material;
}

}  // namespace

void define_endpoint(Flags& flags, std::optional<EndpointFields>& fields) {
  flags
      .add("docker", "stringToString", "The engine: host=…, and ca, cert, key, skip-tls-verify, or from=CONTEXT",
           [&fields](std::string_view text) {
             if (!fields) fields.emplace();
             return add_fields(*fields, text);
           })
      .default_text = "[]";
}

Result<TlsMaterial> apply_endpoint(Cli& cli, const EndpointFields& fields, Context& context) {
  return apply(cli, fields, context).context("unable to create docker endpoint config");
}

}  // namespace hull::cli
