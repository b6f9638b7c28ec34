#include "engine/containers/links.h"

#include <gtest/gtest.h>

namespace hull::engine {
namespace {

using Strings = std::vector<std::string>;

ContainerRecord linked() {
  ContainerRecord record;
  record.name = "db";
  record.config.hostname = "dbhost";
  record.config.exposed_ports = {{"53/udp", {}}, {"5432/tcp", {}}};
  record.config.env = Strings{"PATH=/bin", "USER=postgres"};
  record.sandbox.emplace().endpoints["bridge"].ip_address = "172.17.0.2";
  return record;
}

TEST(Links, AreParsedInEachForm) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"db", "db", "db"}, {"db:sql", "db", "sql"}, {"/db:/web/sql", "db", "sql"}};
  for (const auto& [text, container, alias] : cases) {
    const Link link = MUST(parse_link(text));
    EXPECT_EQ(link.container, container);
    EXPECT_EQ(link.alias, alias);
  }
  for (const auto* bad : {"", "a:b:c", ":a", "a:", ":"}) EXPECT_FALSE(parse_link(bad).ok()) << bad;
  EXPECT_EQ(link_view({"db", "sql"}, "web"), "/db:/web/sql");
}

TEST(Links, NamesOfTheOther) {
  EXPECT_EQ(link_hosts({"db", "sql"}, linked()), (Strings{"sql:172.17.0.2", "dbhost:172.17.0.2", "db:172.17.0.2"}));
  EXPECT_EQ(link_hosts({"db", "db"}, linked()), (Strings{"db:172.17.0.2", "dbhost:172.17.0.2"}));
}

TEST(Links, VariablesAsDockers) {
  EXPECT_EQ(link_variables({"db", "my-sql"}, linked(), "web"),
            (Strings{"MY_SQL_PORT=tcp://172.17.0.2:5432", "MY_SQL_PORT_5432_TCP=tcp://172.17.0.2:5432",
                     "MY_SQL_PORT_5432_TCP_ADDR=172.17.0.2", "MY_SQL_PORT_5432_TCP_PORT=5432",
                     "MY_SQL_PORT_5432_TCP_PROTO=tcp", "MY_SQL_PORT_53_UDP=udp://172.17.0.2:53",
                     "MY_SQL_PORT_53_UDP_ADDR=172.17.0.2", "MY_SQL_PORT_53_UDP_PORT=53", "MY_SQL_PORT_53_UDP_PROTO=udp",
                     "MY_SQL_NAME=/web/my-sql", "MY_SQL_ENV_USER=postgres"}));
}

}  // namespace
}  // namespace hull::engine
