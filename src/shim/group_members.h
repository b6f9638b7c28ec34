#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/event_loop.h"

namespace hull::shim {

/// Containers that a group's server has promised to wait for, from Join to Create. A supervisor that was killed in
/// between never asks for the container: a promise is given up after a minute.
class GroupMembers {
 public:
  /// on_given_up: from the loop.
  GroupMembers(EventLoop& loop, std::function<void()> on_given_up)
      : loop_(loop), on_given_up_(std::move(on_given_up)) {}
  ~GroupMembers();
  GroupMembers(const GroupMembers&) = delete;
  GroupMembers& operator=(const GroupMembers&) = delete;

  void expect(const std::string& id);
  /// It has come, or will not.
  void settle(const std::string& id);
  bool empty() const { return expected_.empty(); }

 private:
  EventLoop& loop_;
  std::function<void()> on_given_up_;
  std::map<std::string, EventLoop::TimerId> expected_;
};

}  // namespace hull::shim
