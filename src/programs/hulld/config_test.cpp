#include "programs/hulld/config.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "programs/hulld/family_settings.h"
#include "programs/hulld/settings.h"

namespace hull::daemon {
namespace {

Result<CommandLine> read(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "hulld");
  return read_command_line(static_cast<int>(arguments.size()), arguments.data());
}

class ConfigFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hull-config-test-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { (void)remove_tree(folder_); }
  Result<CommandLine> read_with(const std::string& json, std::vector<const char*> arguments = {}) {
    const std::string path = folder_ + "/daemon.json";
    MUST(replace_file(path, json, 0600));
    const std::string flag = "--config-file=" + path;
    arguments.push_back(flag.c_str());
    return read(arguments);
  }
  std::string folder_;
};

TEST(Flags, FillTheConfiguration) {
  const auto config =
      MUST(read({"-H", "unix:///a", "--host=tcp://127.0.0.1:1", "--data-root", "/d/", "--exec-root=/e", "-D",
                 "--add-runtime", "crun=/usr/bin/crun", "--insecure-registry", "a:5000", "--insecure-registry=b",
                 "--bip=172.30.0.1/24", "--log-opt", "max-size=1m", "--default-shm-size", "128m"}))
          .config;
  EXPECT_EQ(config.hosts, (std::vector<std::string>{"unix:///a", "tcp://127.0.0.1:1"}));
  EXPECT_EQ(config.data_root, "/d");
  EXPECT_EQ(config.pidfile, "/e/hulld.pid");
  EXPECT_EQ(config.log_level, logging::Level::kDebug);
  EXPECT_EQ(config.runtimes.at("crun"), "/usr/bin/crun");
  EXPECT_EQ(config.insecure_registries, (std::vector<std::string>{"a:5000", "b"}));
  EXPECT_EQ(config.log_options.at("max-size"), "1m");
  EXPECT_EQ(config.default_shm_size, 128 << 20);
}

TEST(Flags, BadOnesAreRefusedByName) {
  const std::pair<const char*, const char*> table[] = {
      {"--no-such-flag", "--no-such-flag"},
      {"--log-level=loud", "loud"},
      {"--log-format=xml", "xml"},
      {"--data-root=here", "data-root"},
      {"--add-runtime=crun", "crun"},
      {"--label=x", "label"},
      {"--mtu=7", "mtu"},
      {"--default-shm-size=1y", "1y"},
      {"--default-ulimit=nofile=2:1", "nofile=2:1"},
      {"--default-address-pool=base=1.2.3.4/8", "size"},
      {"--live-restore=false", "live-restore"},
      {"--config-file=/does/not/exist", "/does/not/exist"},
      {"stray", "stray"},
  };
  for (const auto& [argument, named] : table) {
    const auto read_line = read({argument});
    ASSERT_FALSE(read_line.ok()) << argument;
    EXPECT_NE(read_line.error().message().find(named), std::string::npos) << read_line.error().message();
  }
}

TEST_F(ConfigFile, FillsTheConfiguration) {
  const auto config = MUST(read_with(R"({
    "hosts": ["unix:///x"], "debug": true, "runtimes": {"crun": {"path": "/c"}}, "log-opts": {"max-size": "2m"},
    "default-address-pools": [{"base": "172.80.0.0/16", "size": 24}],
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 20, "Soft": 10}}, "mtu": 1400})"))
                          .config;
  EXPECT_EQ(config.hosts, std::vector<std::string>{"unix:///x"});
  EXPECT_TRUE(config.debug);
  EXPECT_EQ(config.runtimes.at("crun"), "/c");
  EXPECT_EQ(config.log_options.at("max-size"), "2m");
  EXPECT_EQ(config.address_pools.at(0), std::pair(std::string("172.80.0.0/16"), 24));
  EXPECT_EQ(config.default_ulimits.at(0).soft, 10);
  EXPECT_EQ(config.mtu, 1400U);
}

TEST_F(ConfigFile, UnknownDirectivesAreRefused) {
  const auto line = read_with(R"({"debug": true, "no-such": 1, "other": 2})");
  ASSERT_FALSE(line.ok());
  EXPECT_TRUE(
      line.error().message().ends_with("the following directives don't match any configuration option: no-such, other"))
      << line.error().message();
}

TEST_F(ConfigFile, ConflictsWithFlagsAreRefused) {
  const auto line = read_with(R"({"hosts": ["unix:///x"], "debug": false})", {"-H", "unix:///y", "-D"});
  ASSERT_FALSE(line.ok());
  EXPECT_TRUE(line.error().message().ends_with(
      "the following directives are specified both as a flag and in the configuration file: debug: (from flag: true, "
      "from file: false), hosts: (from flag: [unix:///y], from file: [unix:///x])"))
      << line.error().message();
}

TEST_F(ConfigFile, RuntimesOfBothAreJoined) {
  const auto config = MUST(read_with(R"({"runtimes": {"a": {"path": "/a"}}})", {"--add-runtime", "b=/b"})).config;
  EXPECT_EQ(config.runtimes.size(), 2U);
}

TEST_F(ConfigFile, WrongTypesAreNamed) {
  for (const char* text :
       {R"({"debug": "yes"})", R"({"hosts": "unix:///x"})", R"({"mtu": "1"})", R"({"bip": 1})",
        R"({"runtimes": {"a": {}}})", R"({"runtimes": {"a": {"path": "/a", "args": []}}})", "[]", "{", ""})
    EXPECT_EQ(read_with(text).code(), Code::kInvalidArgument) << text;
}

TEST(NetworkOptions, PoolsThatCannotBeCutAreRefused) {
  const auto options = [](std::string base, int size) {
    Config config;
    config.address_pools = {{std::move(base), size}};
    return network_options(config);
  };
  EXPECT_EQ(MUST(options("10.9.0.0/16", 24)).default_address_pools.size(), 1U);
  EXPECT_EQ(options("10.9.0.0/16", 33).error().message(),
            "--default-address-pool: 10.9.0.0/16 can't be cut into networks of size 33: expected 16 to 30");
  EXPECT_TRUE(options("10.9.0.0/16", 8).is(Code::kInvalidArgument));
  EXPECT_TRUE(options("fd00::/64", 80).is(Code::kUnimplemented));
  EXPECT_TRUE(options("10.9.0.0", 24).is(Code::kInvalidArgument));
}

TEST(Settings, EachFlagAndKeyStandsOnce) {
  std::map<std::string_view, int> names;
  for (const Setting& setting : settings()) {
    EXPECT_EQ(names[setting.flag]++, 0) << setting.flag;
    EXPECT_FALSE(setting.help.empty()) << setting.flag;
  }
}

}  // namespace
}  // namespace hull::daemon
