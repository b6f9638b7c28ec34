#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "linux/cgroup.h"
#include "runtime/stats.h"

/// How the kernel writes numbers into cgroup files. What is missing reads as nothing.
namespace hull::runtime::cgroup_files {

using Table = std::map<std::string, uint64_t>;

std::string text(const linux::Cgroup& cgroup, std::string_view controller, const std::string& file);
/// "max" counts as no limit, which is 0.
uint64_t number(const linux::Cgroup& cgroup, std::string_view controller, const std::string& file);
/// Lines of a key and a number.
Table table(const linux::Cgroup& cgroup, std::string_view controller, const std::string& file);
uint64_t value_of(const Table& table, const std::string& key);

/// Page sizes as the files' names have them: "2MB". Source: kernel, /sys/kernel/mm/hugepages.
std::vector<std::string> huge_page_sizes();

}  // namespace hull::runtime::cgroup_files

namespace hull::runtime {

Stats read_stats_v1(const linux::Cgroup& cgroup);
Stats read_stats_v2(const linux::Cgroup& cgroup);

}  // namespace hull::runtime
