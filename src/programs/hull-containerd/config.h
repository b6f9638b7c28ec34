#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace hull::supervisor {

/// A socket's owner.
struct Owner {
  int uid = 0;
  int gid = 0;
};

/// What hull-containerd runs with.
struct Config {
  std::string root = "/var/lib/containerd";  ///< what survives a reboot
  std::string state = "/run/containerd";     ///< what does not
  std::string address = "/run/containerd/containerd.sock";
  Owner owner;  ///< of that socket
  int max_recv_message_size = 16 << 20;
  int max_send_message_size = 16 << 20;
  std::string tcp_address;  ///< host:port with mutual TLS; mostly empty
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string ttrpc_address;  ///< where shims publish events; empty: address + ".ttrpc", with its owner
  Owner ttrpc_owner;
  std::string debug_address;  ///< a unix socket; mostly empty
  Owner debug_owner;
  std::string metrics_address;  ///< host:port, for Prometheus; mostly empty
  bool grpc_histogram = false;  ///< whether metrics tell how long calls take
  int oom_score = 0;            ///< of this process; 0: as it is
  std::string log_level;        ///< empty: info
  std::string log_format;       ///< empty: text
  std::vector<std::string> disabled_plugins;
  std::vector<std::string> required_plugins;
  std::vector<std::string> imports;
  /// Sections about plugins that we don't have: said once, at the start.
  std::vector<std::string> ignored;

  std::string shim_socket() const { return ttrpc_address.empty() ? address + ".ttrpc" : ttrpc_address; }
};

/// One file of containerd's config.toml (version 1, 2 or 3) over what config has. Keys that say nothing new pass, those
/// of plugins that we don't have are noted as ignored, any other is refused by name.
Result<void> read_config(const std::string& text, Config& config);
/// The file and those that it imports, which stand over it. Errors: kNotFound: the file itself is missing.
Result<void> read_config_file(const std::string& path, Config& config);
/// What must hold between the keys. Errors: kInvalidArgument names key and value.
Result<void> check_config(const Config& config);
/// All keys, as `containerd config default` prints them (version 3).
std::string format_config(const Config& config);

}  // namespace hull::supervisor
