#pragma once

#include "linux/namespaces.h"
#include "runtime/systemd/scope.h"
#include "spec/runtime/spec.h"

namespace hull::runtime::systemd {

/// systemd makes no scope without a process, and the container's first one is born into its cgroup: until then a
/// process that does nothing keeps the scope. It ends with this object, and with the runtime.
class ScopeHolder {
 public:
  static Result<ScopeHolder> start(const ScopeName& name, const std::string& container_id,
                                   const spec::RuntimeSpec& spec, linux::CgroupMode mode);
  ScopeHolder(ScopeHolder&& other) noexcept : child_(std::exchange(other.child_, {})) {}
  ScopeHolder& operator=(ScopeHolder&&) = delete;
  ~ScopeHolder();

 private:
  explicit ScopeHolder(linux::Child child) : child_(std::move(child)) {}
  linux::Child child_;
};

}  // namespace hull::runtime::systemd
