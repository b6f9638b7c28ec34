#include "network/dns/directory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hull::network::dns {
namespace {

Address ip(const std::string& text) { return MUST(Address::parse(text)); }

using Addresses = std::vector<Address>;

TEST(Directory, NamesAreKnownOnTheSameNetworkOnly) {
  Directory names;
  names.list("c1", {{"n1", "front", {"web", "www"}, {ip("10.0.1.2")}}});
  names.list("c2", {{"n1", "front", {"proxy"}, {ip("10.0.1.3")}}, {"n2", "back", {"proxy"}, {ip("10.0.2.3")}}});
  names.list("c3", {{"n2", "back", {"db"}, {ip("10.0.2.4")}}});
  EXPECT_EQ(names.find("c2", "web"), Addresses{ip("10.0.1.2")});
  EXPECT_EQ(names.find("c2", "www.front"), Addresses{ip("10.0.1.2")});
  EXPECT_EQ(names.find("c2", "db"), Addresses{ip("10.0.2.4")});
  EXPECT_EQ(names.find("c1", "db"), std::nullopt);
  EXPECT_EQ(names.find("c1", "web.back"), std::nullopt);
  EXPECT_EQ(names.find("stranger", "web"), std::nullopt);
  EXPECT_EQ(names.find_name("c1", ip("10.0.1.3")), "proxy.front");
  EXPECT_EQ(names.find_name("c1", ip("10.0.2.4")), std::nullopt);
}

TEST(Directory, CaseDoesNotCount) {
  Directory names;
  names.list("c1", {{"n1", "Front", {"Web"}, {ip("10.0.1.2")}}});
  EXPECT_EQ(names.find("c1", "web"), Addresses{ip("10.0.1.2")});
  EXPECT_EQ(names.find("c1", "web.front"), Addresses{ip("10.0.1.2")});
}

TEST(Directory, SeveralContainersShareAnAlias) {
  Directory names;
  names.list("c1", {{"n1", "front", {"a", "web"}, {ip("10.0.1.2")}}});
  names.list("c2", {{"n1", "front", {"b", "web"}, {ip("10.0.1.3")}}});
  auto all = names.find("c1", "web").value();
  std::ranges::sort(all);
  EXPECT_EQ(all, (Addresses{ip("10.0.1.2"), ip("10.0.1.3")}));
  names.remove("c1");
  EXPECT_EQ(names.find("c2", "web"), Addresses{ip("10.0.1.3")});
  EXPECT_EQ(names.find("c2", "a"), std::nullopt);
  EXPECT_EQ(names.find_name("c2", ip("10.0.1.2")), std::nullopt);
}

TEST(Directory, TheFirstAddressesChange) {
  Directory names;
  names.list("c1", {{"n1", "front", {"web"}, {ip("10.0.1.2")}}});
  names.list("c2", {{"n1", "front", {"web"}, {ip("10.0.1.3")}}});
  std::set<Address> first;
  for (int i = 0; i < 200 && first.size() < 2; ++i) first.insert(names.find("c1", "web")->front());
  EXPECT_EQ(first.size(), 2u);
}

TEST(Directory, ANewListingReplacesTheOldOne) {
  Directory names;
  names.list("c1", {{"n1", "front", {"old"}, {ip("10.0.1.2")}}});
  names.list("c1", {{"n1", "front", {"new"}, {ip("10.0.1.2")}}});
  EXPECT_EQ(names.find("c1", "old"), std::nullopt);
  EXPECT_EQ(names.find_name("c1", ip("10.0.1.2")), "new.front");
  names.list("c1", {});
  EXPECT_EQ(names.find("c1", "new"), std::nullopt);
}

}  // namespace
}  // namespace hull::network::dns
