#include "runtime/checkpoint/stdio.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/sys.h"

namespace hull::runtime {
namespace {

/// As criu spells it, in hexadecimal. Source: criu(8), "--external file[mnt_id:inode]".
std::string file_key(int fd) {
  struct statx info {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &info) == -1) return "";
  char key[64];
  std::snprintf(key, sizeof key, "file[%llx:%llx]", static_cast<unsigned long long>(info.stx_mnt_id),
                static_cast<unsigned long long>(info.stx_ino));
  return key;
}

std::string describe(int fd) {
  const auto name = sys::readlink("/proc/self/fd/" + std::to_string(fd));
  if (!name.ok()) return "";
  const bool in_file_tree = name->substr(0, 1) == "/";
  return in_file_tree && !::isatty(fd) ? file_key(fd) : *name;
}

}  // namespace

std::vector<std::string> describe_stdio() { return {describe(0), describe(1), describe(2)}; }

bool is_host_file(const std::string& key) { return key.compare(0, 5, "file[") == 0; }

}  // namespace hull::runtime
