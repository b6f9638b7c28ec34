#include <algorithm>

#include "linux/capability_sets.h"
#include "linux/seccomp_filter.h"
#include "runtime/commands/command.h"
#include "runtime/mount_options.h"

namespace hull::runtime {
namespace {

struct Enabled {
  bool enabled = false;
};
template <class V>
void describe(V& json, Enabled& value) {
  json.field("enabled", value.enabled);
}

struct RdtFeatures {
  bool enabled = true;
  bool schemata = true;
  bool monitoring = true;
};
template <class V>
void describe(V& json, RdtFeatures& features) {
  json.field("enabled", features.enabled);
  json.field("schemata", features.schemata);
  json.field("monitoring", features.monitoring);
}

struct CgroupFeatures {
  bool v1 = true;
  bool v2 = true;
  bool systemd = true;
  bool systemd_user = true;
  bool rdma = true;
};
template <class V>
void describe(V& json, CgroupFeatures& features) {
  json.field("v1", features.v1);
  json.field("v2", features.v2);
  json.field("systemd", features.systemd);
  json.field("systemdUser", features.systemd_user);
  json.field("rdma", features.rdma);
}

struct SeccompFeatures {
  bool enabled = true;
  std::vector<std::string> actions{};
  std::vector<std::string> operators{};
  std::vector<std::string> architectures{};
  std::vector<std::string> known_flags{};
};
template <class V>
void describe(V& json, SeccompFeatures& features) {
  json.field("enabled", features.enabled);
  json.field("actions", features.actions);
  json.field("operators", features.operators);
  json.field("archs", features.architectures);
  json.field("knownFlags", features.known_flags);
  json.field("supportedFlags", features.known_flags);
}

struct IdMapFeatures {
  Enabled id_map{true};
};
template <class V>
void describe(V& json, IdMapFeatures& features) {
  json.field("idmap", features.id_map);
}

struct LinuxFeatures {
  std::vector<std::string> namespaces{};
  std::vector<std::string> capabilities{};
  CgroupFeatures cgroup{};
  SeccompFeatures seccomp{};
  Enabled apparmor{true};
  Enabled selinux{true};
  RdtFeatures intel_rdt{};
  Enabled net_devices{true};
  IdMapFeatures mount_extensions{};
};
template <class V>
void describe(V& json, LinuxFeatures& features) {
  json.field("namespaces", features.namespaces);
  json.field("capabilities", features.capabilities);
  json.field("cgroup", features.cgroup);
  json.field("seccomp", features.seccomp);
  json.field("apparmor", features.apparmor);
  json.field("selinux", features.selinux);
  json.field("intelRdt", features.intel_rdt);
  json.field("mountExtensions", features.mount_extensions);
  json.field("netDevices", features.net_devices);
}

/// Source: OCI runtime-spec, features.md.
struct Features {
  std::string version_min = "1.0.0";
  std::string version_max{spec::kRuntimeSpecVersion};
  std::vector<std::string> hooks{};
  std::vector<std::string> mount_options{};
  LinuxFeatures linux_part{};
  std::map<std::string, std::string> annotations{};
  std::vector<std::string> unsafe_annotations{};
};
template <class V>
void describe(V& json, Features& features) {
  json.field("ociVersionMin", features.version_min);
  json.field("ociVersionMax", features.version_max);
  json.field("hooks", features.hooks);
  json.field("mountOptions", features.mount_options);
  json.field("linux", features.linux_part);
  json.field("annotations", features.annotations);
  json.field("potentiallyUnsafeConfigAnnotations", features.unsafe_annotations);
}

template <class E>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  for (const auto& [value, name] : json::EnumNames<E>::values) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<int> run(Context&, const Flags&) {
  Features features;
  features.hooks = {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};
  features.mount_options = known_mount_options();
  features.linux_part.namespaces = names_of<spec::NamespaceType>();
  for (int number = 0; !linux::capability_name(number).empty(); ++number)
    features.linux_part.capabilities.emplace_back(linux::capability_name(number));
  features.linux_part.seccomp.actions = names_of<spec::SeccompAction>();
  features.linux_part.seccomp.operators = names_of<spec::SeccompOperator>();
  features.linux_part.seccomp.architectures = linux::seccomp_architectures();
  features.linux_part.seccomp.known_flags = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
                                             "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                             "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  features.annotations["io.github.seccomp.libseccomp.version"] = linux::seccomp_library_version();
  features.annotations["org.opencontainers.runc.checkpoint.enabled"] = "true";
  // What a caller must not pass on unseen, since it changes what the runtime does.
  features.unsafe_annotations = {"org.criu.config"};
  TRY(print(json::indent(json::format(features), "    ") + "\n"));
  return 0;
}

}  // namespace

extern const Command kFeaturesCommand = {
    .name = "features",
    .arguments = "",
    .help = "print what this runtime knows, as JSON",
    .flags = {},
    .least_arguments = 0,
    .most_arguments = 0,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
