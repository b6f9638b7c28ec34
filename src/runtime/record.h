#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "spec/runtime/spec.h"

/// What is kept of a container in <root>/<id>/state.json: runc's fields first, which other tools read, then ours.
namespace hull::runtime {

struct RecordConfig {
  std::string rootfs;
  bool readonlyfs = false;
  std::string hostname;
  std::vector<std::string> labels{};  ///< "bundle=/path", as runc keeps it
  std::vector<spec::IdMapping> uid_mappings{};
  std::vector<spec::IdMapping> gid_mappings{};
};
template <class V>
void describe(V& json, RecordConfig& config) {
  json.field("rootfs", config.rootfs);
  json.field("readonlyfs", config.readonlyfs);
  json.omit_empty("hostname", config.hostname);
  json.field("labels", config.labels);
  json.omit_empty("uid_mappings", config.uid_mappings);
  json.omit_empty("gid_mappings", config.gid_mappings);
}

/// What later commands need of config.json, so that a change of the file after create means nothing.
struct RecordDetails {
  std::string oci_version;
  std::string bundle;
  std::map<std::string, std::string> annotations{};
  spec::Process process{};
  std::optional<spec::Hooks> hooks{};
  spec::Resources resources{};  ///< the limits that stand, without devices; update changes them
  uint64_t namespaces = 0;      ///< CLONE_NEW* that exec joins
  std::string seccomp_filter;   ///< name of the compiled filter, in the container's directory; empty: none
  uint32_t seccomp_flags = 0;
  std::string seccomp_listener{};
  std::string seccomp_metadata{};
  std::string systemd_unit{};   ///< the scope that the cgroup is; empty: not made by systemd
  bool systemd_user = false;    ///< by the user's own systemd
  bool rdt_group_made = false;  ///< the group of intel_rdt_path goes with the container
  std::string rdt_monitor{};    ///< the group of counters, which goes with it as well; empty: none
  uint64_t rootfs_mount = 0;    ///< linux::mount_id() of what is mounted on the rootfs on the host; 0: nothing
};
template <class V>
void describe(V& json, RecordDetails& details) {
  json.required("ociVersion", details.oci_version);
  json.required("bundle", details.bundle);
  json.omit_empty("annotations", details.annotations);
  json.field("process", details.process);
  json.optional("hooks", details.hooks);
  json.field("resources", details.resources);
  json.field("namespaces", details.namespaces);
  json.omit_empty("seccompFilter", details.seccomp_filter);
  json.omit_empty("seccompFlags", details.seccomp_flags);
  json.omit_empty("seccompListener", details.seccomp_listener);
  json.omit_empty("seccompMetadata", details.seccomp_metadata);
  json.omit_empty("systemdUnit", details.systemd_unit);
  json.omit_empty("systemdUser", details.systemd_user);
  json.omit_empty("rdtGroupMade", details.rdt_group_made);
  json.omit_empty("rdtMonitor", details.rdt_monitor);
  json.omit_empty("rootfsMount", details.rootfs_mount);
}

struct Record {
  std::string id;
  int32_t init_pid = 0;  ///< 0: not made yet
  uint64_t init_start_time = 0;
  std::optional<Timestamp> created{};
  RecordConfig config{};
  bool rootless = false;
  std::map<std::string, std::string> cgroup_paths{};
  std::map<std::string, std::string> namespace_paths{};
  std::string intel_rdt_path{};                     ///< the group of resctrl; empty: not asked for
  std::vector<std::string> external_descriptors{};  ///< of stdio, see checkpoint/stdio.h
  RecordDetails details{};

  std::string bundle() const { return details.bundle; }
};
template <class V>
void describe(V& json, Record& record) {
  json.required("id", record.id);
  json.field("init_process_pid", record.init_pid);
  json.field("init_process_start", record.init_start_time);
  json.field("created", record.created);
  json.field("config", record.config);
  json.field("rootless", record.rootless);
  json.field("cgroup_paths", record.cgroup_paths);
  json.omit_empty("namespace_paths", record.namespace_paths);
  json.field("intel_rdt_path", record.intel_rdt_path);
  json.omit_empty("external_descriptors", record.external_descriptors);
  json.required("hull", record.details);
}

}  // namespace hull::runtime
