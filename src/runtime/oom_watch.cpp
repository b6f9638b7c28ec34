#include "runtime/oom_watch.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <cerrno>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::runtime {
namespace {

Error no_memory_cgroup() { return unimplemented("no memory cgroup: no OOM events are told"); }

uint64_t kills_of(const std::string& events) {
  for (const std::string_view line : split(events, '\n'))
    if (const auto parts = cut(line, " "); parts && parts->before == "oom_kill")
      return parse_integer<uint64_t>(parts->after).value_or(0);
  return 0;
}

Result<void> watch(FdRef inotify, const std::string& path) {
  if (::inotify_add_watch(inotify.get(), path.c_str(), IN_MODIFY) == -1)
    return Error::from_errno(errno, "watch " + path);
  return {};
}

}  // namespace

Result<OomWatch> OomWatch::start(const linux::Cgroup& cgroup) {
  const auto directory = cgroup.directory("memory");
  if (!directory) return no_memory_cgroup();
  OomWatch made;
  made.cgroup_ = cgroup;
  if (cgroup.unified_only()) {
    made.notify_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!made.notify_.valid()) return Error::from_errno(errno, "inotify");
    TRY(watch(made.notify_, *directory + "/memory.events"));
    TRY(watch(made.notify_, *directory + "/cgroup.events"));
    made.count_ = kills_of(TRY(read_file(*directory + "/memory.events")));
    return made;
  }
  made.notify_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made.notify_.valid()) return Error::from_errno(errno, "eventfd");
  made.oom_control_ = TRY(sys::open(*directory + "/memory.oom_control", O_RDONLY));
  const std::string request = std::to_string(made.notify_.get()) + " " + std::to_string(made.oom_control_.get());
  TRY(write_existing(*directory + "/cgroup.event_control", request));
  return made;
}

Result<OomWatch::Seen> OomWatch::look() { return cgroup_->unified_only() ? look_v2() : look_v1(); }

/// The eventfd rings once more when the cgroup is removed.
Result<OomWatch::Seen> OomWatch::look_v1() {
  uint64_t rings = 0;
  auto size = sys::read(notify_, std::span(reinterpret_cast<char*>(&rings), sizeof rings));
  if (!size.ok()) return size.error().number() == EAGAIN ? Result<Seen>(Seen::kNothing) : std::move(size).error();
  return exists(*cgroup_->directory("memory") + "/cgroup.event_control") ? Seen::kOom : Seen::kGone;
}

/// memory.events also changes for other reasons, so what counts is the count.
Result<OomWatch::Seen> OomWatch::look_v2() {
  char events[4096];
  (void)sys::read(notify_, events);
  const auto memory = cgroup_->read("", "memory.events");
  if (!memory.ok()) return Seen::kGone;
  const uint64_t kills = kills_of(*memory);
  const bool more = kills > std::exchange(count_, kills);
  if (more) return Seen::kOom;
  const auto state = cgroup_->read("", "cgroup.events");
  return !state.ok() || state->find("populated 0") != std::string::npos ? Seen::kGone : Seen::kNothing;
}

}  // namespace hull::runtime
