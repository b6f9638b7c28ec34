#include "programs/hull-containerd/store_root.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::supervisor {
namespace {

Result<UniqueFd> lock_root(const std::string& root) {
  const std::string path = root + "/lock";
  auto lock = TRY(sys::open(path, O_RDWR | O_CREAT, 0600));
  if (auto locked = sys::try_lock(lock); !locked.ok()) {
    if (!locked.is(Code::kUnavailable)) return std::move(locked).error();
    const std::string owner = read_file(path, 1_KiB).value_or("");
    return failed_precondition("root " + root + " is in use by another daemon (process " + std::string(trim(owner)) +
                               ")");
  }
  TRY(sys::ftruncate(lock, 0));
  TRY(sys::write_all(lock, std::to_string(::getpid()) + "\n"));
  return lock;
}

Result<std::string> read_or_make_uuid(const std::string& path) {
  auto text = read_file(path, 1_KiB);
  if (text.ok() && text->size() >= 36) return text->substr(0, 36);
  const std::string hex = random_hex(32);
  // Version 4, variant 1 (RFC 4122, 4.4).
  const std::string uuid = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" + hex.substr(13, 3) + "-a" +
                           hex.substr(17, 3) + "-" + hex.substr(20, 12);
  TRY(replace_file(path, uuid, 0600));
  return uuid;
}

}  // namespace

Result<StoreRoot> StoreRoot::claim(const Config& config) {
  TRY(make_directories(config.root, 0711));
  TRY(make_directories(config.state, 0711));
  for (const std::string& socket : {config.address, config.shim_socket(), config.debug_address})
    if (!socket.empty()) TRY(make_directories(socket.substr(0, socket.rfind('/')), 0711));
  auto lock = TRY(lock_root(config.root));
  auto uuid = TRY(read_or_make_uuid(config.root + "/uuid"));
  return StoreRoot(std::move(lock), std::move(uuid));
}

}  // namespace hull::supervisor
