#include "linux/process_attributes.h"

#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "base/text.h"

namespace hull::linux {
namespace {

struct Named {
  std::string_view name;
  int value;
};

constexpr Named kRlimits[] = {
    {"RLIMIT_CPU", RLIMIT_CPU},           {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_DATA", RLIMIT_DATA},         {"RLIMIT_STACK", RLIMIT_STACK},
    {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},   {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},     {"RLIMIT_RTTIME", RLIMIT_RTTIME},
};
constexpr Named kPolicies[] = {
    {"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},       {"SCHED_BATCH", 3},
    {"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
};
constexpr Named kSchedulerFlags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},     {"SCHED_FLAG_DL_OVERRUN", 0x04},
    {"SCHED_FLAG_KEEP_POLICY", 0x08},    {"SCHED_FLAG_KEEP_PARAMS", 0x10}, {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};
// linux/mempolicy.h
constexpr Named kMemoryModes[] = {
    {"MPOL_DEFAULT", 0},
    {"MPOL_PREFERRED", 1},
    {"MPOL_BIND", 2},
    {"MPOL_INTERLEAVE", 3},
    {"MPOL_LOCAL", 4},
    {"MPOL_PREFERRED_MANY", 5},
    {"MPOL_WEIGHTED_INTERLEAVE", 6},
};
constexpr Named kMemoryFlags[] = {
    {"MPOL_F_STATIC_NODES", 1 << 15}, {"MPOL_F_RELATIVE_NODES", 1 << 14}, {"MPOL_F_NUMA_BALANCING", 1 << 13}};
constexpr Named kIoClasses[] = {{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};

template <size_t N>
Result<int> look_up(const Named (&table)[N], std::string_view name, std::string_view what) {
  for (const Named& entry : table)
    if (entry.name == name) return entry.value;
  return invalid_argument("unknown " + std::string(what) + " \"" + std::string(name) + "\"");
}

}  // namespace

Result<int> rlimit_number(std::string_view name) { return look_up(kRlimits, name, "rlimit"); }

Result<void> set_rlimit(int number, uint64_t soft, uint64_t hard) {
  const rlimit limit{soft, hard};
  if (::setrlimit(static_cast<__rlimit_resource>(number), &limit) == -1) return Error::from_errno(errno, "set rlimit");
  return {};
}

Result<void> check_scheduler_names(const std::string& policy, const std::vector<std::string>& flags) {
  TRY(look_up(kPolicies, policy, "scheduler policy"));
  for (const std::string& flag : flags) TRY(look_up(kSchedulerFlags, flag, "scheduler flag"));
  return {};
}

Result<void> check_io_class(const std::string& io_class) {
  TRY(look_up(kIoClasses, io_class, "I/O priority class"));
  return {};
}

Result<void> set_scheduler(const SchedulingPolicy& policy) {
  struct {
    uint32_t size = 48;
    uint32_t policy = 0;
    uint64_t flags = 0;
    int32_t nice = 0;
    uint32_t priority = 0;
    uint64_t runtime = 0, deadline = 0, period = 0;
  } attributes;
  attributes.policy = static_cast<uint32_t>(TRY(look_up(kPolicies, policy.policy, "scheduler policy")));
  for (const std::string& flag : policy.flags)
    attributes.flags |= static_cast<uint64_t>(TRY(look_up(kSchedulerFlags, flag, "scheduler flag")));
  attributes.nice = policy.nice;
  attributes.priority = policy.priority;
  attributes.runtime = policy.runtime;
  attributes.deadline = policy.deadline;
  attributes.period = policy.period;
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) == -1) return Error::from_errno(errno, "set scheduler");
  return {};
}

Result<void> set_io_priority(const std::string& io_class, int priority) {
  constexpr int kClassShift = 13;
  constexpr int kWhoProcess = 1;
  const int number = TRY(look_up(kIoClasses, io_class, "I/O priority class"));
  if (::syscall(SYS_ioprio_set, kWhoProcess, 0, number << kClassShift | priority) == -1)
    return Error::from_errno(errno, "set I/O priority");
  return {};
}

Result<void> set_personality(const std::string& domain) {
  if (domain != "LINUX" && domain != "LINUX32")
    return invalid_argument("unknown personality domain \"" + domain + "\"");
  if (::personality(domain == "LINUX32" ? PER_LINUX32 : PER_LINUX) == -1)
    return Error::from_errno(errno, "set personality");
  return {};
}

namespace {

/// Numbers and ranges below CPU_SETSIZE, which is also more than any machine has memory nodes.
Result<cpu_set_t> parse_list(const std::string& list) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::string_view part : split(list, ',')) {
    const auto range = cut(part, "-");
    const auto low = parse_integer<int>(range ? range->before : part);
    const auto high = range ? parse_integer<int>(range->after) : low;
    if (!low || !high || *low < 0 || *high < *low || *high >= CPU_SETSIZE)
      return invalid_argument("malformed list \"" + list + "\"");
    for (int number = *low; number <= *high; ++number) CPU_SET(number, &set);
  }
  return set;
}

struct KernelPolicy {
  int mode = 0;
  cpu_set_t nodes{};
};

Result<KernelPolicy> kernel_policy(const MemoryPolicy& policy) {
  KernelPolicy wanted;
  CPU_ZERO(&wanted.nodes);
  wanted.mode = TRY(look_up(kMemoryModes, policy.mode, "mode"));
  for (const std::string& flag : policy.flags) wanted.mode |= TRY(look_up(kMemoryFlags, flag, "flag"));
  if (!policy.nodes.empty()) wanted.nodes = TRY(parse_list(policy.nodes));
  return wanted;
}

}  // namespace

Result<void> check_memory_policy(const MemoryPolicy& policy) {
  TRY(kernel_policy(policy));
  return {};
}

Result<void> set_memory_policy(const MemoryPolicy& policy) {
  const KernelPolicy wanted = TRY(kernel_policy(policy));
  // The kernel reads one bit less than it is told.
  const unsigned long bits = policy.nodes.empty() ? 0 : CPU_SETSIZE;
  if (::syscall(SYS_set_mempolicy, wanted.mode, bits ? &wanted.nodes : nullptr, bits) == -1)
    return Error::from_errno(errno, "set memory policy " + policy.mode);
  return {};
}

Result<void> check_cpu_list(const std::string& list) {
  TRY(parse_list(list));
  return {};
}

Result<void> set_cpu_affinity(const std::string& list) {
  const cpu_set_t set = TRY(parse_list(list));
  if (::sched_setaffinity(0, sizeof set, &set) == -1) return Error::from_errno(errno, "set CPU affinity " + list);
  return {};
}

Result<void> join_session_keyring(const std::string& name) {
  const long key = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.c_str());
  if (key == -1 && errno != ENOSYS) return Error::from_errno(errno, "join session keyring");
  return {};
}

Result<void> close_on_exec_from(unsigned first) {
  constexpr unsigned kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC
  if (::syscall(SYS_close_range, first, ~0U, kCloseOnExec) == -1) return Error::from_errno(errno, "close_range");
  return {};
}

Result<ProcessStat> parse_process_stat(std::string_view text) {
  // The name, in parentheses, may contain anything; what follows the last one does not.
  const size_t end = text.rfind(')');
  if (end == std::string_view::npos || end + 2 >= text.size()) return data_loss("malformed /proc/pid/stat");
  const auto fields = split(trim(text.substr(end + 2)), ' ');
  constexpr size_t kStartTime = 19;  // field 22 of proc(5); the state is field 3
  const auto start = fields.size() > kStartTime ? parse_integer<uint64_t>(fields[kStartTime]) : std::nullopt;
  if (!start || fields[0].size() != 1) return data_loss("malformed /proc/pid/stat");
  return ProcessStat{fields[0][0], *start};
}

Result<ProcessStat> process_stat(pid_t pid) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
  // The process may go between open and read.
  if (!text.ok() && text.error().number() == ESRCH) return not_found("no such process");
  return parse_process_stat(TRY(std::move(text)));
}

Result<void> send_descriptor(FdRef socket, FdRef sent, std::string_view text) {
  iovec data{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = sent.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) == -1) return Error::from_errno(errno, "send descriptor");
  return {};
}

Result<UniqueFd> receive_descriptor(FdRef socket) {
  char text[4096];
  iovec data{text, sizeof text};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC) == -1) return Error::from_errno(errno, "receive descriptor");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS) return data_loss("no descriptor was sent");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return UniqueFd(fd);
}

Result<int> parse_signal(std::string_view text) {
  constexpr int kHighest = 64;
  if (const auto number = parse_integer<int>(text); number && *number >= 0 && *number <= kHighest) return *number;
  std::string name;
  for (const char c : text) name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  if (name.substr(0, 3) == "SIG") name = name.substr(3);
  for (int number = 1; number < 32; ++number) {
    const char* known = ::sigabbrev_np(number);
    if (known && name == known) return number;
  }
  constexpr std::pair<std::string_view, int> kAliases[] = {{"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO}};
  for (const auto& [alias, number] : kAliases)
    if (name == alias) return number;
  // Real-time signals, as the kernel numbers them: 34 is the first that the C library leaves free.
  constexpr int kRtMin = 34;
  if (name == "RTMIN") return kRtMin;
  if (name == "RTMAX") return kHighest;
  if (name.substr(0, 6) == "RTMIN+")
    if (const auto offset = parse_integer<int>(name.substr(6)); offset && *offset >= 0 && *offset <= 30)
      return kRtMin + *offset;
  if (name.substr(0, 6) == "RTMAX-")
    if (const auto offset = parse_integer<int>(name.substr(6)); offset && *offset >= 0 && *offset <= 30)
      return kHighest - *offset;
  return invalid_argument("unknown signal \"" + std::string(text) + "\"");
}

}  // namespace hull::linux
