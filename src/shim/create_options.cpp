#include "shim/create_options.h"

#include "base/files.h"
#include "base/json.h"
#include "ipc/proto/shim/runc_options.pb.h"

namespace hull::shim {

template <class V>
void describe(V& json, RuntimeSettings& settings) {
  json.required("binary", settings.binary);
  json.required("root", settings.root);
  json.field("systemdCgroup", settings.systemd_cgroup);
}

Result<ContainerSettings> parse_options(const containerd::task::v2::CreateTaskRequest& request,
                                        const std::string& container_namespace) {
  ContainerSettings settings{.runtime = default_settings(request.bundle(), container_namespace),
                             .io_owner = {},
                             .no_pivot_root = false,
                             .no_new_keyring = false,
                             .criu_work_path = {}};
  const auto& any = request.options();
  if (any.type_url().empty()) return settings;
  const std::string type = any.type_url().substr(any.type_url().rfind('/') + 1);
  if (type != "containerd.runc.v1.Options")
    return invalid_argument("options: unsupported type \"" + any.type_url() + "\"");
  containerd::runc::v1::Options options;
  if (!options.ParseFromString(any.value())) return invalid_argument("options: malformed " + type);
  if (!options.binary_name().empty()) settings.runtime.binary = options.binary_name();
  if (!options.root().empty()) settings.runtime.root = options.root() + "/" + container_namespace;
  settings.runtime.systemd_cgroup = options.systemd_cgroup();
  settings.io_owner = {options.io_uid(), options.io_gid()};
  settings.no_pivot_root = options.no_pivot_root();
  settings.no_new_keyring = options.no_new_keyring();
  settings.criu_work_path = options.criu_work_path();
  for (const auto& [name, path] : {std::pair("criu_work_path", &options.criu_work_path()), {"root", &options.root()}})
    if (!path->empty() && !path->starts_with("/"))
      return invalid_argument(std::string(name) + " \"" + *path + "\": expected an absolute path");
  // Runtimes dropped their --criu; they find it in PATH.
  if (!options.criu_path().empty()) return unimplemented("criu_path: runtimes look for criu in PATH");
  return settings;
}

Result<CheckpointSettings> parse_checkpoint_options(const containerd::task::v2::CheckpointTaskRequest& request) {
  CheckpointSettings settings;
  settings.path = request.path();
  if (!settings.path.starts_with("/"))
    return invalid_argument("path \"" + settings.path + "\": expected an absolute path");
  const auto& any = request.options();
  if (any.type_url().empty()) return settings;
  const std::string type = any.type_url().substr(any.type_url().rfind('/') + 1);
  if (type != "containerd.runc.v1.CheckpointOptions")
    return invalid_argument("options: unsupported type \"" + any.type_url() + "\"");
  containerd::runc::v1::CheckpointOptions options;
  if (!options.ParseFromString(any.value())) return invalid_argument("options: malformed " + type);
  settings.work_path = options.work_path();
  settings.exit = options.exit();
  settings.open_tcp = options.open_tcp();
  settings.external_unix_sockets = options.external_unix_sockets();
  settings.terminal = options.terminal();
  settings.file_locks = options.file_locks();
  settings.empty_namespaces = {options.empty_namespaces().begin(), options.empty_namespaces().end()};
  settings.cgroups_mode = options.cgroups_mode();
  return settings;
}

Result<void> save_runtime(const std::string& bundle, const RuntimeSettings& settings) {
  return replace_file(bundle + "/hull-shim.json", json::format(settings), 0600, Durable::kNo);
}

Result<RuntimeSettings> load_runtime(const std::string& bundle) {
  return json::parse<RuntimeSettings>(TRY(read_file(bundle + "/hull-shim.json", 64_KiB)));
}

}  // namespace hull::shim
