#include <set>

#include "base/files.h"
#include "linux/capability_sets.h"
#include "linux/process_attributes.h"
#include "runtime/validate.h"

namespace hull::runtime {
namespace {

Error bad(std::string_view prefix, std::string_view field, std::string_view problem) {
  return invalid_argument(std::string(prefix) + "." + std::string(field) + ": " + std::string(problem));
}

bool has_nul(const std::vector<std::string>& texts) {
  for (const std::string& text : texts)
    if (text.find('\0') != std::string::npos) return true;
  return false;
}

Result<void> check_user(const spec::User& user, std::string_view prefix) {
  // (uid_t)-1 means "leave as it is" to the kernel: a user of that number would stay root (CVE-2024-40635's kind).
  constexpr uint32_t kNone = UINT32_MAX;
  if (user.uid == kNone) return bad(prefix, "user.uid", "4294967295 is no user");
  if (user.gid == kNone) return bad(prefix, "user.gid", "4294967295 is no group");
  for (const uint32_t gid : user.additional_gids)
    if (gid == kNone) return bad(prefix, "user.additionalGids", "4294967295 is no group");
  if (user.umask && *user.umask > 0777) return bad(prefix, "user.umask", "over 0777: " + std::to_string(*user.umask));
  return {};
}

Result<void> check_capabilities(const spec::Capabilities& sets, std::string_view prefix) {
  const std::pair<std::string_view, const std::vector<std::string>*> all[] = {
      {"bounding", &sets.bounding},   {"effective", &sets.effective}, {"inheritable", &sets.inheritable},
      {"permitted", &sets.permitted}, {"ambient", &sets.ambient},
  };
  for (const auto& [name, set] : all)
    for (const std::string& capability : *set)
      if (!linux::capability_number(capability))
        return bad(prefix, "capabilities." + std::string(name), "unknown capability \"" + capability + "\"");
  return {};
}

Result<void> check_rlimits(const std::vector<spec::Rlimit>& limits, std::string_view prefix) {
  std::set<std::string> seen;
  for (const spec::Rlimit& limit : limits) {
    if (auto known = linux::rlimit_number(limit.type); !known.ok())
      return bad(prefix, "rlimits", known.error().message());
    if (!seen.insert(limit.type).second) return bad(prefix, "rlimits", limit.type + " stands twice");
    if (limit.soft > limit.hard) return bad(prefix, "rlimits", limit.type + ": soft is above hard");
  }
  return {};
}

/// Source: runc, libcontainer/configs/validate: which number goes with which policy.
Result<void> check_scheduler(const spec::Scheduler& scheduler, std::string_view prefix) {
  if (auto known = linux::check_scheduler_names(scheduler.policy, scheduler.flags); !known.ok())
    return bad(prefix, "scheduler", known.error().message());
  if (scheduler.nice < -20 || scheduler.nice > 19)
    return bad(prefix, "scheduler.nice", "must lie between -20 and 19, got " + std::to_string(scheduler.nice));
  const bool realtime = scheduler.policy == "SCHED_FIFO" || scheduler.policy == "SCHED_RR";
  if (scheduler.priority != 0 && !realtime)
    return bad(prefix, "scheduler.priority",
               "goes with SCHED_FIFO and SCHED_RR only, got " + std::to_string(scheduler.priority));
  const std::pair<std::string_view, uint64_t> times[] = {{"scheduler.runtime", scheduler.runtime},
                                                         {"scheduler.deadline", scheduler.deadline},
                                                         {"scheduler.period", scheduler.period}};
  for (const auto& [field, value] : times)
    if (value != 0 && scheduler.policy != "SCHED_DEADLINE")
      return bad(prefix, field, "goes with SCHED_DEADLINE only, got " + std::to_string(value));
  return {};
}

Result<void> check_io_priority(const spec::IoPriority& io, std::string_view prefix) {
  if (auto known = linux::check_io_class(io.io_class); !known.ok())
    return bad(prefix, "ioPriority.class", known.error().message());
  if (io.priority < 0 || io.priority > 7)
    return bad(prefix, "ioPriority.priority", "must lie between 0 and 7, got " + std::to_string(io.priority));
  return {};
}

Result<void> check_labels(const spec::Process& process, std::string_view prefix) {
  if (!process.selinux_label.empty() && !exists("/sys/fs/selinux/enforce"))
    return unimplemented(std::string(prefix) + ".selinuxLabel: SELinux is not enabled on this machine");
  if (!process.apparmor_profile.empty() && !exists("/sys/kernel/security/apparmor"))
    return unimplemented(std::string(prefix) + ".apparmorProfile: AppArmor is not enabled on this machine: \"" +
                         process.apparmor_profile + "\"");
  return {};
}

}  // namespace

Result<void> validate_process(const spec::Process& process, std::string_view prefix) {
  if (process.args.empty() || process.args[0].empty()) return bad(prefix, "args", "must not be empty");
  if (process.cwd.empty()) return bad(prefix, "cwd", "Cwd property must not be empty");
  if (process.cwd[0] != '/') return bad(prefix, "cwd", "Cwd must be an absolute path, got \"" + process.cwd + "\"");
  if (has_nul(process.args)) return bad(prefix, "args", "has a NUL character");
  if (has_nul(process.env)) return bad(prefix, "env", "has a NUL character");
  TRY(check_user(process.user, prefix));
  if (process.capabilities) TRY(check_capabilities(*process.capabilities, prefix));
  TRY(check_rlimits(process.rlimits, prefix));
  if (const auto& score = process.oom_score_adj; score && (*score < -1000 || *score > 1000))
    return bad(prefix, "oomScoreAdj", "must lie between -1000 and 1000, got " + std::to_string(*score));
  if (process.scheduler) TRY(check_scheduler(*process.scheduler, prefix));
  if (process.io_priority) TRY(check_io_priority(*process.io_priority, prefix));
  if (const auto& affinity = process.exec_cpu_affinity) {
    const std::string field = std::string(prefix) + ".execCPUAffinity.";
    if (!affinity->initial.empty()) TRY(linux::check_cpu_list(affinity->initial).context(field + "initial"));
    if (!affinity->final.empty()) TRY(linux::check_cpu_list(affinity->final).context(field + "final"));
  }
  return check_labels(process, prefix);
}

}  // namespace hull::runtime
