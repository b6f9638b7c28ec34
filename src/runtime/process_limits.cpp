#include "runtime/process_limits.h"

#include <sys/resource.h>

#include <cerrno>

#include "base/files.h"
#include "linux/process_attributes.h"

namespace hull::runtime {

Result<Refused> set_own_rlimits(const spec::Process& process) {
  for (const spec::Rlimit& limit : process.rlimits) {
    auto set = linux::set_rlimit(TRY(linux::rlimit_number(limit.type)), limit.soft, limit.hard);
    if (set.ok()) continue;
    if (set.error().number() == EPERM) return Refused::kSome;
    return std::move(set).error().context("error setting rlimit " + limit.type);
  }
  return Refused::kNone;
}

std::string_view to_message(Refused refused) { return refused == Refused::kSome ? "rlimits" : ""; }
Refused refused_of_message(std::string_view message) { return message.empty() ? Refused::kNone : Refused::kSome; }

Result<void> set_own_oom_score(const spec::Process& process) {
  if (!process.oom_score_adj) return {};
  return write_existing("/proc/self/oom_score_adj", std::to_string(*process.oom_score_adj));
}

Result<void> set_process_limits(const spec::Process& process, pid_t pid, Refused refused) {
  if (refused == Refused::kNone) return {};
  for (const spec::Rlimit& limit : process.rlimits) {
    const rlimit value{limit.soft, limit.hard};
    const int number = TRY(linux::rlimit_number(limit.type));
    if (::prlimit(pid, static_cast<__rlimit_resource>(number), &value, nullptr) == -1)
      return Error::from_errno(errno, "error setting rlimit " + limit.type);
  }
  return {};
}

}  // namespace hull::runtime
