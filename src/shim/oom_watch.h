#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"
#include "shim/cgroup.h"

namespace hull::shim {

/// Tells when the kernel kills for want of memory in a cgroup: v1 by an eventfd on memory.oom_control, v2 by inotify on
/// memory.events. Source: kernel cgroup-v1/memory.rst section 10, cgroup-v2.rst memory.events.
class OomWatch {
 public:
  /// Errors: kNotFound: no memory controller.
  static Result<std::unique_ptr<OomWatch>> create(EventLoop& loop, const Cgroup& cgroup, std::function<void()> on_oom);
  ~OomWatch();
  OomWatch(const OomWatch&) = delete;
  OomWatch& operator=(const OomWatch&) = delete;

  /// Tells now what the loop would tell later: before an exit is told that came of it.
  void look();

 private:
  OomWatch(EventLoop& loop, UniqueFd fd, const Cgroup& cgroup, std::function<void()> on_oom)
      : loop_(loop),
        fd_(std::move(fd)),
        v1_(cgroup.directory("memory")),
        v2_(cgroup.unified_directory()),
        on_oom_(std::move(on_oom)) {}
  bool killed();

  EventLoop& loop_;
  UniqueFd fd_;
  const std::string v1_;  // empty: v2
  const std::string v2_;
  const std::function<void()> on_oom_;
  uint64_t seen_ = 0;  // v2: kills that were told
};

}  // namespace hull::shim
