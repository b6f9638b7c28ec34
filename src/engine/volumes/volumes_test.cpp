#include "engine/volumes/volumes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "engine/containers/copy_up.h"
#include "engine/volumes/directory_size.h"
#include "engine/volumes/local_driver.h"

namespace hull::engine {
namespace {

class Events final : public EventSink {
 public:
  void publish(Event event) override {
    std::lock_guard lock(mutex_);
    names.push_back(event.action + " " + event.actor_id);
  }
  std::vector<std::string> names;

 private:
  std::mutex mutex_;
};

class VolumesTest : public ::testing::Test {
 protected:
  VolumesTest() : root_("/tmp/hull-volumes-" + random_hex(12)) { start(); }
  ~VolumesTest() override {
    volumes_.reset();
    MUST(remove_tree(root_));
  }
  void start() {
    volumes_.reset();
    volumes_ = MUST(Volumes::open(root_, events_));
  }
  api::Volume make(const std::string& name, std::map<std::string, std::string> options = {}) {
    api::VolumeCreate create;
    create.name = name;
    create.driver_options = std::move(options);
    return MUST(volumes_->create(create));
  }
  std::string create_error(const std::string& name, const std::string& driver,
                           std::map<std::string, std::string> options) {
    api::VolumeCreate create;
    create.name = name;
    create.driver = driver;
    create.driver_options = std::move(options);
    return volumes_->create(create).error().message();
  }

  const std::string root_;
  Events events_;
  std::unique_ptr<Volumes> volumes_;
};

TEST_F(VolumesTest, a_volume_is_made_shown_and_removed) {
  const api::Volume made = make("data");
  EXPECT_EQ(made.mountpoint, root_ + "/volumes/data/_data");
  EXPECT_TRUE(exists(made.mountpoint));
  MUST(replace_file(made.mountpoint + "/file", "content", 0644));
  start();
  EXPECT_EQ(json::format(MUST(volumes_->inspect("data"))), json::format(made)) << "after a restart";
  MUST(volumes_->remove("data", false));
  EXPECT_FALSE(exists(root_ + "/volumes/data"));
  EXPECT_EQ(volumes_->remove("data", false).error().message(), "get data: no such volume");
  EXPECT_TRUE(volumes_->remove("data", true).ok());
  EXPECT_EQ(events_.names, (std::vector<std::string>{"create data", "destroy data"}));
}

TEST_F(VolumesTest, wrong_requests_are_refused_in_dockers_words) {
  EXPECT_EQ(
      create_error("a/b", "", {}),
      "create a/b: \"a/b\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" "
      "are allowed. If you intended to pass a host directory, use absolute path");
  EXPECT_EQ(create_error("x", "", {}),
            "create x: volume name is too short, names should be at least two alphanumeric characters");
  for (const char* name : {"..", ".removing-x", "-x", "a\nb"}) EXPECT_NE(create_error(name, "", {}), "") << name;
  EXPECT_EQ(create_error("db", "cloud", {}),
            "create db: error looking up volume plugin cloud: plugin \"cloud\" not found");
  EXPECT_EQ(create_error("db", "", {{"colour", "red"}}), "create db: invalid option: \"colour\"");
  EXPECT_EQ(create_error("db", "", {{"type", "tmpfs"}}), "create db: missing required option: \"device\"");
  EXPECT_EQ(create_error("db", "", {{"type", "ext4"}, {"device", "/dev/sda"}}),
            "create db: volume option type=ext4 is not built yet");
  EXPECT_TRUE(volumes_->list({{"colour", {"red"}}}).is(Code::kInvalidArgument));
  EXPECT_TRUE(MUST(volumes_->list({})).empty());
}

TEST_F(VolumesTest, a_used_volume_stays) {
  const VolumeUse use = MUST(volumes_->acquire({"data", "", {}, {}}, "c1"));
  EXPECT_TRUE(use.created);
  EXPECT_TRUE(use.empty);
  MUST(replace_file(use.source + "/file", "x", 0644));
  const VolumeUse again = MUST(volumes_->acquire({"data", "", {}, {}}, "c2"));
  EXPECT_FALSE(again.created);
  EXPECT_FALSE(again.empty);
  EXPECT_EQ(volumes_->remove("data", true).error().message(), "remove data: volume is in use - [c1, c2]");
  EXPECT_EQ(volumes_->remove("data", true).code(), Code::kConflict);
  volumes_->release("data", "c1");
  volumes_->release("data", "c2");
  MUST(volumes_->remove("data", false));
}

TEST_F(VolumesTest, anonymous_volumes_go_with_their_last_user) {
  const VolumeUse use = MUST(volumes_->acquire({}, "c1"));
  EXPECT_TRUE(use.anonymous);
  EXPECT_EQ(use.name.size(), 64u);
  MUST(volumes_->remove_anonymous(use.name));
  EXPECT_TRUE(volumes_->inspect(use.name).ok()) << "still used";
  volumes_->release(use.name, "c1");
  MUST(volumes_->remove_anonymous(use.name));
  EXPECT_FALSE(volumes_->inspect(use.name).ok());
  make("named");
  MUST(volumes_->remove_anonymous("named"));
  EXPECT_TRUE(volumes_->inspect("named").ok());
}

TEST_F(VolumesTest, prune_takes_what_is_unused_and_anonymous) {
  const std::string anonymous = MUST(volumes_->create({})).name;
  MUST(replace_file(root_ + "/volumes/" + anonymous + "/_data/file", std::string(1000, 'x'), 0644));
  make("named");
  MUST(volumes_->acquire({"used", "", {}, {}}, "c1"));
  const auto report = MUST(volumes_->prune({}, Volumes::Scope::kAnonymous));
  EXPECT_EQ(*report.deleted, std::vector<std::string>{anonymous});
  EXPECT_EQ(report.space_reclaimed, 1000u);
  EXPECT_EQ(*MUST(volumes_->prune({{"all", {"true"}}}, Volumes::Scope::kAnonymous)).deleted,
            std::vector<std::string>{"named"});
}

TEST_F(VolumesTest, a_cut_short_removal_is_finished_at_start) {
  make("data");
  MUST(sys::rename(root_ + "/volumes/data", root_ + "/volumes/.removing-0123abcd-data"));
  start();
  EXPECT_FALSE(volumes_->inspect("data").ok());
  EXPECT_FALSE(exists(root_ + "/volumes/.removing-0123abcd-data"));
}

TEST_F(VolumesTest, a_removal_in_progress_does_not_keep_the_name) {
  make("data");
  MUST(sys::rename(root_ + "/volumes/data", root_ + "/volumes/.removing-0123abcd-data"));
  MUST(make_directories(root_ + "/volumes/data/_data", 0755));  // made again meanwhile
  start();
  EXPECT_TRUE(volumes_->inspect("data").ok());
  EXPECT_FALSE(exists(root_ + "/volumes/.removing-0123abcd-data"));
}

TEST_F(VolumesTest, what_a_failed_create_made_is_discarded) {
  const VolumeUse use = MUST(volumes_->acquire({"data", "", {}, {}}, "c1"));
  MUST(volumes_->acquire({"data", "", {}, {}}, "c2"));
  volumes_->release("data", "c1");
  MUST(volumes_->discard("data"));
  EXPECT_TRUE(volumes_->inspect("data").ok()) << "another container came to use it";
  volumes_->release("data", "c2");
  MUST(volumes_->discard("data"));
  EXPECT_FALSE(volumes_->inspect("data").ok());
  EXPECT_FALSE(exists(use.source));
}

TEST_F(VolumesTest, a_copy_that_a_crash_cut_short_is_swept) {
  const std::string stage = root_ + "/volumes/data/" + std::string(kCopyUpStage) + "0123abcd";
  make("data");
  MUST(make_directories(stage + "/half", 0755));
  start();
  EXPECT_FALSE(exists(stage));
  EXPECT_TRUE(volumes_->inspect("data").ok());
}

TEST_F(VolumesTest, options_are_mounted_while_a_container_runs) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  make("scratch", {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m,noexec,uid=7"}});
  MUST(volumes_->acquire({"scratch", "", {}, {}}, "c1"));
  const std::string path = MUST(volumes_->mount("scratch", "c1"));
  EXPECT_TRUE(is_mounted(path));
  EXPECT_EQ(MUST(sys::stat(path)).st_uid, 7u);
  start();
  MUST(volumes_->acquire({"scratch", "", {}, {}}, "c1"));
  MUST(volumes_->mount("scratch", "c1"));
  MUST(volumes_->mount("scratch", "c2"));
  volumes_->unmount("scratch", "c1");
  EXPECT_TRUE(is_mounted(path));
  volumes_->unmount("scratch", "c2");
  EXPECT_FALSE(is_mounted(path));
}

TEST_F(VolumesTest, a_bind_volume_shows_its_device) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  MUST(make_directories(root_ + "/source", 0755));
  MUST(replace_file(root_ + "/source/file", "here", 0644));
  make("bound", {{"type", "none"}, {"device", root_ + "/source"}, {"o", "bind,ro"}});
  const std::string path = MUST(volumes_->mount("bound", "c1"));
  EXPECT_EQ(MUST(read_file(path + "/file")), "here");
  EXPECT_FALSE(replace_file(path + "/file", "gone", 0644).ok()) << "read-only";
  volumes_->unmount("bound", "c1");
  MUST(volumes_->remove("bound", false));
  EXPECT_TRUE(exists(root_ + "/source/file"));
}

TEST_F(VolumesTest, what_cannot_be_removed_does_not_keep_the_engine_from_starting) {
  make("data");
  const std::string aside = root_ + "/volumes/.removing-0123abcd-gone";
  MUST(make_directories(aside, 0700));
  MUST(replace_file(aside + "/file", "", 0600));
  const UniqueFd file = MUST(sys::open(aside + "/file", O_RDONLY));
  int flags = FS_IMMUTABLE_FL;
  if (::ioctl(file.get(), FS_IOC_SETFLAGS, &flags) == -1)
    GTEST_SKIP() << "needs root and a file system with attributes";
  start();
  EXPECT_TRUE(volumes_->inspect("data").ok());
  EXPECT_TRUE(exists(aside));
  flags = 0;
  ASSERT_EQ(::ioctl(file.get(), FS_IOC_SETFLAGS, &flags), 0);
  start();
  EXPECT_FALSE(exists(aside));
}

/// Its server answers when the test says so.
class SlowMounter final : public VolumeMounter {
 public:
  Result<void> mount(const DriverOptions&, const std::string&) override { return {}; }
  Result<void> unmount(const std::string&) override {
    unmounting.set_value();
    go.get_future().wait();
    return {};
  }
  std::promise<void> unmounting;
  std::promise<void> go;
};

TEST_F(VolumesTest, a_server_that_does_not_answer_holds_up_no_other_volume) {
  SlowMounter mounter;
  volumes_.reset();
  volumes_ = MUST(Volumes::open(root_, events_, mounter));
  make("remote", {{"type", "nfs"}, {"device", ":/"}, {"o", "addr=192.0.2.1"}});
  make("local");
  for (const char* name : {"remote", "local"}) {
    volumes_->hold(name, "c");
    MUST(volumes_->mount(name, "c"));
  }
  std::thread slow([&] { volumes_->unmount("remote", "c"); });
  mounter.unmounting.get_future().wait();
  volumes_->unmount("local", "c");
  MUST(volumes_->mount("local", "c"));
  make("other");
  volumes_->release("local", "c");
  mounter.go.set_value();
  slow.join();
}

TEST(DirectorySize, counts_each_inode_once) {
  const std::string root = "/tmp/hull-size-" + random_hex(12);
  MUST(make_directories(root + "/a/b", 0755));
  MUST(replace_file(root + "/a/one", std::string(100, 'x'), 0644));
  MUST(replace_file(root + "/a/b/two", std::string(20, 'x'), 0644));
  MUST(sys::linkat(FdRef(AT_FDCWD), root + "/a/one", FdRef(AT_FDCWD), root + "/again", 0));
  MUST(sys::symlink("/etc", root + "/link"));
  EXPECT_EQ(MUST(directory_size(root)).count - 4, 120);  // the link's own size is that of its text
  MUST(remove_tree(root));
}

}  // namespace
}  // namespace hull::engine
