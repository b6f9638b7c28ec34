#include "runtime/systemd/holder.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/sys.h"
#include "runtime/cgroup_limits.h"
#include "runtime/systemd/annotations.h"

namespace hull::runtime::systemd {

Result<ScopeHolder> ScopeHolder::start(const ScopeName& name, const std::string& container_id,
                                       const spec::RuntimeSpec& spec, linux::CgroupMode mode) {
  const pid_t runtime = ::getpid();
  linux::Child child = TRY(linux::fork_into(0));
  if (child.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // What it inherited it must not hold: the lock of the container, and an end of the socket whose closing is awaited.
    ::close_range(3, ~0U, 0);
    while (::getppid() == runtime) ::pause();
    ::_exit(0);
  }
  const pid_t first = child.pid;
  ScopeHolder holder(std::move(child));
  const spec::Resources none;
  const spec::Linux& part = *spec.linux_part;
  const spec::Resources& wanted = part.resources ? *part.resources : none;
  // Limits last: as with runc they stand, whatever annotations say of the same property.
  auto properties = TRY(annotated_properties(spec.annotations));
  for (Property& property : properties_of(wanted, mode)) properties.push_back(std::move(property));
  for (Property& property :
       device_properties(with_default_devices(wanted.devices, part.devices), TRY(read_file("/proc/devices"))))
    properties.push_back(std::move(property));
  TRY(start_scope(name, container_id, first, properties));
  return holder;
}

ScopeHolder::~ScopeHolder() {
  if (child_.pid == 0) return;
  (void)sys::pidfd_send_signal(child_.pidfd, SIGKILL);
  (void)sys::waitpid(child_.pid, 0);
}

}  // namespace hull::runtime::systemd
