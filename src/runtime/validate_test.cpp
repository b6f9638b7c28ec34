#include "runtime/validate.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "runtime/container_files.h"
#include "runtime/record.h"
#include "runtime/report.h"
#include "runtime/store.h"
#include "runtime/target.h"

namespace hull::runtime {
namespace {

spec::RuntimeSpec valid() {
  return MUST(spec::parse_runtime_spec(R"({"ociVersion":"1.2.0","process":{"user":{"uid":0,"gid":0},"args":["sh"],
      "cwd":"/"},"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}]}})"));
}

/// The message of a document with one change, or "" where it is accepted.
template <class Change>
std::string refused(Change change) {
  spec::RuntimeSpec spec = valid();
  change(spec);
  const auto result = validate(spec);
  return result.ok() ? "" : result.error().message();
}

TEST(Validate, AcceptsAPlainDocument) {
  EXPECT_EQ(refused([](auto&) {}), "");
}

TEST(Validate, NamesFieldAndValue) {
  EXPECT_EQ(refused([](auto& s) { s.oci_version = "2.0"; }), "ociVersion: unsupported version \"2.0\"");
  EXPECT_EQ(refused([](auto& s) { s.process->args.clear(); }), "process.args: must not be empty");
  EXPECT_EQ(refused([](auto& s) { s.process->cwd = "x"; }), "process.cwd: Cwd must be an absolute path, got \"x\"");
  EXPECT_EQ(refused([](auto& s) { s.mounts.push_back({.destination = "x"}); }),
            "mounts[0].destination: is not an absolute path: \"x\"");
  EXPECT_EQ(refused([](auto& s) { s.mounts.push_back({.destination = "/.."}); }),
            "mounts[0].destination: can't be the root itself: \"/..\"");
  EXPECT_EQ(refused([](auto& s) { s.hostname = "h"; }),
            "hostname: unable to set hostname without a private UTS namespace");
  EXPECT_EQ(refused([](auto& s) {
              s.process->rlimits = {{"RLIMIT_CPU", 1, 2}};
            }),
            "process.rlimits: RLIMIT_CPU: soft is above hard");
  EXPECT_EQ(refused([](auto& s) { s.process->capabilities.emplace().bounding = {"CAP_X"}; }),
            "process.capabilities.bounding: unknown capability \"CAP_X\"");
  EXPECT_EQ(refused([](auto& s) { s.linux_part->resources.emplace().memory.emplace().limit = -5; }),
            "linux.resources.memory.limit: must be at least -1, got -5");
  EXPECT_EQ(refused([](auto& s) { s.process->oom_score_adj = 2000; }),
            "process.oomScoreAdj: must lie between -1000 and 1000, got 2000");
}

TEST(Validate, NamespacesAreGivenOnceAndExist) {
  EXPECT_NE(refused([](auto& s) { s.linux_part->namespaces.push_back({spec::NamespaceType::kPid}); }), "");
  EXPECT_NE(refused([](auto& s) {
              std::erase_if(s.linux_part->namespaces, [](auto& n) { return n.type == spec::NamespaceType::kMount; });
              s.linux_part->masked_paths = {"/proc/kcore"};
            }),
            "");
  EXPECT_NE(refused([](auto& s) { s.linux_part->namespaces[1].path = "/nowhere/ns"; }), "");
}

TEST(Validate, MappingsAreWhole) {
  const auto with = [](std::vector<spec::IdMapping> mappings) {
    return refused([&](auto& s) {
      s.linux_part->namespaces.push_back({spec::NamespaceType::kUser});
      s.linux_part->uid_mappings = s.linux_part->gid_mappings = mappings;
    });
  };
  EXPECT_EQ(with({{0, 1000, 10}}), "");
  EXPECT_NE(with({}), "");
  EXPECT_NE(with({{0, 1000, 0}}), "");
  EXPECT_NE(with({{0, 1000, 10}, {5, 5000, 10}}), "");
  EXPECT_NE(with({{0, 1000, 10}, {20, 1005, 10}}), "");
  EXPECT_NE(with({{0, 4294967290, 10}}), "");
  EXPECT_NE(with({{1, 1000, 10}}), "");
}

TEST(Validate, SysctlsBelongToNamespacesOfTheContainer) {
  const auto with = [](const char* key, spec::NamespaceType type) {
    return refused([&](auto& s) {
      s.linux_part->namespaces.push_back({type});
      s.linux_part->sysctl[key] = "1";
    });
  };
  EXPECT_EQ(with("net.ipv4.ip_forward", spec::NamespaceType::kNetwork), "");
  EXPECT_EQ(with("net/ipv4/ip_forward", spec::NamespaceType::kNetwork), "");
  EXPECT_NE(with("net.ipv4.ip_forward", spec::NamespaceType::kIpc), "");
  EXPECT_EQ(with("kernel.msgmax", spec::NamespaceType::kIpc), "");
  EXPECT_NE(with("kernel.core_pattern", spec::NamespaceType::kIpc), "");
  EXPECT_NE(with("net/../kernel/core_pattern", spec::NamespaceType::kNetwork), "");
}

TEST(Validate, TheUserThatMeansNoneIsRefused) {
  EXPECT_NE(refused([](auto& s) { s.process->user.uid = UINT32_MAX; }), "");
  EXPECT_NE(refused([](auto& s) { s.process->user.additional_gids = {UINT32_MAX}; }), "");
}

TEST(ContainerId, HasNoSlashAndIsNoDot) {
  EXPECT_TRUE(check_container_id("a-b_c.d+1").ok());
  for (const char* id : {"", ".", "..", "a/b", "a b", "@x", "é"}) EXPECT_FALSE(check_container_id(id).ok()) << id;
}

TEST(CleanPath, StaysBelowTheRoot) {
  EXPECT_EQ(clean_path("/a//b/./c/"), "/a/b/c");
  EXPECT_EQ(clean_path("/../../a/../b"), "/b");
  EXPECT_EQ(split_path("/a/b").parent, "/a");
  EXPECT_EQ(split_path("/b").parent, "/");
}

TEST(FindHome, ReadsPasswdLeniently) {
  constexpr std::string_view kPasswd = "root:x:0:0::/root:/bin/sh\nbroken\n::::\nu:x:33:33::/home/u:\nv:x:34:34:::\n";
  EXPECT_EQ(find_home(kPasswd, 33), "/home/u");
  EXPECT_EQ(find_home(kPasswd, 34), "/");
  EXPECT_EQ(find_home(kPasswd, 99), "/");
}

TEST(GoSpelling, LowersTheSystemsWordsOnly) {
  EXPECT_EQ(go_spelling(Error::from_errno(ENOENT, "stat /X").context("Exec")),
            "Exec: stat /X: no such file or directory");
  EXPECT_EQ(go_spelling(not_found("Text")), "Text");
}

TEST(Record, ReadsWhatItWrote) {
  Record record{.id = "c", .init_pid = 5, .init_start_time = 77};
  record.config.rootfs = "/r";
  record.cgroup_paths = {{"memory", "/m"}, {"", "/u"}};
  record.details.bundle = "/b";
  record.details.process.args = {"sh"};
  record.details.hooks.emplace().poststop = {{.path = "/h"}};
  const std::string text = json::format(record);
  const Record back = MUST(json::parse<Record>(text));
  EXPECT_EQ(json::format(back), text);
  EXPECT_EQ(back.details.hooks->poststop[0].path, "/h");
}

}  // namespace
}  // namespace hull::runtime
