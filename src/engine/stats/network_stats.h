#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/container/stats.h"

namespace hull::engine {

/// The counters of /proc/<pid>/net/dev, without the loopback's.
std::map<std::string, api::NetworkStats> parse_network_devices(std::string_view text);

}  // namespace hull::engine
