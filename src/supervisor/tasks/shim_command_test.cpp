#include "supervisor/tasks/shim_command.h"

#include <gtest/gtest.h>

#include "ipc/proto/shim/runc_options.pb.h"

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "supervisor/tasks/runtime_path.h"

namespace hull::supervisor {
namespace {

TEST(ShimAddress, IsPlainOrJson) {
  EXPECT_EQ(parse_shim_address("unix:///run/s/x\n").value(), (ShimAddress{"/run/s/x", 2}));
  const auto newer = parse_shim_address(R"({"version":3,"address":"unix:///run/s/x","protocol":"ttrpc"})").value();
  EXPECT_EQ(newer, (ShimAddress{"/run/s/x", 3}));
  EXPECT_EQ(parse_shim_address(format_shim_address(newer)).value(), newer);
  for (const char* bad : {"", "x", "unix://x", "{", R"({"version":2,"address":"unix:///x","protocol":"grpc"})",
                          R"({"version":9,"address":"unix:///x","protocol":"ttrpc"})", R"({"version":2})"})
    EXPECT_TRUE(parse_shim_address(bad).is(Code::kInvalidArgument)) << bad;
}

TEST(FindShim, ByNameAndByPath) {
  EXPECT_TRUE(find_shim("io.containerd.nosuch.v9").is(Code::kNotFound));
  EXPECT_TRUE(find_shim("/nosuch/shim").is(Code::kNotFound));
  EXPECT_EQ(find_shim("/bin/sh").value(), "/bin/sh");
  for (const char* bad : {"", "runc", "a.", ".a", "io.containerd.../x.v2"})
    EXPECT_TRUE(find_shim(bad).is(Code::kInvalidArgument)) << bad;
}

/// A shim that is a shell script.
class ShimCommandTest : public testing::Test {
 protected:
  ShimCommandTest() { MUST_HOLD(make_directories(bundle_.path, 0700)); }
  ~ShimCommandTest() override { (void)remove_tree(bundle_.path).ok(); }
  static void MUST_HOLD(const Result<void>& result) { CHECK(result.ok()); }
  std::string script(const std::string& body) {
    MUST_HOLD(replace_file(bundle_.file("shim"), "#!/bin/sh\n" + body, 0700, Durable::kNo));
    return bundle_.file("shim");
  }
  Result<ShimAddress> start(const std::string& body, std::chrono::milliseconds time = std::chrono::seconds(10)) {
    return start_shim(Call::within(time), script(body), bundle_, {"/grpc", "/ttrpc", true}, "options");
  }
  Bundle bundle_{"ns", "id", "/tmp/hull-shim-command-" + random_hex(16), ""};
};

TEST_F(ShimCommandTest, PassesWhatShimsExpect) {
  EXPECT_EQ(start("cat >in; echo \"$@\" >args; echo $TTRPC_ADDRESS $NAMESPACE >env; pwd >dir; echo unix:///s").value(),
            (ShimAddress{"/s", 2}));
  EXPECT_EQ(read_file(bundle_.file("in")).value(), "options");
  const std::string args = read_file(bundle_.file("args")).value();
  EXPECT_TRUE(args.starts_with("-namespace ns -address /grpc -publish-binary ")) << args;
  EXPECT_TRUE(args.ends_with(" -id id -debug start\n")) << args;
  EXPECT_EQ(read_file(bundle_.file("env")).value(), "/ttrpc ns\n");
  EXPECT_EQ(read_file(bundle_.file("dir")).value(), bundle_.path + "\n");
}

TEST_F(ShimCommandTest, FailuresCarryWhatWasPrinted) {
  const auto failed = start("echo no such thing >&2; exit 1");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message(), "start shim: no such thing");
  EXPECT_TRUE(start("exit 7").error().message().ends_with("exit status 7"));
}

TEST_F(ShimCommandTest, OneThatHangsIsEnded) {
  EXPECT_TRUE(start("exec sleep 100", std::chrono::milliseconds(50)).is(Code::kDeadlineExceeded));
}

TEST_F(ShimCommandTest, DeleteNeedsAnAnswer) {
  EXPECT_FALSE(delete_after_shim(Call::within(std::chrono::seconds(10)), script("printf '\\377'"), bundle_, {}).ok());
  const auto deleted =
      delete_after_shim(Call::within(std::chrono::seconds(10)), script("printf '\\010\\007'"), bundle_, {});
  EXPECT_EQ(deleted->pid(), 7U);
}

TEST(GivenShim, IsWhatTheOptionsName) {
  containerd::runc::v1::Options options;
  const auto given = [&] { return given_shim("containerd.runc.v1.Options", options.SerializeAsString()); };
  EXPECT_EQ(MUST(given()), std::nullopt);
  options.set_task_api_address("ttrpc+unix:///run/sandbox.sock");
  EXPECT_EQ(MUST(given()), (ShimAddress{"/run/sandbox.sock", 2}));
  options.set_task_api_version(3);
  EXPECT_EQ(MUST(given()), (ShimAddress{"/run/sandbox.sock", 3}));
  EXPECT_EQ(MUST(given_shim("other.Options", options.SerializeAsString())), std::nullopt);
  options.set_task_api_version(4);
  EXPECT_TRUE(given().is(Code::kInvalidArgument));
  options.set_task_api_version(0);
  options.set_task_api_address("vsock://1:2");
  EXPECT_TRUE(given().is(Code::kInvalidArgument));
}

}  // namespace
}  // namespace hull::supervisor
