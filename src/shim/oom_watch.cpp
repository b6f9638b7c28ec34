#include "shim/oom_watch.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::shim {
namespace {

Result<UniqueFd> watch_v1(const std::string& directory) {
  auto event = TRY(sys::eventfd(0, EFD_NONBLOCK));
  const auto control = TRY(sys::open(directory + "/memory.oom_control", O_RDONLY));
  TRY(write_existing(directory + "/cgroup.event_control",
                     std::to_string(event.get()) + " " + std::to_string(control.get())));
  return event;
}

Result<UniqueFd> watch_v2(const std::string& directory) {
  UniqueFd notify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!notify.valid()) return Error::from_errno(errno, "inotify");
  const std::string file = directory + "/memory.events";
  if (::inotify_add_watch(notify.get(), file.c_str(), IN_MODIFY) < 0) return Error::from_errno(errno, "watch " + file);
  return notify;
}

/// memory.events' oom_kill, or 0.
uint64_t oom_kills(const std::string& directory) {
  const std::string text = read_file(directory + "/memory.events").value_or("");
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with("oom_kill ")) return parse_integer<uint64_t>(line.substr(9)).value_or(0);
  return 0;
}

}  // namespace

Result<std::unique_ptr<OomWatch>> OomWatch::create(EventLoop& loop, const Cgroup& cgroup,
                                                   std::function<void()> on_oom) {
  const std::string v1 = cgroup.directory("memory");
  if (v1.empty() && cgroup.unified_directory().empty()) return not_found("no memory controller");
  const std::string v2 = cgroup.unified_directory();
  auto fd = TRY(v1.empty() ? watch_v2(v2) : watch_v1(v1));
  std::unique_ptr<OomWatch> watch(new OomWatch(loop, std::move(fd), cgroup, std::move(on_oom)));
  TRY(loop.watch(watch->fd_, EPOLLIN, [self = watch.get()](uint32_t) { self->look(); }));
  return watch;
}

void OomWatch::look() {
  std::array<char, 4096> discarded;
  bool notified = false;
  while (sys::try_read(fd_, discarded).value_or(std::nullopt)) notified = true;
  if (notified && killed()) on_oom_();
}

bool OomWatch::killed() {
  // v1: the removal of the cgroup notifies, too.
  if (!v1_.empty()) return exists(v1_ + "/memory.oom_control");
  const uint64_t kills = oom_kills(v2_);
  return kills > std::exchange(seen_, kills);
}

OomWatch::~OomWatch() { loop_.unwatch(fd_); }

}  // namespace hull::shim
