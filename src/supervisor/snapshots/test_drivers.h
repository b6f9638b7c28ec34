#pragma once

#include <stdlib.h>
#include <sys/mount.h>

#include <functional>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/sys.h"
#include "supervisor/snapshots/btrfs_driver.h"
#include "supervisor/snapshots/erofs_driver.h"
#include "supervisor/snapshots/native_driver.h"
#include "supervisor/snapshots/overlay_driver.h"

/// Every driver, each on a file system that it works on.
namespace hull::supervisor {

using OpenedDriver = Result<std::unique_ptr<SnapshotDriver>>;

template <class T>
OpenedDriver as_driver(Result<std::unique_ptr<T>> opened) {
  if (!opened.ok()) return std::move(opened).error();
  return std::unique_ptr<SnapshotDriver>(std::move(opened).value());
}

struct TestDriver {
  const char* name;
  OpenedDriver (*open)(const std::string& root);
};
inline constexpr TestDriver kTestDrivers[] = {
    {"overlayfs", [](const std::string& root) { return as_driver(OverlayDriver::open(root)); }},
    {"native", [](const std::string& root) { return as_driver(NativeDriver::open(root)); }},
    {"btrfs", [](const std::string& root) { return as_driver(BtrfsDriver::open(root)); }},
    {"erofs", [](const std::string& root) { return as_driver(ErofsDriver::open(root)); }},
    {"fuse",
     [](const std::string& root) { return as_driver(OverlayDriver::open(root, OverlayDriver::Flavour::kFuse)); }},
};

inline Result<void> run_program(const std::string& command) {
  if (::system((command + " >/dev/null 2>&1").c_str()) == 0) return {};
  return unavailable(command + " ended with an error");
}

/// A temporary folder, for btrfs on a file system of its own.
class TestPlace {
 public:
  static Result<std::unique_ptr<TestPlace>> create(const TestDriver& driver) {
    char name[] = "/tmp/hull-snap-XXXXXX";
    if (!::mkdtemp(name)) return Error::from_errno(errno, "make a temporary folder");
    std::unique_ptr<TestPlace> place(new TestPlace(name));
    place->records_ = "/dev/shm/" + std::string(name).substr(5);
    TRY(sys::mkdir(place->records_, 0700));
    if (std::string_view(driver.name) != "btrfs") return place;
    const UniqueFd image = TRY(sys::open(place->image(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    TRY(sys::ftruncate(image, 512 << 20));
    TRY(run_program("mkfs.btrfs -q " + place->image()));
    TRY(run_program("mount -t btrfs -o loop " + place->image() + " " + place->path()));
    place->mounted_ = true;
    return place;
  }
  ~TestPlace() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    (void)remove_tree(path_);
    (void)remove_tree(image());
    (void)remove_tree(records_);
  }
  const std::string& path() const { return path_; }
  /// A folder in memory for records, whose syncs are not what is tested here.
  const std::string& records() const { return records_; }

 private:
  explicit TestPlace(std::string path) : path_(std::move(path)) {}
  std::string image() const { return path_ + ".image"; }
  const std::string path_;
  std::string records_;
  bool mounted_ = false;
};

}  // namespace hull::supervisor
