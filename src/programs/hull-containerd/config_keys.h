#pragma once

#include <limits>
#include <string_view>
#include <utility>

#include "programs/hull-containerd/config.h"

/// The keys of config.toml.
namespace hull::supervisor {

struct TextKey {
  std::string_view name;
  std::string& (*of)(Config&);
};
inline constexpr TextKey kTextKeys[] = {{"root", [](Config& c) -> auto& {return c.root;
}  // namespace hull::supervisor
}
, {"state", [](Config& c) -> auto& {return c.state;
}
}
, {"grpc.address", [](Config& c) -> auto& {return c.address;
}
}
, {"grpc.tcp_address", [](Config& c) -> auto& {return c.tcp_address;
}
}
, {"grpc.tcp_tls_ca", [](Config& c) -> auto& {return c.tls_ca;
}
}
, {"grpc.tcp_tls_cert", [](Config& c) -> auto& {return c.tls_cert;
}
}
, {"grpc.tcp_tls_key", [](Config& c) -> auto& {return c.tls_key;
}
}
, {"ttrpc.address", [](Config& c) -> auto& {return c.ttrpc_address;
}
}
, {"debug.address", [](Config& c) -> auto& {return c.debug_address;
}
}
, {"debug.level", [](Config& c) -> auto& {return c.log_level;
}
}
, {"debug.format", [](Config& c) -> auto& {return c.log_format;
}
}
, {"metrics.address", [](Config& c) -> auto& {return c.metrics_address;
}
}
,
}
;

struct NumberKey {
  std::string_view name;
  int low;
  int high;
  int& (*of)(Config&);
};
inline constexpr int kMaxId = std::numeric_limits<int>::max();
inline constexpr NumberKey kNumberKeys[] = {{"oom_score", -1000, 1000, [](Config& c) -> auto& {return c.oom_score;
}
}
, {"grpc.uid", 0, kMaxId, [](Config& c) -> auto& {return c.owner.uid;
}
}
, {"grpc.gid", 0, kMaxId, [](Config& c) -> auto& {return c.owner.gid;
}
}
, {"grpc.max_recv_message_size", 1 << 20, 1 << 30, [](Config& c) -> auto& {return c.max_recv_message_size;
}
}
, {"grpc.max_send_message_size", 1 << 20, 1 << 30, [](Config& c) -> auto& {return c.max_send_message_size;
}
}
, {"ttrpc.uid", 0, kMaxId, [](Config& c) -> auto& {return c.ttrpc_owner.uid;
}
}
, {"ttrpc.gid", 0, kMaxId, [](Config& c) -> auto& {return c.ttrpc_owner.gid;
}
}
, {"debug.uid", 0, kMaxId, [](Config& c) -> auto& {return c.debug_owner.uid;
}
}
, {"debug.gid", 0, kMaxId, [](Config& c) -> auto& {return c.debug_owner.gid;
}
}
,
}
;

struct ListKey {
  std::string_view name;
  std::vector<std::string>& (*of)(Config&);
};
inline constexpr ListKey kListKeys[] = {{"disabled_plugins", [](Config& c) -> auto& {return c.disabled_plugins;
}
}
, {"required_plugins", [](Config& c) -> auto& {return c.required_plugins;
}
}
, {"imports", [](Config& c) -> auto& {return c.imports;
}
}
,
}
;

/// In the order of `containerd config default`.
inline constexpr std::string_view kPrinted[] = {"root",
                                                "state",
                                                "disabled_plugins",
                                                "required_plugins",
                                                "oom_score",
                                                "imports",
                                                "grpc.address",
                                                "grpc.tcp_address",
                                                "grpc.tcp_tls_ca",
                                                "grpc.tcp_tls_cert",
                                                "grpc.tcp_tls_key",
                                                "grpc.uid",
                                                "grpc.gid",
                                                "grpc.max_recv_message_size",
                                                "grpc.max_send_message_size",
                                                "ttrpc.address",
                                                "ttrpc.uid",
                                                "ttrpc.gid",
                                                "debug.address",
                                                "debug.uid",
                                                "debug.gid",
                                                "debug.level",
                                                "debug.format",
                                                "metrics.address",
                                                "metrics.grpc_histogram"};

/// The plugins that we are made of.
inline constexpr std::string_view kOwnParts[] = {
    "io.containerd.content.v1.content",       "io.containerd.differ.v1.walking",
    "io.containerd.event.v1.exchange",        "io.containerd.gc.v1.scheduler",
    "io.containerd.lease.v1.manager",         "io.containerd.metadata.v1.bolt",
    "io.containerd.runtime.v2.task",          "io.containerd.sandbox.controller.v1.shim",
    "io.containerd.sandbox.store.v1.local",   "io.containerd.service.v1.diff-service",
    "io.containerd.service.v1.tasks-service", "io.containerd.shim.v1.manager",
    "io.containerd.snapshotter.v1.native",    "io.containerd.snapshotter.v1.overlayfs",
    "io.containerd.streaming.v1.manager",     "io.containerd.transfer.v1.local",
};

#if defined(__x86_64__)
#define HULL_PLATFORM "linux/amd64"
#else
#define HULL_PLATFORM "linux/arm64"
#endif
/// Keys of containerd's that say nothing new: the values by which we work, which are its own defaults.
inline constexpr std::pair<std::string_view, std::string_view> kFixedKeys[] = {
    {"plugins.io.containerd.gc.v1.scheduler.pause_threshold", "0.02"},
    {"plugins.io.containerd.gc.v1.scheduler.mutation_threshold", "100"},
    {"plugins.io.containerd.gc.v1.scheduler.startup_delay", "100ms"},
    {"plugins.io.containerd.metadata.v1.bolt.content_sharing_policy", "shared"},
    {"plugins.io.containerd.runtime.v2.task.platforms", "[\"" HULL_PLATFORM "\"]"},
    {"plugins.io.containerd.service.v1.diff-service.default", "[\"walking\"]"},
    {"plugins.io.containerd.transfer.v1.local.max_concurrent_downloads", "3"},
    {"plugins.io.containerd.transfer.v1.local.max_concurrent_uploaded_layers", "3"},
    {"timeouts.io.containerd.timeout.bolt.open", "0s"},
    {"timeouts.io.containerd.timeout.cri.defercleanup", "1m0s"},
    {"timeouts.io.containerd.timeout.metrics.shimstats", "2s"},
    {"timeouts.io.containerd.timeout.shim.cleanup", "5s"},
    {"timeouts.io.containerd.timeout.shim.load", "5s"},
    {"timeouts.io.containerd.timeout.shim.shutdown", "3s"},
    {"timeouts.io.containerd.timeout.task.state", "2s"},
};
#undef HULL_PLATFORM

}  // namespace hull::supervisor
