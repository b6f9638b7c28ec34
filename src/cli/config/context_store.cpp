#include "cli/config/context_store.h"

#include <algorithm>
#include <cctype>

#include "base/files.h"
#include "base/sha256.h"
#include "base/sys.h"
#include "cli/daemon.h"
#include "cli/format/natural_order.h"

namespace hull::cli {

namespace {

constexpr Bytes kLargestFile = 10_MiB;

const json::Value& docker_endpoint(const Context& context) { return member_at(context.endpoints, kDockerEndpoint); }

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

Result<std::vector<std::string>> names_in(const std::string& directory) {
  auto names = list_directory(directory);
  if (names.is(Code::kNotFound)) return std::vector<std::string>();
  return names;
}

}  // namespace

std::string Context::description() const { return text_at(metadata, "Description"); }

void Context::set_description(std::string_view text) { metadata.get_object()["Description"] = text; }

std::string Context::host() const { return text_at(docker_endpoint(*this), "Host"); }

bool Context::skips_verification() const { return flag_at(docker_endpoint(*this), "SkipTLSVerify"); }

void Context::set_endpoint(std::string_view host, bool skip_verification) {
  boost::json::object endpoint;
  if (!host.empty()) endpoint["Host"] = host;
  endpoint["SkipTLSVerify"] = skip_verification;
  endpoints.get_object()[kDockerEndpoint] = std::move(endpoint);
}

Result<void> check_context_name(std::string_view name) {
  if (name.empty()) return invalid_argument("context name cannot be empty");
  if (name == kDefaultContext) return invalid_argument("\"default\" is a reserved context name");
  constexpr std::string_view kFurther = "_.+-";
  const bool valid =
      name.size() > 1 && is_name_character(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
        return is_name_character(c) || kFurther.find(c) != std::string_view::npos;
      });
  if (valid) return {};
  return invalid_argument("context name \"" + std::string(name) +
                          "\" is invalid, names are validated against regexp \"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\"");
}

std::string context_document(const Context& context) {
  boost::json::object document;
  document["Name"] = context.name;
  document["Metadata"] = context.metadata;
  document["Endpoints"] = context.endpoints;
  return json::format(json::Value(std::move(document)));
}

Result<Context> parse_context(std::string_view document) {
  const json::Value values = TRY(json::parse_value(document));
  if (!values.is_object()) return invalid_argument("expected an object");
  Context context{.name = text_at(values, "Name")};
  if (const auto& metadata = member_at(values, "Metadata"); metadata.is_object()) context.metadata = metadata;
  if (const auto& endpoints = member_at(values, "Endpoints"); endpoints.is_object()) context.endpoints = endpoints;
  return context;
}

std::string ContextStore::metadata_path(std::string_view name) const {
  return directory_ + "/meta/" + sha256_hex(name);
}

std::string ContextStore::tls_path(std::string_view name) const { return directory_ + "/tls/" + sha256_hex(name); }

Result<std::vector<Context>> ContextStore::list() const {
  std::vector<Context> contexts;
  for (const std::string& entry : TRY(names_in(directory_ + "/meta"))) {
    const std::string path = directory_ + "/meta/" + entry + "/meta.json";
    if (!exists(path)) continue;
    contexts.push_back(TRY(parse_context(TRY(read_file(path, kLargestFile))).context(path)));
  }
  std::sort(contexts.begin(), contexts.end(),
            [](const Context& a, const Context& b) { return natural_less(a.name, b.name); });
  return contexts;
}

bool ContextStore::has(std::string_view name) const { return exists(metadata_path(name) + "/meta.json"); }

Result<Context> ContextStore::get(std::string_view name) const {
  const std::string path = metadata_path(name) + "/meta.json";
  const auto document = read_file(path, kLargestFile);
  if (document.is(Code::kNotFound))
    return not_found("context \"" + std::string(name) + "\": context not found: open " + path +
                     ": no such file or directory");
  return parse_context(TRY(document)).context(path);
}

Result<TlsMaterial> ContextStore::tls(std::string_view name) const {
  TlsMaterial material;
  const std::string folder = tls_path(name);
  for (const std::string& endpoint : TRY(names_in(folder)))
    for (const std::string& file : TRY(names_in(folder + "/" + endpoint)))
      material[endpoint][file] = TRY(read_file(folder + "/" + endpoint + "/" + file, kLargestFile));
  return material;
}

Result<void> ContextStore::save(const Context& context) const {
  const std::string folder = metadata_path(context.name);
  TRY(make_directories(folder, 0755));
  return replace_file(folder + "/meta.json", context_document(context), 0644, Durable::kNo);
}

Result<void> ContextStore::set_tls(std::string_view name, const TlsMaterial& material) const {
  const std::string folder = tls_path(name);
  TRY(remove_tree(folder));
  for (const auto& [endpoint, files] : material) {
    if (files.empty()) continue;
    TRY(make_directories(folder + "/" + endpoint, 0700));
    for (const auto& [file, content] : files)
      TRY(replace_file(folder + "/" + endpoint + "/" + file, content, 0600, Durable::kNo));
  }
  return {};
}

Result<void> ContextStore::remove(std::string_view name) const {
  TRY(remove_tree(metadata_path(name)));
  return remove_tree(tls_path(name));
}

}  // namespace hull::cli
