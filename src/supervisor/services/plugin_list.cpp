#include "supervisor/services/plugin_list.h"

namespace hull::supervisor {
namespace {

constexpr const char* kContent = "io.containerd.content.v1";
constexpr const char* kDiffer = "io.containerd.differ.v1";
constexpr const char* kEvent = "io.containerd.event.v1";
constexpr const char* kGc = "io.containerd.gc.v1";
constexpr const char* kLease = "io.containerd.lease.v1";
constexpr const char* kMetadata = "io.containerd.metadata.v1";
constexpr const char* kRuntime = "io.containerd.runtime.v2";
constexpr const char* kSandboxController = "io.containerd.sandbox.controller.v1";
constexpr const char* kSandboxStore = "io.containerd.sandbox.store.v1";
constexpr const char* kService = "io.containerd.service.v1";
constexpr const char* kShim = "io.containerd.shim.v1";
constexpr const char* kSnapshotter = "io.containerd.snapshotter.v1";
constexpr const char* kStreaming = "io.containerd.streaming.v1";
constexpr const char* kTransfer = "io.containerd.transfer.v1";

/// The gRPC services, and what each stands on.
struct Served {
  const char* id;
  std::vector<std::string> required_types;
};
const Served kServed[] = {
    {"containers", {kService}},
    {"content", {kService}},
    {"diff", {kService}},
    {"events", {kEvent}},
    {"healthcheck", {}},
    {"images", {kService}},
    {"introspection", {}},
    {"leases", {kLease}},
    {"namespaces", {kService}},
    {"sandbox-controllers", {kSandboxController, kEvent}},
    {"sandboxes", {kSandboxStore}},
    {"snapshots", {kService}},
    {"streaming", {kStreaming}},
    {"tasks", {kService}},
    {"transfer", {kTransfer, kStreaming}},
    {"version", {}},
};
/// containerd's services below those of gRPC; ours are one with them.
const Served kLocal[] = {
    {"containers-service", {kEvent, kMetadata}},
    {"content-service", {kMetadata}},
    {"diff-service", {kDiffer}},
    {"images-service", {kMetadata, kGc}},
    {"introspection-service", {}},
    {"namespaces-service", {kEvent, kMetadata}},
    {"snapshots-service", {kMetadata}},
    {"tasks-service", {kEvent, kRuntime, kMetadata}},
};

}  // namespace

std::vector<DaemonPart> builtin_plugins(const std::string& root) {
  std::vector<DaemonPart> plugins = {
      {kContent, "content", {}, {{"root", root + "/content"}}, {}, false},
      {kEvent, "exchange", {}, {}, {}, false},
      {kMetadata,
       "bolt",
       {kContent, kEvent, kSnapshotter},
       {{"path", root + "/meta.db"}, {"policy", "shared"}},
       {},
       false},
      {kGc, "scheduler", {kMetadata}, {}, {}, false},
      {kDiffer, "walking", {kMetadata}, {}, {}, true},
      {kLease, "manager", {kMetadata, kGc}, {}, {}, false},
      {kShim, "manager", {kEvent, kMetadata}, {}, {}, false},
      {kRuntime, "task", {kShim}, {}, {}, true},
      {kSandboxStore, "local", {kMetadata}, {}, {}, false},
      {kSandboxController, "shim", {kShim, kEvent}, {}, {}, false},
      {kStreaming, "manager", {kMetadata}, {}, {}, false},
      {kTransfer, "local", {kLease, kMetadata, kDiffer, kSnapshotter}, {}, {}, false},
  };
  for (const Served& local : kLocal) plugins.push_back({kService, local.id, local.required_types, {}, {}, false});
  for (const Served& served : kServed)
    plugins.push_back({"io.containerd.grpc.v1", served.id, served.required_types, {}, {}, false});
  return plugins;
}

}  // namespace hull::supervisor
