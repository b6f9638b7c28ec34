#include "linux/resctrl.h"

#include <fcntl.h>

#include <cstdlib>
#include <map>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/mount_table.h"

namespace hull::linux {
namespace {

constexpr Bytes kLongest = 1_MiB;

/// By resource and its domain: "L3:0".
using Shares = std::map<std::string, std::string, std::less<>>;

/// "00FF" and "ff" are the same mask.
std::string normal(std::string_view share) {
  const size_t first = share.find_first_not_of('0');
  return to_lower(first == std::string_view::npos ? "0" : share.substr(first));
}

/// What stands later is what holds. Lines that are none of shares are the kernel's to judge.
Shares parse_schemata(std::string_view text) {
  Shares shares;
  for (const std::string_view line : split(text, '\n')) {
    const auto halves = cut(line, ":");
    if (!halves) continue;
    for (const std::string_view part : split(halves->after, ';')) {
      const auto pair = cut(part, "=");
      if (!pair) continue;
      std::string key(trim(halves->before));
      key += ":";
      key += trim(pair->before);
      shares[std::move(key)] = normal(trim(pair->after));
    }
  }
  return shares;
}

}  // namespace

Result<void> compare_schemata(std::string_view in_force, std::string_view asked) {
  const Shares there = parse_schemata(in_force);
  for (const auto& [key, share] : parse_schemata(asked)) {
    const auto found = there.find(key);
    if (found == there.end() || found->second != share)
      return failed_precondition("existing schemata have " + key + "=" +
                                 (found == there.end() ? std::string("(nothing)") : found->second) + ", not " + share);
  }
  return {};
}

std::optional<std::string> Resctrl::find(std::string_view mountinfo) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    auto mount = parse_mount_line(line);
    if (mount && mount->type == "resctrl" && mount->root == "/") return std::move(mount->point);
  }
  return std::nullopt;
}

Result<Resctrl> Resctrl::open() {
  const char* named = ::getenv("HULL_RESCTRL");
  if (named && *named) return Resctrl(named);
  auto found = find(TRY(read_file("/proc/self/mountinfo")));
  if (!found) return unimplemented("no resctrl file system is mounted");
  return Resctrl(*std::move(found));
}

bool Resctrl::has(std::string_view resource) const { return exists(root_ + "/info/" + std::string(resource)); }

bool Resctrl::has_group(const std::string& group) const { return exists(group + "/tasks"); }

Result<void> Resctrl::explain(Result<void> done) const {
  if (done.ok()) return done;
  const auto status = read_file(root_ + "/info/last_cmd_status", kLongest);
  if (!status.ok() || trim(*status) == "ok") return done;
  const Error& error = done.error();
  return Error(error.code(), error.message() + ", last_cmd_status: " + std::string(trim(*status)));
}

Result<void> Resctrl::make_group(const std::string& group) const { return explain(sys::mkdir(group, 0755)); }

Result<void> Resctrl::remove_group(const std::string& group) {
  auto removed = sys::rmdir(group);
  return removed.is(Code::kNotFound) ? Result<void>() : std::move(removed).context("remove resctrl group");
}

// O_CREAT is for a tree of plain files, as the tests have it: in the kernel's own the files come with the directory.

Result<void> Resctrl::write_schemata(const std::string& group, const std::string& lines) const {
  const UniqueFd file = TRY(sys::open(group + "/schemata", O_WRONLY | O_CREAT | O_TRUNC, 0600));
  return explain(sys::write_all(file, lines)).context("write schemata of " + group);
}

Result<void> Resctrl::compare_schemata(const std::string& group, const std::string& lines) {
  return linux::compare_schemata(TRY(read_file(group + "/schemata", kLongest)), lines);
}

Result<void> Resctrl::add_process(const std::string& group, pid_t pid) const {
  const UniqueFd file = TRY(sys::open(group + "/tasks", O_WRONLY | O_CREAT, 0600));
  return explain(sys::write_all(file, std::to_string(pid) + "\n")).context("enter resctrl group " + group);
}

}  // namespace hull::linux
