#include "spec/runtime/spec.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/sys.h"
#include "runtime/commands/command.h"
#include "runtime/commands/create_flags.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    kBundleFlag,
    {"rootless", 0, Flag::Kind::kSwitch, "for a user without rights: a user namespace that maps that user to root"},
};

/// A document to begin with: a shell in the bundle's "rootfs", few capabilities, the usual mounts.
spec::RuntimeSpec example() {
  spec::RuntimeSpec document;
  spec::Process& process = document.process.emplace();
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.cwd = "/";
  const std::vector<std::string> capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  process.capabilities =
      spec::Capabilities{.bounding = capabilities, .effective = capabilities, .permitted = capabilities};
  process.rlimits = {{"RLIMIT_NOFILE", 1024, 1024}};
  process.no_new_privileges = true;
  document.root = spec::Root{"rootfs", true};
  document.hostname = "hull";
  document.mounts = {
      {.destination = "/proc", .type = "proc", .source = "proc"},
      {.destination = "/dev",
       .type = "tmpfs",
       .source = "tmpfs",
       .options = {"nosuid", "strictatime", "mode=755", "size=65536k"}},
      {.destination = "/dev/pts",
       .type = "devpts",
       .source = "devpts",
       .options = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {.destination = "/dev/shm",
       .type = "tmpfs",
       .source = "shm",
       .options = {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
      {.destination = "/dev/mqueue", .type = "mqueue", .source = "mqueue", .options = {"nosuid", "noexec", "nodev"}},
      {.destination = "/sys", .type = "sysfs", .source = "sysfs", .options = {"nosuid", "noexec", "nodev", "ro"}},
      {.destination = "/sys/fs/cgroup",
       .type = "cgroup",
       .source = "cgroup",
       .options = {"nosuid", "noexec", "nodev", "relatime", "ro"}},
  };
  spec::Linux& part = document.linux_part.emplace();
  part.resources.emplace().devices = {{.allow = false, .access = "rwm"}};
  using spec::NamespaceType;
  part.namespaces = {{NamespaceType::kPid}, {NamespaceType::kNetwork}, {NamespaceType::kIpc},
                     {NamespaceType::kUts}, {NamespaceType::kMount},   {NamespaceType::kCgroup}};
  part.masked_paths = {"/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",
                       "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                       "/sys/firmware",       "/proc/scsi"};
  part.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return document;
}

/// What a user may do alone: its own id as root, the host's network and /sys, no limits.
/// Source: runc, specconv.ToRootless.
void make_rootless(spec::RuntimeSpec& document) {
  spec::Linux& part = *document.linux_part;
  std::erase_if(part.namespaces, [](const auto& space) { return space.type == spec::NamespaceType::kNetwork; });
  part.namespaces.push_back({spec::NamespaceType::kUser});
  part.uid_mappings = {{0, ::geteuid(), 1}};
  part.gid_mappings = {{0, ::getegid(), 1}};
  part.resources.reset();
  std::erase_if(document.mounts, [](const auto& mount) { return mount.destination.compare(0, 4, "/sys") == 0; });
  for (spec::Mount& mount : document.mounts)
    std::erase_if(mount.options, [](const std::string& option) { return option.compare(0, 4, "gid=") == 0; });
  document.mounts.push_back({.destination = "/sys",
                             .type = "none",
                             .source = "/sys",
                             .options = {"rbind", "nosuid", "noexec", "nodev", "ro"}});
}

Result<int> run(Context&, const Flags& flags) {
  const std::string path = TRY(absolute_path(flags.text("bundle"))) + "/config.json";
  auto file = sys::open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file.is(Code::kAlreadyExists)) return already_exists("File config.json exists. Remove it first");
  const UniqueFd opened = TRY(std::move(file));
  spec::RuntimeSpec document = example();
  if (flags.is_set("rootless")) make_rootless(document);
  TRY(sys::write_all(opened, json::indent(spec::format_runtime_spec(document), "\t")));
  return 0;
}

}  // namespace

extern const Command kSpecCommand = {
    .name = "spec",
    .arguments = "",
    .help = "write an example config.json",
    .flags = kFlags,
    .least_arguments = 0,
    .most_arguments = 0,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
