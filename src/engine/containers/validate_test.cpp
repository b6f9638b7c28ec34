#include "engine/containers/validate.h"

#include <gtest/gtest.h>

#include "engine/containers/merge.h"
#include "engine/containers/mount_planner.h"
#include "engine/containers/names.h"
#include "engine/containers/restart_policy.h"
#include "engine/containers/runner.h"
#include "engine/containers/views.h"

namespace hull::engine {
namespace {

using namespace std::chrono_literals;

struct BadRequest {
  const char* name;
  const char* json;
  Code code;
  const char* message;  // a part of it
};

class Validate : public ::testing::TestWithParam<BadRequest> {};

TEST_P(Validate, RefusesWithDockersWords) {
  const auto& bad = GetParam();
  const auto host = json::parse<api::HostConfig>(bad.json);
  const auto config = json::parse<api::Config>(bad.json);
  ASSERT_TRUE(host.ok()) << host.error().message();
  ASSERT_TRUE(config.ok()) << config.error().message();
  const auto verdict = validate(*config, *host, {});
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.code(), bad.code);
  EXPECT_NE(verdict.error().message().find(bad.message), std::string::npos) << verdict.error().message();
}

constexpr auto kBad = Code::kInvalidArgument;
INSTANTIATE_TEST_SUITE_P(
    Table, Validate,
    ::testing::Values(
        BadRequest{"MemoryNegative", R"({"Memory":-1})", kBad, "Minimum memory limit allowed is 6MB"},
        BadRequest{"MemoryTiny", R"({"Memory":1000})", kBad, "Minimum memory limit allowed is 6MB"},
        BadRequest{"SwapBelowMemory", R"({"Memory":10000000,"MemorySwap":9000000})", kBad,
                   "memoryswap limit should be larger"},
        BadRequest{"SwapAlone", R"({"MemorySwap":9000000})", kBad, "always set the Memory limit"},
        BadRequest{"Swappiness", R"({"MemorySwappiness":101})", kBad, "valid memory swappiness range is 0-100"},
        BadRequest{"Reservation", R"({"Memory":10000000,"MemoryReservation":20000000})", kBad,
                   "less than memory reservation"},
        BadRequest{"NanoCpusAndPeriod", R"({"NanoCpus":1000000000,"CpuPeriod":1000})", kBad,
                   "Nano CPUs and CPU Period"},
        BadRequest{"TooManyCpus", R"({"NanoCpus":9000000000000})", kBad, "CPUs available"},
        BadRequest{"CpuPeriod", R"({"CpuPeriod":10})", kBad, "CPU cfs period"},
        BadRequest{"CpuQuota", R"({"CpuQuota":10})", kBad, "CPU cfs quota"},
        BadRequest{"CpusetMalformed", R"({"CpusetCpus":"a-b"})", kBad, "for cpuset cpus"},
        BadRequest{"CpusetMissing", R"({"CpusetCpus":"9999"})", kBad, "Requested CPUs are not available"},
        BadRequest{"BlkioWeight", R"({"BlkioWeight":5})", kBad, "Range of blkio weight is from 10 to 1000"},
        BadRequest{"OomScore", R"({"OomScoreAdj":2000})", kBad, "range for oom score adj is [-1000, 1000]"},
        BadRequest{"StopTimeout", R"({"StopTimeout":9223372036854775807})", kBad,
                   "StopTimeout 9223372036854775807 is out of range"},
        BadRequest{"ShmSize", R"({"ShmSize":-1})", kBad, "SHM size can not be less than 0"},
        BadRequest{"PolicyName", R"({"RestartPolicy":{"Name":"sometimes"}})", kBad, "unknown policy 'sometimes'"},
        BadRequest{"PolicyCount", R"({"RestartPolicy":{"Name":"always","MaximumRetryCount":3}})", kBad,
                   "only be used with 'on-failure'"},
        BadRequest{"PolicyNegative", R"({"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":-3}})", kBad,
                   "cannot be negative"},
        BadRequest{"AutoRemoveAndPolicy", R"({"AutoRemove":true,"RestartPolicy":{"Name":"always"}})", kBad,
                   "can't create 'AutoRemove'"},
        BadRequest{"WorkingDir", R"({"WorkingDir":"etc"})", kBad, "needs to be an absolute path"},
        BadRequest{"Env", R"({"Env":["=x"]})", kBad, "invalid environment variable: =x"},
        BadRequest{"StopSignal", R"({"StopSignal":"SIGWHAT"})", kBad, "Invalid signal: SIGWHAT"},
        BadRequest{"Hostname", R"({"Hostname":"a b"})", kBad, "invalid hostname format: a b"},
        BadRequest{"Health", R"({"Healthcheck":{"Test":["CMD","true"],"Interval":5}})", kBad,
                   "Interval in Healthcheck cannot be less than 1ms"},
        BadRequest{"IpcMode", R"({"IpcMode":"odd"})", kBad, "invalid IPC mode: odd"},
        BadRequest{"PidMode", R"({"PidMode":"odd"})", kBad, "invalid PID mode: odd"},
        BadRequest{"UtsMode", R"({"UTSMode":"odd"})", kBad, "invalid UTS mode: odd"},
        BadRequest{"UtsHostname", R"({"UTSMode":"host","Hostname":"x"})", kBad,
                   "conflicting options: hostname and the UTS mode"},
        BadRequest{"CgroupnsMode", R"({"CgroupnsMode":"odd"})", kBad, "invalid cgroup namespace mode: odd"},
        BadRequest{"Isolation", R"({"Isolation":"hyperv"})", kBad, "invalid isolation 'hyperv'"},
        BadRequest{"JoinedHostname", R"({"NetworkMode":"container:x","Hostname":"x"})", kBad,
                   "hostname and the network mode"},
        BadRequest{"JoinedPorts", R"({"NetworkMode":"container:x","PortBindings":{"80/tcp":[{}]}})", kBad,
                   "port publishing"},
        BadRequest{"Runtime", R"({"Runtime":"fancy"})", kBad, "unknown or invalid runtime name: fancy"},
        BadRequest{"Links", R"({"Links":["a:b:c"]})", kBad, "bad format for links: a:b:c"},
        BadRequest{"LinksOnNetworks", R"({"Links":["a:b"],"NetworkMode":"mine"})", Code::kUnimplemented,
                   "HostConfig.Links"},
        BadRequest{"LinksOfTheHost", R"({"Links":["a:b"],"NetworkMode":"host"})", kBad, "host type networking"},
        BadRequest{"StorageOpt", R"({"StorageOpt":{"size":"1G"}})", kBad, "StorageOpt"},
        BadRequest{"Gpu", R"({"DeviceRequests":[{"Driver":"nvidia","Count":-1,"Capabilities":[["gpu"]]}]})", kBad,
                   "could not select device driver \"nvidia\""},
        BadRequest{"CapAdd", R"({"CapAdd":["FLY"]})", kBad, "unknown capability: \"CAP_FLY\""},
        BadRequest{"Ulimit", R"({"Ulimits":[{"Name":"nofile","Soft":9,"Hard":3}]})", kBad,
                   "soft limit must be less than or equal"},
        BadRequest{"UlimitName", R"({"Ulimits":[{"Name":"files","Soft":1,"Hard":3}]})", kBad,
                   "invalid ulimit type: files"},
        BadRequest{"LogDriver", R"({"LogConfig":{"Type":"pigeon"}})", kBad, "no log driver named 'pigeon'"},
        BadRequest{"SecurityOpt", R"({"SecurityOpt":["flying=yes"]})", kBad, "invalid --security-opt"},
        BadRequest{"SeccompProfile", R"({"SecurityOpt":["seccomp={oops"]})", kBad, "seccomp"},
        BadRequest{"Tmpfs", R"({"Tmpfs":{"rel":""}})", kBad, "mount path must be absolute"},
        BadRequest{"TmpfsOption", R"({"Tmpfs":{"/t":"colour=red"}})", kBad, "invalid tmpfs option"},
        BadRequest{"Port", R"({"PortBindings":{"http":[{}]}})", kBad, "http"},
        BadRequest{"HostPort", R"({"PortBindings":{"80/tcp":[{"HostPort":"99999"}]}})", kBad, "99999"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Validate, TakesTheUsual) {
  const auto verdict = validate({}, {}, {});
  EXPECT_TRUE(verdict.ok()) << verdict.error().message();
}

TEST(ParseSignal, KnowsNamesAndNumbers) {
  EXPECT_EQ(MUST(parse_signal("TERM")), 15);
  EXPECT_EQ(MUST(parse_signal("sigkill")), 9);
  EXPECT_EQ(MUST(parse_signal("12")), 12);
  EXPECT_EQ(MUST(parse_signal("SIGRTMIN+3")), 37);
  EXPECT_EQ(MUST(parse_signal("SIGRTMAX-1")), 63);
  for (const auto* bad : {"", "0", "65", "SIG", "-9", "SIGRTMIN+99"}) EXPECT_FALSE(parse_signal(bad).ok()) << bad;
}

TEST(ParseName, TakesWhatDockerTakes) {
  EXPECT_EQ(MUST(parse_name("/web-1.a_b")), "web-1.a_b");
  for (const auto* bad : {"", "a", "-ab", "a b", "a/b", "//ab"}) EXPECT_FALSE(parse_name(bad).ok()) << bad;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(parse_name(random_name(i)).ok());
}

TEST(MergeImageConfig, KeepsTheUsersWord) {
  api::Config config;
  config.env = {{"A=user"}};
  config.cmd = {{"ls"}};
  image::ContainerDefaults image;
  image.env = {"A=image", "B=image"};
  image.entrypoint = {{"/entry"}};
  image.cmd = {{"default"}};
  image.working_dir = "/w";
  merge_image_config(config, image);
  EXPECT_EQ(*config.env, (std::vector<std::string>{"A=user", "B=image"}));
  EXPECT_EQ(MUST(command_of(config)), (std::vector<std::string>{"/entry", "ls"}));
  EXPECT_EQ(config.working_dir, "/w");
}

TEST(MergeImageConfig, AnEmptyEntrypointDropsTheImagesOne) {
  api::Config config;
  config.entrypoint = {{""}};
  config.cmd = {{"ls"}};
  image::ContainerDefaults image;
  image.entrypoint = {{"/entry"}};
  merge_image_config(config, image);
  EXPECT_EQ(MUST(command_of(config)), std::vector<std::string>{"ls"});
}

TEST(CommandOf, NeedsOne) { EXPECT_EQ(command_of({}).error().message(), "no command specified"); }

std::vector<WantedMount> planned(const char* json) {
  return MUST(plan_mounts(MUST(json::parse<api::Config>(json)), MUST(json::parse<api::HostConfig>(json)), {}));
}

TEST(PlanMounts, TellsBindsFromVolumes) {
  const auto mounts = planned(R"({"Binds":["/src/../a:/dst/:ro,rshared","data:/d:nocopy"],"Volumes":{"/anon":{}}})");
  ASSERT_EQ(mounts.size(), 3u);
  EXPECT_EQ(mounts[0].plan.source, "/a");
  EXPECT_EQ(mounts[0].plan.destination, "/dst");
  EXPECT_TRUE(mounts[0].plan.read_only);
  EXPECT_EQ(mounts[0].plan.propagation, "rshared");
  EXPECT_EQ(mounts[1].volume.name, "data");
  EXPECT_FALSE(mounts[1].plan.copy_image_content);
  EXPECT_TRUE(mounts[2].plan.anonymous);
}

TEST(PlanMounts, RefusesBadOnes) {
  for (const auto* bad :
       {R"({"Binds":["a:b"]})", R"({"Binds":["/a:/"]})", R"({"Binds":["/a:/b:odd"]})", R"({"Binds":["a/b:/c"]})",
        R"({"Binds":["/a:/b:ro:x"]})", R"({"Binds":["/a:/c","/b:/c"]})", R"({"Mounts":[{"Type":"odd","Target":"/a"}]})",
        R"({"Mounts":[{"Type":"bind","Source":"/nowhere/at/all","Target":"/a"}]})",
        R"({"Mounts":[{"Type":"tmpfs","Source":"x","Target":"/a"}]})", R"({"Binds":["/a:/t"],"Tmpfs":{"/t":""}})"})
    EXPECT_FALSE(plan_mounts({}, MUST(json::parse<api::HostConfig>(bad)), {}).ok()) << bad;
}

TEST(CleanPath, IsGosPathClean) {
  EXPECT_EQ(clean_path("/a//b/./../c/"), "/a/c");
  EXPECT_EQ(clean_path("/../.."), "/");
  EXPECT_EQ(clean_path("a/../.."), "..");
  EXPECT_EQ(clean_path(""), ".");
}

TEST(RestartPolicy, DecidesByNameCodeAndUser) {
  ContainerRecord record;
  record.state.started_at = now();
  record.state.exit_code = 1;
  const auto with = [&](const char* name) {
    return record.host.restart_policy.name = name, restarts_after_exit(record);
  };
  EXPECT_FALSE(with("no"));
  EXPECT_TRUE(with("always"));
  EXPECT_TRUE(with("on-failure"));
  record.host.restart_policy.maximum_retry_count = 2;
  record.state.restart_count = 2;
  EXPECT_FALSE(with("on-failure"));
  record.state.stopped_by_user = true;
  EXPECT_FALSE(with("unless-stopped"));
  EXPECT_FALSE(restarts_with_engine(record));
  record.host.restart_policy.name = "always";
  EXPECT_TRUE(restarts_with_engine(record));
}

TEST(RestartPolicy, BacksOffUpToAMinute) {
  auto delay = next_restart_delay(0ms, 1s);
  EXPECT_EQ(delay, 100ms);
  EXPECT_EQ(next_restart_delay(delay, 1s), 200ms);
  EXPECT_EQ(next_restart_delay(50s, 1s), 60s);
  EXPECT_EQ(next_restart_delay(50s, 11s), 100ms);
}

TEST(ClassifyStartFailure, GivesShellsExitCodes) {
  const auto exit_code = [](const char* text) {
    return classify_start_failure(internal_error("failed to create task for container: " + std::string(text)))
        .exit_code;
  };
  EXPECT_EQ(exit_code("exec: \"x\": executable file not found in $PATH"), 127);
  EXPECT_EQ(exit_code("exec /x: permission denied"), 126);
  EXPECT_EQ(exit_code("no space"), 128);
  EXPECT_EQ(classify_start_failure(internal_error("no space")).error.code(), Code::kInternal);
}

TEST(ClassifyStartFailure, LeavesWhatTheRuntimeDidNotSay) {
  const auto failure = classify_start_failure(not_found("custom device \"/dev/x\": no such file or directory"));
  EXPECT_EQ(failure.exit_code, 128);
  EXPECT_EQ(failure.error.code(), Code::kNotFound);
}

TEST(StatusText, SpeaksAsDocker) {
  RunState state;
  const Timestamp time = now();
  EXPECT_EQ(status_text(state, time), "Created");
  state.phase = Phase::kRunning;
  state.started_at = time - 90s;
  EXPECT_EQ(status_text(state, time), "Up About a minute");
  state.phase = Phase::kExited;
  state.exit_code = 3;
  state.finished_at = time - 2h;
  EXPECT_EQ(status_text(state, time), "Exited (3) 2 hours ago");
  EXPECT_EQ(human_duration(0ns), "Less than a second");
  EXPECT_EQ(human_duration(24h * 15), "2 weeks");
}

}  // namespace
}  // namespace hull::engine
