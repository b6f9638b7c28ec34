#include "runtime/store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "base/files.h"
#include "base/json.h"
#include "base/sys.h"
#include "linux/cgroup.h"
#include "linux/process_attributes.h"

namespace hull::runtime {
namespace {

constexpr std::string_view kFifo = "exec.fifo";

Error no_such_container() { return not_found("container does not exist"); }

}  // namespace

Result<void> check_container_id(std::string_view id) {
  constexpr size_t kLongest = 1024;
  if (id.empty()) return invalid_argument("container id cannot be empty");
  bool valid = id.size() <= kLongest && id != "." && id != "..";
  for (const char c : id) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    valid = valid && (word || c == '+' || c == '-' || c == '.');
  }
  if (!valid) return invalid_argument("invalid container ID format");
  return {};
}

/// Commands on one container take turns; a command never holds the lock while it waits for the container's process.
Result<void> ContainerDirectory::lock() const {
  int result = 0;
  do result = ::flock(dir_.get(), LOCK_EX);
  while (result == -1 && errno == EINTR);
  if (result == -1) return Error::from_errno(errno, "lock container");
  // Whoever held the lock may have removed the container.
  const auto now = sys::lstat(path_);
  if (!now.ok() || now->st_ino != TRY(sys::fstat(dir_)).st_ino) return no_such_container();
  return {};
}

void ContainerDirectory::unlock() const { ::flock(dir_.get(), LOCK_UN); }

Result<void> ContainerDirectory::write_record(const Record& record) const {
  // tmpfs as a rule, and of no use after a power loss: no fsync.
  return replace_file(path_ + "/state.json", json::format(record), 0600, Durable::kNo);
}

Result<Record> ContainerDirectory::read_record() const {
  auto text = read_file(dir_, "state.json");
  if (text.is(Code::kNotFound)) return no_such_container();
  return json::parse<Record>(TRY(std::move(text))).context("state.json");
}

Result<UniqueFd> ContainerDirectory::make_fifo() const {
  const std::string path = path_ + "/" + std::string(kFifo);
  TRY(sys::mkfifo(path, 0600));
  return sys::open(path, O_RDWR);
}

bool ContainerDirectory::has_fifo() const { return sys::fstatat(dir_, std::string(kFifo), AT_SYMLINK_NOFOLLOW).ok(); }

Result<void> ContainerDirectory::signal_fifo() const {
  auto fifo = sys::openat(dir_, std::string(kFifo), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!fifo.ok() && fifo.error().number() == ENXIO)
    return failed_precondition("cannot start a container that has stopped");
  const UniqueFd opened = TRY(std::move(fifo));
  TRY(sys::write_all(opened, "0"));
  return sys::unlinkat(dir_, std::string(kFifo), 0);
}

Result<void> ContainerDirectory::remove() const { return remove_tree(path_); }

Result<std::string> Store::path_of(const std::string& id) const {
  TRY(check_container_id(id));
  return root_ + "/" + id;
}

Result<ContainerDirectory> Store::create(const std::string& id) const {
  const std::string path = TRY(path_of(id));
  auto made = sys::mkdir(path, 0711);
  if (made.is(Code::kNotFound)) {
    // Sticky: what lies in $XDG_RUNTIME_DIR is else cleared away after a while (XDG Base Directory Specification).
    TRY(make_directories(root_, 01700));
    made = sys::mkdir(path, 0711);
  }
  if (made.is(Code::kAlreadyExists)) return already_exists("container with given ID already exists");
  TRY(std::move(made));
  ContainerDirectory directory(path, TRY(sys::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)));
  TRY(directory.lock());
  return directory;
}

Result<ContainerDirectory> Store::look(const std::string& id) const {
  const std::string path = TRY(path_of(id));
  auto dir = sys::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (dir.is(Code::kNotFound)) return no_such_container();
  return ContainerDirectory(path, TRY(std::move(dir)));
}

Result<ContainerDirectory> Store::open(const std::string& id) const {
  ContainerDirectory directory = TRY(look(id));
  TRY(directory.lock());
  return directory;
}

Result<std::vector<std::string>> Store::list() const {
  auto names = list_directory(root_);
  if (names.is(Code::kNotFound)) return std::vector<std::string>();
  std::vector<std::string> ids;
  for (std::string& name : TRY(std::move(names)))
    if (check_container_id(name).ok()) ids.push_back(std::move(name));
  return ids;
}

Result<spec::ContainerStatus> status_of(const Record& record, const ContainerDirectory& directory) {
  using spec::ContainerStatus;
  if (record.init_pid == 0) return ContainerStatus::kCreating;
  const auto stat = linux::process_stat(record.init_pid);
  if (!stat.ok() || stat->state == 'Z' || stat->state == 'X' || stat->start_time != record.init_start_time)
    return ContainerStatus::kStopped;
  const auto frozen = linux::Cgroup(record.cgroup_paths).frozen();
  if (frozen.ok() && *frozen == linux::Cgroup::Frozen::kYes) return ContainerStatus::kPaused;
  return directory.has_fifo() ? ContainerStatus::kCreated : ContainerStatus::kRunning;
}

spec::RuntimeState runtime_state(const Record& record, spec::ContainerStatus status) {
  spec::RuntimeState state;
  state.oci_version = record.details.oci_version;
  state.id = record.id;
  state.status = status;
  if (status != spec::ContainerStatus::kStopped) state.pid = record.init_pid;
  state.bundle = record.details.bundle;
  state.annotations = record.details.annotations;
  return state;
}

}  // namespace hull::runtime
