#include "linux/net_device.h"

#include <gtest/gtest.h>

#include <string>

namespace hull::linux {
namespace {

TEST(NetDeviceName, IsWhatTheKernelTakes) {
  for (const char* good : {"eth0", "a", "veth0.1@x", "123456789012345"}) EXPECT_TRUE(is_net_device_name(good)) << good;
  for (const char* bad : {"", ".", "..", "1234567890123456", "a/b", "a:b", "a b", "a\tb", "a\n"})
    EXPECT_FALSE(is_net_device_name(bad)) << bad;
  EXPECT_FALSE(is_net_device_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace hull::linux
