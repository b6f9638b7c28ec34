#pragma once

#include <string>

#include "base/result.h"
#include "spec/runtime/spec.h"

/// Running without the host's root: as an ordinary user, or as the root of a user namespace that an ordinary user made.
namespace hull::runtime {

/// --rootless. With cgroups that are rootless, one that may not be made is left out unless the document asks for it.
/// Source: runc, rootless_linux.go.
enum class RootlessFlag { kAuto, kNo, kYes };
bool has_rootless_cgroups(RootlessFlag flag, bool systemd_cgroup);

/// Whether this process is in a user namespace that is not the machine's own.
bool in_user_namespace();

/// "/run/hull-runc"; below $XDG_RUNTIME_DIR for who may not write there.
std::string default_root();

/// What an ordinary user can't have, in runc's words; the host's root may have it all.
Result<void> check_rootless(const spec::RuntimeSpec& spec);

}  // namespace hull::runtime
