#pragma once

#include "runtime/create.h"
#include "runtime/flags.h"

namespace hull::runtime {

/// Flags that create and run share.
inline constexpr Flag kBundleFlag = {"bundle", 'b', Flag::Kind::kText, "the bundle's directory (default: here)"};
inline constexpr Flag kConsoleSocketFlag = {"console-socket", 0, Flag::Kind::kText,
                                            "unix socket that gets the terminal's master end"};
inline constexpr Flag kPidfdSocketFlag = {"pidfd-socket", 0, Flag::Kind::kText,
                                          "unix socket that gets a pidfd of the process"};
inline constexpr Flag kPidFileFlag = {"pid-file", 0, Flag::Kind::kText, "file that the process id is written to"};
inline constexpr Flag kNoPivotFlag = {"no-pivot", 0, Flag::Kind::kSwitch,
                                      "move the rootfs to / instead of pivot_root, for a host on a ramdisk"};
inline constexpr Flag kNoKeyringFlag = {"no-new-keyring", 0, Flag::Kind::kSwitch, "keep the caller's session keyring"};
inline constexpr Flag kPreserveFlag = {"preserve-fds", 0, Flag::Kind::kNumber,
                                       "hand N more descriptors than stdio to the container"};

inline constexpr Flag kCreateFlags[] = {kBundleFlag,  kConsoleSocketFlag, kPidFileFlag, kPidfdSocketFlag,
                                        kNoPivotFlag, kNoKeyringFlag,     kPreserveFlag};

/// Errors: kInvalidArgument: a number below zero.
Result<CreateOptions> create_options(const Flags& flags);
/// An absolute path of what is given from here.
Result<std::string> absolute_path(const std::string& path);

}  // namespace hull::runtime
