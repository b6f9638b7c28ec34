#pragma once

#include "base/result.h"

/// The variable that tells the program that it was started by itself.
#define HULL_SEALED_MARKER "_HULL_RUNC_SEALED"

namespace hull::runtime {

/// Starts this program again from an image of its own file that nobody can write, unless it runs from one already.
///
/// A container that gets at our /proc/<pid>/exe, be it as the target of its "#!/proc/self/exe", could open the host's
/// binary for writing once we are gone (CVE-2019-5736). So before any process of ours can be seen from a container, we
/// run from a read-only mount of the file that is attached nowhere: opening it for writing is EROFS, and no mount
/// namespace contains it, so nobody can make it writable again. It costs one more exec (0.3 ms), against 1 ms and 2 MB
/// of memory for a sealed memfd, which is the fallback where mounts are not allowed. On x86-64 the program's entry does
/// it already (programs/hull-runc/seal_entry.cpp); what is done here is the check of it, and the rest.
Result<void> run_from_sealed_image(char** argv);

}  // namespace hull::runtime
