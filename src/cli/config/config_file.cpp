#include "cli/config/config_file.h"

#include <unistd.h>

#include <cstdlib>

#include "base/base64.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/config/credential_helper.h"

namespace hull::cli {

namespace {

constexpr std::string_view kHub = "https://index.docker.io/v1/";

std::string default_directory() {
  if (const char* directory = std::getenv("DOCKER_CONFIG"); directory && *directory) return directory;
  const char* home = std::getenv("HOME");
  return std::string(home && *home ? home : "/root") + "/.docker";
}

std::string string_member(const json::Value& object, std::string_view key) {
  if (!object.is_object()) return "";
  const json::Value* member = object.get_object().if_contains(key);
  return member && member->is_string() ? std::string(std::string_view(member->get_string())) : "";
}

const boost::json::object* object_member(const json::Value& object, std::string_view key) {
  const json::Value* member = object.get_object().if_contains(key);
  return member && member->is_object() ? &member->get_object() : nullptr;
}

}  // namespace

std::string auth_key(std::string_view server) {
  std::string_view host = server;
  if (const auto parts = cut(host, "://")) host = parts->after;
  host = host.substr(0, host.find('/'));
  if (host.empty() || host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io")
    return std::string(kHub);
  return std::string(host);
}

std::string encode_auth(const RegistryAuth& auth) { return base64url_encode(json::format(auth)); }

ConfigFile ConfigFile::empty(std::string directory) {
  if (directory.empty()) directory = default_directory();
  return ConfigFile(std::move(directory), boost::json::object());
}

Result<ConfigFile> ConfigFile::load(std::string directory) {
  if (directory.empty()) directory = default_directory();
  const std::string path = directory + "/config.json";
  auto text = read_file(path, 4_MiB);
  if (text.is(Code::kNotFound)) return empty(std::move(directory));
  auto values = json::parse_value(TRY(std::move(text)));
  if (!values.ok()) return std::move(values).error().context(path);
  if (!values->is_object()) return invalid_argument(path + ": expected an object");
  return ConfigFile(std::move(directory), std::move(values).value());
}

std::string ConfigFile::text(std::string_view key) const { return string_member(values_, key); }

std::vector<std::pair<std::string, std::string>> ConfigFile::http_headers() const {
  std::vector<std::pair<std::string, std::string>> headers;
  if (const auto* object = object_member(values_, "HttpHeaders")) {
    for (const auto& entry : *object)
      if (entry.value().is_string() && !equals_ignoring_case(entry.key(), "user-agent"))
        headers.emplace_back(std::string_view(entry.key()), std::string_view(entry.value().get_string()));
  }
  return headers;
}

std::vector<std::string> ConfigFile::proxy_environment(std::string_view host) const {
  const auto* proxies = object_member(values_, "proxies");
  if (!proxies) return {};
  const json::Value* proxy = proxies->if_contains(host);
  if (!proxy) proxy = proxies->if_contains("default");
  if (!proxy) return {};
  std::vector<std::string> out;
  constexpr std::pair<std::string_view, std::string_view> kVariables[] = {{"allProxy", "ALL_PROXY"},
                                                                          {"ftpProxy", "FTP_PROXY"},
                                                                          {"httpProxy", "HTTP_PROXY"},
                                                                          {"httpsProxy", "HTTPS_PROXY"},
                                                                          {"noProxy", "NO_PROXY"}};
  for (const auto& [key, variable] : kVariables) {
    const std::string value = string_member(*proxy, key);
    if (value.empty()) continue;
    out.push_back(std::string(variable) + "=" + value);
    out.push_back(to_lower(variable) + "=" + value);
  }
  return out;
}

std::string ConfigFile::helper_for(std::string_view server) const {
  if (const auto* helpers = object_member(values_, "credHelpers")) {
    const json::Value* helper = helpers->if_contains(auth_key(server));
    if (helper && helper->is_string()) return std::string(std::string_view(helper->get_string()));
  }
  return text("credsStore");
}

RegistryAuth ConfigFile::auth_for(std::string_view server) {
  const std::string key = auth_key(server);
  RegistryAuth auth{.username = {}, .password = {}, .identity_token = {}, .registry_token = {}, .server_address = key};
  if (const std::string helper = helper_for(server); !helper.empty()) {
    auto known = helper_get(helper, key);
    return known.ok() ? std::move(known).value() : auth;
  }
  const auto* auths = object_member(values_, "auths");
  const json::Value* entry = auths ? auths->if_contains(key) : nullptr;
  if (auths && !entry) {
    for (const auto& candidate : *auths)  // older files hold whole addresses
      if (auth_key(candidate.key()) == key) entry = &candidate.value();
  }
  if (!entry) return auth;
  auth.identity_token = string_member(*entry, "identitytoken");
  auth.registry_token = string_member(*entry, "registrytoken");
  const auto decoded = base64_decode(string_member(*entry, "auth")).value_or("");
  if (const auto parts = cut(decoded, ":")) {
    auth.username = parts->before;
    auth.password = parts->after;
  }
  return auth;
}

Result<void> ConfigFile::store_auth(const RegistryAuth& auth) {
  const std::string key = auth_key(auth.server_address);
  if (const std::string helper = helper_for(auth.server_address); !helper.empty()) return helper_store(helper, auth);
  auto& root = values_.get_object();
  json::Value& auths = root["auths"];
  if (!auths.is_object()) auths = boost::json::object();
  boost::json::object entry;
  if (auth.identity_token.empty()) {
    entry["auth"] = base64_encode(auth.username + ":" + auth.password);
  } else {
    entry["auth"] = base64_encode(auth.username + ":");
    entry["identitytoken"] = auth.identity_token;
  }
  auths.get_object()[key] = std::move(entry);
  return save();
}

Result<void> ConfigFile::erase_auth(std::string_view server) {
  const std::string key = auth_key(server);
  if (const std::string helper = helper_for(server); !helper.empty()) return helper_erase(helper, key);
  json::Value* auths = values_.get_object().if_contains("auths");
  if (!auths || !auths->is_object() || auths->get_object().erase(key) == 0) return not_found("not logged in to " + key);
  return save();
}

Result<void> ConfigFile::set_text(std::string_view key, std::string_view value) {
  auto& root = values_.get_object();
  if (value.empty()) {
    root.erase(key);
  } else {
    root[key] = value;
  }
  return save();
}

Result<void> ConfigFile::save() const {
  TRY(make_directories(directory_, 0700));
  return replace_file(path(), json::indent(json::format(values_), "\t"), 0600);
}

}  // namespace hull::cli
