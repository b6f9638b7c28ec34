#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "supervisor/snapshots/driver.h"

/// What drivers whose snapshots are numbered directories share.
namespace hull::supervisor {

/// Makes the folder that holds the numbered directories. On ext4 each of them then begins in a block group of its own
/// (ext4(5), "topdir"): ext4 steps over inodes deleted in the last minutes one by one, so that a layer unpacked where
/// another was just removed costs the product of both.
Result<void> make_snapshot_folder(const std::string& path);
Result<std::vector<int64_t>> list_numbered(const std::string& folder);
/// Bytes and inodes below the directory, itself included; hard links count once, holes not at all.
Result<Usage> disk_usage(const std::string& path);
/// The same of what is not in `base` just as it is there, where the file system made `path` as a snapshot of it.
Result<Usage> disk_usage_over(const std::string& path, const std::string& base);
/// Whether PATH has the program.
bool is_installed(const std::string& program);
/// Gives a directory the owner and mode of another one.
Result<void> copy_owner_and_mode(const std::string& from, const std::string& to);

}  // namespace hull::supervisor
