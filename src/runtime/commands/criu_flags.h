#pragma once

#include "runtime/checkpoint/checkpoint.h"
#include "runtime/flags.h"

namespace hull::runtime {

/// Flags that checkpoint and restore share.
inline constexpr Flag kImagePathFlag = {"image-path", 0, Flag::Kind::kText, "directory of criu's images"};
inline constexpr Flag kWorkPathFlag = {"work-path", 0, Flag::Kind::kText, "directory of criu's work files and logs"};
inline constexpr Flag kTcpFlag = {"tcp-established", 0, Flag::Kind::kSwitch, "allow open TCP connections"};
inline constexpr Flag kUnixFlag = {"ext-unix-sk", 0, Flag::Kind::kSwitch, "allow unix sockets that lead outside"};
inline constexpr Flag kShellJobFlag = {"shell-job", 0, Flag::Kind::kSwitch, "allow jobs of a shell outside"};
inline constexpr Flag kLocksFlag = {"file-locks", 0, Flag::Kind::kSwitch, "handle file locks"};
inline constexpr Flag kLazyFlag = {"lazy-pages", 0, Flag::Kind::kSwitch, "bring memory on demand (userfaultfd)"};
inline constexpr Flag kCgroupsModeFlag = {"manage-cgroups-mode", 0, Flag::Kind::kText,
                                          "soft, full, strict or ignore (default: soft)"};
inline constexpr Flag kEmptyFlag = {"empty-ns", 0, Flag::Kind::kList, "make this namespace without its properties"};
inline constexpr Flag kDedupFlag = {"auto-dedup", 0, Flag::Kind::kSwitch, "drop memory that a later image holds"};

/// Makes the images' directory where it is missing. Errors: kInvalidArgument, in runc's words.
Result<CriuSettings> criu_settings(const Flags& flags);

}  // namespace hull::runtime
