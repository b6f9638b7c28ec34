#include "linux/seccomp_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::linux {
namespace {

scmp_compare library_compare(Compare compare) {
  switch (compare) {
    case Compare::kNotEqual: return SCMP_CMP_NE;
    case Compare::kLess: return SCMP_CMP_LT;
    case Compare::kLessOrEqual: return SCMP_CMP_LE;
    case Compare::kEqual: return SCMP_CMP_EQ;
    case Compare::kGreaterOrEqual: return SCMP_CMP_GE;
    case Compare::kGreater: return SCMP_CMP_GT;
    case Compare::kMaskedEqual: return SCMP_CMP_MASKED_EQ;
  }
  return SCMP_CMP_EQ;
}

}  // namespace

void SeccompBuilder::Release::operator()(void* context) const { ::seccomp_release(context); }

SeccompBuilder::SeccompBuilder(void* context) : context_(context) {}

Result<SeccompBuilder> SeccompBuilder::create(SeccompReturn default_action) {
  void* context = ::seccomp_init(default_action);
  if (!context) return invalid_argument("seccomp: default action is not supported");
  SeccompBuilder builder(context);
  builder.default_action_ = default_action;
  builder.architectures_ = {::seccomp_arch_native()};
  // A jump tree instead of a list: fewer comparisons for each system call of the container.
  (void)::seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  return builder;
}

Result<void> SeccompBuilder::add_architecture(std::string_view name) {
  constexpr std::string_view kPrefix = "SCMP_ARCH_";
  if (name.substr(0, kPrefix.size()) != kPrefix)
    return invalid_argument("seccomp: unknown architecture \"" + std::string(name) + "\"");
  const uint32_t token = ::seccomp_arch_resolve_name(to_lower(name.substr(kPrefix.size())).c_str());
  if (token == 0) return invalid_argument("seccomp: unknown architecture \"" + std::string(name) + "\"");
  const int added = ::seccomp_arch_add(context_.get(), token);
  if (added < 0 && added != -EEXIST) return Error::from_errno(-added, "seccomp: add architecture " + std::string(name));
  if (added == 0) architectures_.push_back(token);
  return {};
}

Result<void> SeccompBuilder::add_rule(const std::string& syscall, SeccompReturn action,
                                      const std::vector<ArgumentMatch>& matches) {
  if (action == default_action_) return {};  // libseccomp refuses such a rule, which says nothing
  const int number = ::seccomp_syscall_resolve_name(syscall.c_str());
  if (number == __NR_SCMP_ERROR) return {};
  std::vector<scmp_arg_cmp> arguments;
  for (const ArgumentMatch& match : matches)
    arguments.push_back({match.index, library_compare(match.compare), match.value, match.value_two});
  const int added = ::seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(arguments.size()),
                                             arguments.data());
  if (added < 0 && added != -EEXIST) return Error::from_errno(-added, "seccomp: add rule for " + syscall);
  return {};
}

Result<std::string> SeccompBuilder::compile() const {
  const UniqueFd file = TRY(sys::memfd_create("seccomp", 0));
  const int exported = ::seccomp_export_bpf(context_.get(), file.get());
  if (exported < 0) return Error::from_errno(-exported, "seccomp: compile filter");
  TRY(sys::lseek(file, 0, SEEK_SET));
  return read_all(file, 1_MiB);
}

namespace {

/// The highest number among the calls, as the kernel sees it; nullopt where the architecture has none of them.
std::optional<uint32_t> highest_number(uint32_t architecture, const std::vector<std::string>& syscalls) {
  std::optional<uint32_t> highest;
  for (const std::string& name : syscalls) {
    const int number = ::seccomp_syscall_resolve_name_arch(architecture, name.c_str());
    if (number >= 0) highest = std::max(highest.value_or(0), static_cast<uint32_t>(number));
  }
  return highest;
}

constexpr uint32_t kX32Bit = 0x40000000;

}  // namespace

std::string SeccompBuilder::enosys_prologue(const std::vector<std::string>& syscalls) const {
  std::vector<sock_filter> body;
  for (const uint32_t architecture : architectures_) {
    const auto highest = highest_number(architecture, syscalls);
    if (!highest) continue;
    const bool x32 = architecture == SCMP_ARCH_X32;
    const uint32_t audit = x32 ? SCMP_ARCH_X86_64 : architecture;
    const bool shares = audit == SCMP_ARCH_X86_64;  // x86_64 and x32 differ by a bit of the number alone
    const uint32_t low = x32 ? kX32Bit : 0;
    const uint32_t high = shares && !x32 ? kX32Bit : UINT32_MAX;
    // Accumulator: the architecture at the start of each block, for which it is loaded again.
    body.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
    body.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit, 0, 5));
    body.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    body.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, low, 0, 3));
    body.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, high, 2, 0));
    body.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, *highest, 0, 1));
    body.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
  }
  return {reinterpret_cast<const char*>(body.data()), body.size() * sizeof(sock_filter)};
}

namespace {

Result<int> install(std::string_view program, unsigned flags) {
  const size_t count = program.size() / sizeof(sock_filter);
  if (count == 0 || program.size() % sizeof(sock_filter) != 0 || count > BPF_MAXINSNS)
    return invalid_argument("seccomp: program of " + std::to_string(program.size()) + " bytes");
  sock_fprog filter{static_cast<unsigned short>(count),
                    reinterpret_cast<sock_filter*>(const_cast<char*>(program.data()))};
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (result == -1) return Error::from_errno(errno, "seccomp: install filter");
  return static_cast<int>(result);
}

}  // namespace

Result<void> install_seccomp(std::string_view program, unsigned flags) {
  TRY(install(program, flags));
  return {};
}

Result<UniqueFd> install_seccomp_listener(std::string_view program, unsigned flags) {
  return UniqueFd(TRY(install(program, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER)));
}

std::vector<std::string> seccomp_architectures() {
  constexpr std::string_view kNames[] = {"AARCH64",   "ARM",    "LOONGARCH64", "MIPS",        "MIPS64",
                                         "MIPS64N32", "MIPSEL", "MIPSEL64",    "MIPSEL64N32", "PARISC",
                                         "PARISC64",  "PPC",    "PPC64",       "PPC64LE",     "RISCV64",
                                         "S390",      "S390X",  "X32",         "X86",         "X86_64"};
  std::vector<std::string> known;
  for (const std::string_view name : kNames)
    if (::seccomp_arch_resolve_name(to_lower(name).c_str()) != 0) known.push_back("SCMP_ARCH_" + std::string(name));
  return known;
}

std::string seccomp_library_version() {
  const scmp_version* version = ::seccomp_version();
  return std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' + std::to_string(version->micro);
}

}  // namespace hull::linux
