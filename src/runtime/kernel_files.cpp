#include "runtime/kernel_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "base/sys.h"
#include "linux/detached_mount.h"
#include "linux/namespaces.h"
#include "linux/process_attributes.h"

namespace hull::runtime {
namespace {

constexpr ino_t kProcRootInode = 1;  // PROC_ROOT_INO of the kernel

Result<UniqueFd> existing_proc() {
  UniqueFd proc = TRY(sys::open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW));
  if (TRY(linux::filesystem_magic(proc)) != PROC_SUPER_MAGIC || TRY(sys::fstat(proc)).st_ino != kProcRootInode)
    return failed_precondition("/proc is not procfs");
  return proc;
}

Result<void> write_below(FdRef proc, const std::string& path, const std::string& value) {
  const UniqueFd file =
      TRY(sys::openat2(proc, path, O_WRONLY | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS));
  if (TRY(linux::filesystem_magic(file)) != PROC_SUPER_MAGIC) return failed_precondition(path + " is not in procfs");
  TRY(sys::write_all(file, value).context(path));
  return {};
}

}  // namespace

Result<UniqueFd> open_proc() {
  auto context = linux::FilesystemContext::open("proc");
  if (context.ok()) {
    if (auto made = std::move(*context).create(0); made.ok())
      return sys::openat(made->root(), ".", O_PATH | O_DIRECTORY);
  }
  return existing_proc();
}

Result<void> write_sysctls(const std::map<std::string, std::string>& values) {
  if (values.empty()) return {};
  const UniqueFd proc = TRY(open_proc());
  for (const auto& [key, value] : values) {
    std::string path = key;
    // With a slash anywhere, dots belong to the names (of interfaces, say).
    if (path.find('/') == std::string::npos) std::replace(path.begin(), path.end(), '.', '/');
    TRY(write_below(proc, "sys/" + path, value).context("write sysctl " + key));
  }
  return {};
}

Result<void> set_exec_profile(const std::string& file, const std::string& value) {
  const UniqueFd proc = TRY(open_proc());
  return write_below(proc, std::to_string(::getpid()) + "/" + file, value);
}

Result<void> join_keyring(const std::string& container_id, const std::string& selinux_label) {
  const std::string name = "_ses." + container_id;
  if (selinux_label.empty()) return linux::join_session_keyring(name);
  TRY(set_exec_profile("attr/keycreate", selinux_label).context("label keyring"));
  TRY(linux::join_session_keyring(name));
  // Those that it makes later are its own matter.
  return set_exec_profile("attr/keycreate", "\n").context("label keyring");
}

bool setgroups_denied() {
  const auto proc = open_proc();
  if (!proc.ok()) return false;
  const auto text = read_file(*proc, std::to_string(::getpid()) + "/setgroups", Bytes(64));
  return text.ok() && text->substr(0, 4) == "deny";
}

Result<void> enter_time_namespace(const std::string& offsets) {
  TRY(linux::unshare(CLONE_NEWTIME));
  const UniqueFd proc = TRY(existing_proc());
  if (!offsets.empty()) TRY(write_existing(proc, "self/timens_offsets", offsets));
  const UniqueFd space = TRY(sys::openat(proc, "self/ns/time_for_children", O_RDONLY));
  return linux::join_namespaces(space, CLONE_NEWTIME);
}

}  // namespace hull::runtime
