#include "runtime/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/seccomp_filter.h"

namespace hull::runtime {
namespace {

Result<uint32_t> action_value(spec::SeccompAction action, std::optional<uint32_t> errno_return) {
  using spec::SeccompAction;
  const uint32_t data = errno_return.value_or(EPERM) & SECCOMP_RET_DATA;
  switch (action) {
    case SeccompAction::kKill:
    case SeccompAction::kKillThread: return static_cast<uint32_t>(SECCOMP_RET_KILL_THREAD);
    case SeccompAction::kKillProcess: return static_cast<uint32_t>(SECCOMP_RET_KILL_PROCESS);
    case SeccompAction::kTrap: return static_cast<uint32_t>(SECCOMP_RET_TRAP);
    case SeccompAction::kErrno: return static_cast<uint32_t>(SECCOMP_RET_ERRNO | data);
    case SeccompAction::kTrace: return static_cast<uint32_t>(SECCOMP_RET_TRACE | data);
    case SeccompAction::kAllow: return static_cast<uint32_t>(SECCOMP_RET_ALLOW);
    case SeccompAction::kLog: return static_cast<uint32_t>(SECCOMP_RET_LOG);
    case SeccompAction::kNotify: return static_cast<uint32_t>(SECCOMP_RET_USER_NOTIF);
  }
  return internal_error("seccomp action");
}

linux::Compare comparison(spec::SeccompOperator op) {
  using spec::SeccompOperator;
  switch (op) {
    case SeccompOperator::kNotEqual: return linux::Compare::kNotEqual;
    case SeccompOperator::kLess: return linux::Compare::kLess;
    case SeccompOperator::kLessOrEqual: return linux::Compare::kLessOrEqual;
    case SeccompOperator::kEqual: return linux::Compare::kEqual;
    case SeccompOperator::kGreaterOrEqual: return linux::Compare::kGreaterOrEqual;
    case SeccompOperator::kGreater: return linux::Compare::kGreater;
    case SeccompOperator::kMaskedEqual: return linux::Compare::kMaskedEqual;
  }
  return linux::Compare::kEqual;
}

Result<uint32_t> flag_bits(const std::vector<std::string>& names) {
  uint32_t bits = 0;
  for (const std::string& name : names) {
    if (name == "SECCOMP_FILTER_FLAG_TSYNC") {
      bits |= 0;  // one thread only: nothing to synchronize, and the flag changes what errors look like
    } else if (name == "SECCOMP_FILTER_FLAG_LOG") {
      bits |= SECCOMP_FILTER_FLAG_LOG;
    } else if (name == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") {
      bits |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    } else if (name == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") {
      bits |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    } else {
      return invalid_argument("linux.seccomp.flags: unknown flag \"" + name + "\"");
    }
  }
  return bits;
}

Result<std::vector<linux::ArgumentMatch>> matches_of(const spec::SeccompRule& rule) {
  constexpr uint32_t kArguments = 6;
  std::vector<linux::ArgumentMatch> matches;
  for (const spec::SeccompArgument& argument : rule.args) {
    if (argument.index >= kArguments)
      return invalid_argument("linux.seccomp.syscalls: argument index " + std::to_string(argument.index));
    matches.push_back({argument.index, comparison(argument.op), argument.value, argument.value_two});
  }
  return matches;
}

/// Two comparisons of one argument can't stand in one rule of libseccomp; runc splits such a rule, so that one
/// suffices.
bool same_argument_twice(const std::vector<linux::ArgumentMatch>& matches) {
  for (size_t i = 0; i < matches.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (matches[i].index == matches[j].index) return true;
  return false;
}

/// Whether some rule waits for an agent.
bool has_notify(const spec::Seccomp& profile) {
  for (const spec::SeccompRule& rule : profile.syscalls)
    if (rule.action == spec::SeccompAction::kNotify) return true;
  return false;
}

Result<SeccompProgram> program_of(const spec::Seccomp& profile, std::string bpf) {
  SeccompProgram program;
  program.flags = TRY(flag_bits(profile.flags));
  program.bpf = std::move(bpf);
  if (!has_notify(profile)) {
    // The kernel takes it with a listener only.
    program.flags &= ~uint32_t{SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV};
    return program;
  }
  program.listener_path = profile.listener_path;
  program.listener_metadata = profile.listener_metadata;
  return program;
}

/// A system call that is newer than all that the profile names gets ENOSYS, so that programs fall back to older ones;
/// not where the default lets it through or is ENOSYS already. Source: runc, libcontainer/seccomp/patchbpf.
bool newer_calls_get_enosys(const spec::Seccomp& profile) {
  switch (profile.default_action) {
    case spec::SeccompAction::kAllow:
    case spec::SeccompAction::kLog:
    case spec::SeccompAction::kTrace: return false;
    default: return profile.default_errno_return != ENOSYS;
  }
}

constexpr std::string_view kMagic = "hull-seccomp-2\n";

/// What a cache file must begin with: all that the program depends on.
std::string cache_header(const spec::Seccomp& profile) {
  const std::string text = json::format(profile);
  std::string header(kMagic);
  header += linux::seccomp_library_version() + "\n" + std::to_string(text.size()) + "\n" + text + "\n";
  return header;
}

std::string hash_name(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char name[17];
  std::snprintf(name, sizeof name, "%016lx", static_cast<unsigned long>(hash));
  return name;
}

bool only_ours(const struct stat& info) { return info.st_uid == ::geteuid() && (info.st_mode & 022) == 0; }

Result<std::string> load(const std::string& directory, const std::string& name, const std::string& header) {
  const UniqueFd dir = TRY(sys::open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  const UniqueFd file = TRY(sys::openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  const struct stat info = TRY(sys::fstat(file));
  if (!only_ours(TRY(sys::fstat(dir))) || !only_ours(info) || !S_ISREG(info.st_mode))
    return failed_precondition("seccomp cache: " + directory + " is writable by others");
  std::string text = TRY(read_all(file, 8_MiB));
  if (text.compare(0, header.size(), header) != 0) return not_found("another profile");
  text.erase(0, header.size());
  if (text.empty() || text.size() % 8 != 0) return data_loss("seccomp cache: torn file");
  return text;
}

}  // namespace

Result<SeccompProgram> compile_seccomp(const spec::Seccomp& profile) {
  auto builder =
      TRY(linux::SeccompBuilder::create(TRY(action_value(profile.default_action, profile.default_errno_return))));
  for (const std::string& architecture : profile.architectures)
    TRY(builder.add_architecture(architecture).context("linux.seccomp.architectures"));
  std::vector<std::string> calls;
  for (const spec::SeccompRule& rule : profile.syscalls) {
    calls.insert(calls.end(), rule.names.begin(), rule.names.end());
    const uint32_t action = TRY(action_value(rule.action, rule.errno_return));
    const auto matches = TRY(matches_of(rule));
    for (const std::string& name : rule.names) {
      if (!same_argument_twice(matches)) {
        TRY(builder.add_rule(name, action, matches));
        continue;
      }
      for (const auto& match : matches) TRY(builder.add_rule(name, action, {match}));
    }
  }
  std::string bpf = TRY(builder.compile());
  if (newer_calls_get_enosys(profile)) bpf.insert(0, builder.enosys_prologue(calls));
  return program_of(profile, std::move(bpf));
}

Result<SeccompProgram> seccomp_program(const std::string& root, const spec::Seccomp& profile) {
  const std::string directory = root + "/@seccomp";
  const std::string header = cache_header(profile);
  const std::string name = hash_name(header);
  if (auto cached = load(directory, name, header); cached.ok()) return program_of(profile, TRY(std::move(cached)));
  SeccompProgram program = TRY(compile_seccomp(profile));
  // A cache that can't be written costs time, nothing else.
  auto stored = make_directories(directory, 0700);
  if (stored.ok()) stored = replace_file(directory + "/" + name, header + program.bpf, 0600, Durable::kNo);
  if (!stored.ok()) logging::warn("store compiled seccomp filter", {{"error", stored.error().message()}});
  return program;
}

}  // namespace hull::runtime
