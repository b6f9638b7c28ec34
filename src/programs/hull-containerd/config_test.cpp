#include "programs/hull-containerd/config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/files.h"
#include "programs/hull-containerd/command_line.h"
#include "programs/hull-containerd/toml.h"

namespace hull::supervisor {
namespace {

Result<Config> read(const std::string& text) {
  Config config;
  TRY(read_config(text, config));
  return config;
}

TEST(Config, ReadsContainerdsKeys) {
  const auto config = MUST(read(
      "version = 2\nroot = '/r' # comment\n[grpc]\n  address = \"/s\\\"x\"\n  gid = 7\n\n[debug]\nlevel = \"debug\"\n"
      "disabled = []\n"));
  EXPECT_EQ(config.root, "/r");
  EXPECT_EQ(config.address, "/s\"x");
  EXPECT_EQ(config.owner.gid, 7);
  EXPECT_EQ(config.log_level, "debug");
}

TEST(Config, ItsOwnDefaultsReadBack) {
  Config changed;
  changed.root = "/somewhere";
  EXPECT_EQ(MUST(read(format_config(changed))).root, "/somewhere");
}

TEST(Config, NamesWhatItDoesNotKnow) {
  const std::pair<const char*, const char*> cases[] = {
      {"[proxy_plugins.stargz]\ntype = \"snapshot\"", "line 2: proxy_plugins.stargz.type is not supported"},
      {"[plugins.\"io.containerd.snapshotter.v1.overlayfs\"]\nroot_path = \"/x\"",
       "plugins.io.containerd.snapshotter.v1.overlayfs.root_path is not supported"},
      {"[timeouts]\n'io.containerd.timeout.shim.load' = '9s'", "unexpected value 9s"},
      {"[grpc]\nadress = \"/x\"", "line 2: grpc.adress is not supported"},
      {"[grpc]\ngid = -1", "line 2: grpc.gid: unexpected value -1"},
      {"version = 4", "expected containerd config version equal to or less than `3`, got `4`"},
      {"version = 0", "version: unexpected value 0"},
      {"root = 5", "root: unexpected value 5"},
      {"root", "line 1: expected = after root"},
      {"root = \"x", "a string does not end"},
      {"a = [1,", "an array does not end"},
      {"imports = [1]", "expected a string"},
      {"imports = [\"a\" \"b\"]", "expected , or ]"},
      {"oom_score = 1001", "oom_score: unexpected value 1001"},
      {"[metrics]\ngrpc_histogram = 1", "metrics.grpc_histogram: unexpected value 1"},
      {"required_plugins = [\"io.containerd.grpc.v1.cri\"]", "required plugin io.containerd.grpc.v1.cri not included"},
      {"disabled_plugins = [\"io.containerd.gc.v1.scheduler\"]", "can't be disabled"},
  };
  for (const auto& [text, expected] : cases) {
    const auto config = read(text);
    ASSERT_FALSE(config.ok()) << text;
    EXPECT_NE(config.error().message().find(expected), std::string::npos) << config.error().message();
  }
  EXPECT_TRUE(read("disabled_plugins = [\"io.containerd.grpc.v1.cri\"]").ok());
}

TEST(Config, PassesWhatIsAboutOthers) {
  const auto config = MUST(
      read("version = 1\n[plugins]\n  [plugins.cri]\n    sandbox_image = \"x\"\n"
           "  [plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.runc]\n    runtime_type = 'y'\n"
           "  [plugins.scheduler]\n    schedule_delay = '0s'\n[timeouts]\n  'io.containerd.timeout.shim.load' = '5s'\n"
           "[stream_processors.'io.containerd.ocicrypt.decoder.v1.tar']\n  path = 'ctd-decoder'\n"));
  EXPECT_EQ(config.ignored, (std::vector<std::string>{"cri", "io.containerd.cri.v1.runtime"}));
}

TEST(Config, ReadsArraysOverSeveralLines) {
  const auto config =
      MUST(read("disabled_plugins = [ # none of ours\n  'a#b', # one\n  \"io.c\\\"d\",\n]\noom_score = -5\n"));
  EXPECT_EQ(config.disabled_plugins, (std::vector<std::string>{"a#b", "io.c\"d"}));
  EXPECT_EQ(config.oom_score, -5);
}

TEST(Config, ImportsStandOverTheFile) {
  char folder[] = "/tmp/hull-config-XXXXXX";
  const std::string root = ::mkdtemp(folder);
  const auto write = [&](const char* name, const std::string& text) {
    MUST(replace_file(root + "/" + name, text, 0600, Durable::kNo));
  };
  write("main.toml", "imports = ['more-*.toml', '" + root + "/last.toml']\nroot = '/one'\nstate = '/s'\n");
  write("more-1.toml", "root = '/two'\nimports = ['main.toml']\n[grpc]\ngid = 3\n");
  write("last.toml", "root = '/three'\n");
  Config config;
  MUST(read_config_file(root + "/main.toml", config));
  EXPECT_EQ(config.root, "/three");
  EXPECT_EQ(config.state, "/s");
  EXPECT_EQ(config.owner.gid, 3);
  write("last.toml", "nonsense = 1\n");
  const auto bad = read_config_file(root + "/main.toml", config);
  EXPECT_NE(bad.error().message().find(root + "/last.toml: line 1: nonsense"), std::string::npos);
  write("main.toml", "imports = ['missing.toml']\n");
  EXPECT_TRUE(read_config_file(root + "/main.toml", config).is(Code::kNotFound));
  MUST(remove_tree(root));
}

TEST(Config, WhatIsReachedFromOutsideKnowsItsClients) {
  Config config;
  config.tcp_address = "0.0.0.0:9";
  EXPECT_NE(check_config(config).error().message().find("tcp_tls_ca"), std::string::npos);
  config.tls_ca = config.tls_cert = config.tls_key = "/x";
  EXPECT_TRUE(check_config(config).ok());
  config.debug_address = "localhost:1";
  EXPECT_NE(check_config(config).error().message().find("debug.address"), std::string::npos);
}

TEST(CommandLine, FlagsStandOverTheFile) {
  const char* const argv[] = {"x", "--root", "/a", "--address", "unix:///b/s", "-l", "warn"};
  const auto line = MUST(parse_command_line(7, argv));
  EXPECT_EQ(line.config.root, "/a");
  EXPECT_EQ(line.config.address, "/b/s");
  EXPECT_EQ(line.config.log_level, "warn");
  const char* const bad[] = {"x", "--root", "relative"};
  EXPECT_TRUE(parse_command_line(3, bad).is(Code::kInvalidArgument));
  const char* const missing[] = {"x", "--config", "/nonexistent"};
  EXPECT_TRUE(parse_command_line(3, missing).is(Code::kNotFound));
  const char* const unknown[] = {"x", "--nonsense"};
  EXPECT_TRUE(parse_command_line(2, unknown).is(Code::kInvalidArgument));
}

}  // namespace
}  // namespace hull::supervisor
