#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hull::cli {

/// The context that stands for DOCKER_HOST and the built-in address; it is nowhere stored.
constexpr std::string_view kDefaultContext = "default";
/// The one kind of endpoint that hull uses; others are kept as they are.
constexpr std::string_view kDockerEndpoint = "docker";

/// A named engine. What is not known of the documents is kept.
struct Context {
  std::string name;
  json::Value metadata = boost::json::object();   ///< {"Description": …}
  json::Value endpoints = boost::json::object();  ///< {"docker": {"Host": …, "SkipTLSVerify": …}}

  std::string description() const;
  void set_description(std::string_view text);
  /// Of the docker endpoint.
  std::string host() const;
  bool skips_verification() const;
  void set_endpoint(std::string_view host, bool skip_verification);
};

/// Files with secrets, by endpoint and name: {"docker": {"ca.pem": …}}.
using TlsMaterial = std::map<std::string, std::map<std::string, std::string>>;

/// Errors: kInvalidArgument in docker's words, also for "default".
Result<void> check_context_name(std::string_view name);

/// The contexts that hull shares with docker: contexts/meta/<SHA-256 of the name>/meta.json, and
/// contexts/tls/<the same>/<endpoint>/<file> with mode 0600, in the folder of config.json.
class ContextStore {
 public:
  explicit ContextStore(const std::string& config_directory) : directory_(config_directory + "/contexts") {}

  /// In the order in which people sort names. Errors: of reading; a broken one is named.
  Result<std::vector<Context>> list() const;
  /// Errors: kNotFound in docker's words.
  Result<Context> get(std::string_view name) const;
  bool has(std::string_view name) const;
  Result<TlsMaterial> tls(std::string_view name) const;
  /// Makes or replaces it; its TLS files stay.
  Result<void> save(const Context& context) const;
  /// All files of all endpoints are replaced by these.
  Result<void> set_tls(std::string_view name, const TlsMaterial& material) const;
  Result<void> remove(std::string_view name) const;

  std::string metadata_path(std::string_view name) const;
  std::string tls_path(std::string_view name) const;

 private:
  std::string directory_;
};

/// meta.json of a context, and back. Errors: of parsing.
std::string context_document(const Context& context);
Result<Context> parse_context(std::string_view document);

}  // namespace hull::cli
