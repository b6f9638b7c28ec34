#include "engine/containers/oci/spec_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/containers/oci/capabilities.h"
#include "engine/containers/oci/mounts.h"
#include "engine/containers/oci/seccomp_profile.h"
#include "engine/containers/oci/user.h"

namespace hull::engine::oci {
namespace {

struct Made {
  std::string id = "c1";
  api::Config config;
  api::HostConfig host;
  std::vector<std::string> command{"sh", "-c", "true"};
  std::vector<MountPlan> mounts;
  ContainerSettings settings;
  ResolvedUser user{{}, "/root"};

  spec::RuntimeSpec build() const {
    SpecInput input{id, config, host, command, mounts, settings, user, {}, {}, "/nowhere"};
    return MUST(build_spec(input));
  }
};

const spec::Mount* find(const spec::RuntimeSpec& spec, const std::string& destination) {
  for (const auto& mount : spec.mounts)
    if (mount.destination == destination) return &mount;
  return nullptr;
}

bool allows(const spec::Seccomp& profile, const std::string& name) {
  return std::any_of(profile.syscalls.begin(), profile.syscalls.end(), [&](const spec::SeccompRule& rule) {
    return rule.action == spec::SeccompAction::kAllow && rule.args.empty() &&
           std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end();
  });
}

TEST(BuildSpec, HasDockersDefaults) {
  Made made;
  made.config.hostname = "h";
  const auto spec = made.build();
  EXPECT_EQ(spec.hostname, "h");
  EXPECT_EQ(spec.process->cwd, "/");
  EXPECT_EQ(spec.process->env[0], "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  EXPECT_EQ(spec.process->env[1], "HOSTNAME=h");
  EXPECT_EQ(spec.process->env.back(), "HOME=/root");
  EXPECT_EQ(spec.process->capabilities->bounding.size(), 14u);
  EXPECT_TRUE(spec.process->capabilities->inheritable.empty());
  EXPECT_EQ(spec.process->rlimits.back().type, "RLIMIT_NOFILE");
  EXPECT_EQ(spec.process->rlimits.back().soft, 1024u);
  EXPECT_LE(spec.process->rlimits.back().hard, 524288u);
  EXPECT_EQ(spec.linux_part->cgroups_path, "/hull/c1");
  EXPECT_EQ(spec.linux_part->masked_paths.size(), 12u);
  EXPECT_TRUE(spec.linux_part->seccomp);
  EXPECT_EQ(find(spec, "/dev/shm")->options.back(), "size=67108864");
  EXPECT_EQ(find(spec, "/sys")->options.back(), "ro");
}

TEST(BuildSpec, PrivilegedTakesTheBarsAway) {
  Made made;
  made.host.privileged = true;
  const auto spec = made.build();
  EXPECT_FALSE(spec.linux_part->seccomp);
  EXPECT_TRUE(spec.linux_part->masked_paths.empty());
  EXPECT_GT(spec.process->capabilities->bounding.size(), 30u);
  EXPECT_EQ(find(spec, "/sys")->options.back(), "rw");
  EXPECT_TRUE(spec.linux_part->resources->devices.front().allow);
}

TEST(BuildSpec, AUserWhoIsNotRootStartsWithoutCapabilities) {
  Made made;
  made.user.user.uid = 1000;
  const auto spec = made.build();
  EXPECT_TRUE(spec.process->capabilities->effective.empty());
  EXPECT_FALSE(spec.process->capabilities->bounding.empty());
}

TEST(BuildSpec, JoinsHostNamespaces) {
  Made made;
  made.host.network_mode = made.host.uts_mode = made.host.pid_mode = made.host.ipc_mode = "host";
  const auto spec = made.build();
  for (const auto& space : spec.linux_part->namespaces)
    EXPECT_TRUE(space.type == spec::NamespaceType::kMount || space.type == spec::NamespaceType::kCgroup);
  EXPECT_TRUE(spec.hostname.empty());
  EXPECT_EQ(find(spec, "/dev/shm")->type, "bind");
}

TEST(BuildSpec, MountsReplaceDefaultsAndParentsComeFirst) {
  Made made;
  const auto plan = [&](const std::string& destination) {
    MountPlan mount;
    mount.source = "/src";
    mount.destination = destination;
    made.mounts.push_back(mount);
  };
  plan("/data/inner");
  plan("/data");
  plan("/dev/shm");
  const auto spec = made.build();
  EXPECT_EQ(find(spec, "/dev/shm")->type, "bind");
  const auto position = [&](const std::string& destination) { return find(spec, destination) - spec.mounts.data(); };
  EXPECT_LT(position("/data"), position("/data/inner"));
  EXPECT_LT(position("/dev"), position("/dev/shm"));
}

TEST(BuildSpec, EnvOfTheUserWins) {
  Made made;
  made.config.env = {{"PATH=/mine", "HOSTNAME"}};
  const auto env = made.build().process->env;
  EXPECT_EQ(env, (std::vector<std::string>{"PATH=/mine", "HOME=/root"}));
}

TEST(Capabilities, AddAndDrop) {
  EXPECT_EQ(MUST(effective_capabilities({"NET_ADMIN"}, {"ALL"}, Privileged::kNo)),
            std::vector<std::string>{"CAP_NET_ADMIN"});
  EXPECT_EQ(MUST(effective_capabilities({}, {"cap_chown"}, Privileged::kNo)).size(), 13u);
  const auto all = MUST(effective_capabilities({"all"}, {"SYS_ADMIN"}, Privileged::kNo));
  EXPECT_EQ(std::count(all.begin(), all.end(), "CAP_SYS_ADMIN"), 0);
  EXPECT_GT(all.size(), 30u);
}

TEST(DefaultSeccomp, FollowsCapabilities) {
  const auto plain = default_seccomp({});
  EXPECT_TRUE(allows(plain, "read"));
  for (const auto* name :
       {"mount", "unshare", "socketcall", "bpf", "keyctl", "kexec_load", "io_uring_setup", "clone", "socket"})
    EXPECT_FALSE(allows(plain, name)) << name;
  EXPECT_TRUE(allows(default_seccomp({"CAP_SYS_ADMIN"}), "mount"));
  EXPECT_TRUE(allows(default_seccomp({"CAP_SYS_CHROOT"}), "chroot"));
}

TEST(DefaultSeccomp, NoRuleLetsForbiddenSocketFamiliesThrough) {
  for (const auto& rule : default_seccomp({}).syscalls) {
    if (rule.names != std::vector<std::string>{"socket"}) continue;
    ASSERT_EQ(rule.args.size(), 1u);
    const auto& argument = rule.args[0];
    const bool sound = argument.op == spec::SeccompOperator::kLess
                           ? argument.value <= 33
                           : argument.op == spec::SeccompOperator::kEqual && argument.value != 33 &&
                                 argument.value != 38 && argument.value != 40;
    EXPECT_TRUE(sound) << argument.value;
  }
}

TEST(ParseSeccomp, ReadsDockersConditions) {
  const char* profile = R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["a"],"action":"SCMP_ACT_ALLOW"},
    {"names":["b"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
    {"names":["c"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_SYS_ADMIN"]}}]})";
  EXPECT_EQ(MUST(parse_seccomp(profile, {})).syscalls.size(), 2u);
  EXPECT_TRUE(allows(MUST(parse_seccomp(profile, {"CAP_SYS_ADMIN"})), "b"));
  EXPECT_FALSE(parse_seccomp("{", {}).ok());
}

const AccountFiles kFiles{"root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/var/www:\n4294967296:x:0:0::/:\nbad line\n",
                          "root:x:0:\nwheel:x:10:root,web\nweb:x:34:\n"};

TEST(ResolveUser, FindsNamesNumbersAndGroups) {
  const auto root = MUST(resolve_user("", {}, kFiles));
  EXPECT_EQ(root.user.additional_gids, (std::vector<uint32_t>{0, 10}));
  EXPECT_EQ(root.home, "/root");
  const auto web = MUST(resolve_user("web", {"wheel", "99"}, kFiles));
  EXPECT_EQ(web.user.uid, 33u);
  EXPECT_EQ(web.user.gid, 34u);
  EXPECT_EQ(web.user.additional_gids, (std::vector<uint32_t>{34, 10, 99}));
  EXPECT_EQ(MUST(resolve_user("web:wheel", {}, kFiles)).user.gid, 10u);
  EXPECT_EQ(MUST(resolve_user("1234:5678", {}, kFiles)).user.uid, 1234u);
  EXPECT_EQ(MUST(resolve_user("1234", {}, {})).home, "/");
}

TEST(ResolveUser, NeverLetsAnOverflowBecomeRoot) {
  for (const auto* user : {"4294967296", "2147483648", "0:4294967296", "99999999999999999999"})
    EXPECT_TRUE(resolve_user(user, {}, kFiles).is(Code::kInvalidArgument)) << user;
  EXPECT_EQ(resolve_user("nobody", {}, kFiles).error().message(),
            "unable to find user nobody: no matching entries in passwd file");
  EXPECT_FALSE(resolve_user("web:nogroup", {}, kFiles).ok());
}

// Hostile images: what they name by the hundred thousand may cost time in proportion, no more.
TEST(ResolveUser, RefusesMoreGroupsThanTheKernelTakes) {
  std::string group;
  for (int i = 0; i < 300000; ++i) group += "g:x:" + std::to_string(i + 1) + ":root\n";
  EXPECT_EQ(resolve_user("", {}, {kFiles.passwd, group}).error().message(),
            "user \"\" is in 300001 groups, more than 65536");
}

TEST(BuildSpec, TakesAnyNumberOfVariables) {
  Made made;
  made.config.env.emplace();
  for (int i = 0; i < 300000; ++i) made.config.env->push_back("V" + std::to_string(i) + "=");
  made.config.env->push_back("V7=again");
  made.config.env->push_back("V8");
  const auto env = made.build().process->env;
  EXPECT_EQ(std::count(env.begin(), env.end(), "V7=again"), 1);
  EXPECT_EQ(std::count(env.begin(), env.end(), "V7="), 0);
  EXPECT_EQ(std::count(env.begin(), env.end(), "V8="), 0);
  EXPECT_EQ(env.size(), 300000u - 1 + 3);
}

TEST(TmpfsOptions, DefaultsGiveWay) {
  EXPECT_EQ(MUST(tmpfs_options("exec,size=64k")), (std::vector<std::string>{"nosuid", "nodev", "exec", "size=64k"}));
  EXPECT_FALSE(tmpfs_options("lowerdir=/x").ok());
}

}  // namespace
}  // namespace hull::engine::oci
