#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "spec/runtime/seccomp.h"

/// Compiling Docker's profile takes longer than all else in making a container, and the result is always the same.
namespace hull::runtime {

struct SeccompProgram {
  std::string bpf;
  uint32_t flags = 0;           ///< SECCOMP_FILTER_FLAG_*
  std::string listener_path{};  ///< where some rule is SCMP_ACT_NOTIFY
  std::string listener_metadata{};
  bool notifies() const { return !listener_path.empty(); }
};

/// The compiled profile, from `<root>/@seccomp/` where it lies there. A file is believed only if root alone can have
/// written it and it holds the same profile, byte by byte: the hash in its name only finds it.
/// Errors: kInvalidArgument.
Result<SeccompProgram> seccomp_program(const std::string& root, const spec::Seccomp& profile);

/// Without the cache.
Result<SeccompProgram> compile_seccomp(const spec::Seccomp& profile);

}  // namespace hull::runtime
