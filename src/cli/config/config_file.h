#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hull::cli {

/// How to sign in to a registry.
struct RegistryAuth {
  std::string username;
  std::string password;
  std::string identity_token;
  std::string registry_token;
  std::string server_address;
  bool empty() const { return username.empty() && identity_token.empty() && registry_token.empty(); }
};
template <class V>
void describe(V& json, RegistryAuth& auth) {
  json.omit_empty("username", auth.username);
  json.omit_empty("password", auth.password);
  json.omit_empty("serveraddress", auth.server_address);
  json.omit_empty("identitytoken", auth.identity_token);
  json.omit_empty("registrytoken", auth.registry_token);
}

/// The user's configuration, config.json, which hull shares with docker. Keys that hull does not know are kept.
class ConfigFile {
 public:
  /// directory: empty for DOCKER_CONFIG or ~/.docker. A missing file counts as empty. Errors: of reading and parsing.
  static Result<ConfigFile> load(std::string directory);
  static ConfigFile empty(std::string directory);

  /// Top-level texts: "detachKeys", "psFormat" …; empty where absent.
  std::string text(std::string_view key) const;
  std::vector<std::pair<std::string, std::string>> http_headers() const;
  /// Environment variables for containers, from "proxies" for the daemon's host or "default".
  std::vector<std::string> proxy_environment(std::string_view host) const;

  /// What is known about the registry; empty where nothing is. Asks a credential helper where one is configured.
  RegistryAuth auth_for(std::string_view server);
  /// Keeps the credentials: in the helper where one is configured, else in the file, mode 0600.
  Result<void> store_auth(const RegistryAuth& auth);
  /// Errors: kNotFound where nothing was stored.
  Result<void> erase_auth(std::string_view server);
  const std::string& directory() const { return directory_; }
  std::string path() const { return directory_ + "/config.json"; }
  /// Sets a top-level text, or takes it away where empty, and writes the file.
  Result<void> set_text(std::string_view key, std::string_view value);
  /// The name of the credential helper for the server; empty where there is none.
  std::string helper_for(std::string_view server) const;

 private:
  ConfigFile(std::string directory, json::Value values)
      : directory_(std::move(directory)), values_(std::move(values)) {}
  Result<void> save() const;

  std::string directory_;
  json::Value values_;
};

/// The key of a registry's credentials: Docker Hub's by its old address, others by their host.
std::string auth_key(std::string_view server);
/// The value of the X-Registry-Auth header.
std::string encode_auth(const RegistryAuth& auth);

}  // namespace hull::cli
