#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace hull::linux {

/// A comparison of one system call argument; as SCMP_CMP_* of libseccomp.
enum class Compare { kNotEqual, kLess, kLessOrEqual, kEqual, kGreaterOrEqual, kGreater, kMaskedEqual };
struct ArgumentMatch {
  uint32_t index = 0;
  Compare compare = Compare::kEqual;
  uint64_t value = 0;
  uint64_t value_two = 0;
};

/// Actions as SECCOMP_RET_* with their data, e.g. SECCOMP_RET_ERRNO | EPERM.
using SeccompReturn = uint32_t;

/// Compiles rules to BPF by libseccomp.
class SeccompBuilder {
 public:
  static Result<SeccompBuilder> create(SeccompReturn default_action);
  /// "SCMP_ARCH_X86_64"; one that is there already is no error. Errors: kInvalidArgument: unknown.
  Result<void> add_architecture(std::string_view name);
  /// All matches must hold. A system call that no architecture knows is passed over, as runc does it.
  Result<void> add_rule(const std::string& syscall, SeccompReturn action, const std::vector<ArgumentMatch>& matches);
  /// Instructions to stand before the program: a call with a number above that of all the named ones gets ENOSYS.
  std::string enosys_prologue(const std::vector<std::string>& syscalls) const;
  /// The program: an array of struct sock_filter.
  Result<std::string> compile() const;

 private:
  explicit SeccompBuilder(void* context);
  struct Release {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Release> context_;
  SeccompReturn default_action_ = 0;
  std::vector<uint32_t> architectures_;  ///< as libseccomp numbers them
};

/// Installs a compiled program for this thread. flags: SECCOMP_FILTER_FLAG_*. Without no_new_privs it needs
/// CAP_SYS_ADMIN.
Result<void> install_seccomp(std::string_view program, unsigned flags);
/// The same, with the descriptor that notifications (SECCOMP_RET_USER_NOTIF) are read from.
Result<UniqueFd> install_seccomp_listener(std::string_view program, unsigned flags);
/// The architectures that a profile may name and this library knows: "SCMP_ARCH_X86_64" …
std::vector<std::string> seccomp_architectures();
/// "2.5.4"
std::string seccomp_library_version();

}  // namespace hull::linux
