#include "programs/hulld/data_root.h"

#include <unistd.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::daemon {
namespace {

/// Others may pass through, to volumes for example, but not look around (CVE-2021-41091).
constexpr mode_t kFolderMode = 0710;

Result<std::string> read_engine_id(const std::string& path) {
  if (auto text = read_file(path, 1_KiB); text.ok() && !trim(*text).empty()) return std::string(trim(*text));
  const std::string hex = random_hex(32);
  const std::string id = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" + hex.substr(13, 3) + "-8" +
                         hex.substr(17, 3) + "-" + hex.substr(20, 12);
  TRY(replace_file(path, id, 0600));
  return id;
}

/// Whether a program of our name runs under that id; others may have got the number since.
bool runs_hulld(pid_t pid) {
  const auto ours = sys::readlink("/proc/self/exe");
  const auto theirs = sys::readlink("/proc/" + std::to_string(pid) + "/exe");
  if (!ours.ok() || !theirs.ok()) return false;
  const auto name_of = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
  std::string_view name = name_of(*theirs);
  if (name.ends_with(" (deleted)")) name.remove_suffix(10);  // an upgrade replaced the file
  return name == name_of(*ours);
}

}  // namespace

std::string purge_mark(const std::string& data_root) { return data_root + "/purging"; }

Result<DataRoot> DataRoot::claim(const std::string& data_root, const std::string& exec_root, Purged purged) {
  if (purged == Purged::kRefuse && exists(purge_mark(data_root)))
    return failed_precondition("data root " + data_root + " is half removed; let hulld purge remove the rest");
  TRY(make_directories(data_root, kFolderMode).context("make data root " + data_root));
  TRY(make_directories(exec_root, kFolderMode).context("make exec root " + exec_root));
  UniqueFd lock = TRY(sys::open(data_root + "/hulld.lock", O_RDWR | O_CREAT, 0600));
  if (auto locked = sys::try_lock(lock); !locked.ok()) {
    if (!locked.is(Code::kUnavailable)) return std::move(locked).error().context("lock data root " + data_root);
    const std::string holder = read_all(lock, 1_KiB).value_or("");
    return failed_precondition("data root " + data_root + " is in use by another hulld" +
                               (holder.empty() ? "" : " (process " + std::string(trim(holder)) + ")"));
  }
  TRY(sys::ftruncate(lock, 0));
  TRY(sys::pwrite_all(lock, std::to_string(::getpid()) + "\n", 0));
  auto id = TRY(read_engine_id(data_root + "/engine-id"));
  return DataRoot(std::move(lock), std::move(id));
}

Result<PidFile> PidFile::create(const std::string& path) {
  const auto text = read_file(path, 1_KiB);
  const auto pid = text.ok() ? parse_integer<pid_t>(trim(*text)) : std::nullopt;
  if (pid && *pid > 0 && *pid != ::getpid() && runs_hulld(*pid))
    return failed_precondition("process with PID " + std::to_string(*pid) + " is still running (pid file " + path +
                               ")");
  TRY(make_directories(path.substr(0, path.rfind('/') + 1), kFolderMode));
  TRY(replace_file(path, std::to_string(::getpid()), 0644, Durable::kNo).context("write pid file"));
  return PidFile(path);
}

PidFile::~PidFile() {
  if (!path_.empty()) (void)sys::unlink(path_);
}

}  // namespace hull::daemon
