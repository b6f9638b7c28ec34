#include "runtime/intel_rdt.h"

#include "base/sys.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "linux/resctrl.h"

namespace hull::runtime {
namespace {

using linux::Resctrl;

constexpr std::string_view kRootGroup = "/";
constexpr std::string_view kBandwidth = "MB:";

Error bad(std::string_view field, std::string_view problem, std::string_view value) {
  return invalid_argument("linux.intelRdt." + std::string(field) + ": " + std::string(problem) + ": \"" +
                          std::string(value) + "\"");
}

/// Directories of the file system that are none of groups.
bool is_taken_name(std::string_view name) {
  for (const std::string_view taken : {".", "..", "info", "mon_groups", "mon_data"})
    if (name == taken) return true;
  return false;
}

Result<void> check_texts(const spec::IntelRdt& rdt) {
  const std::string& name = rdt.clos_id;
  if (name != kRootGroup && (is_taken_name(name) || name.find_first_of("/\n") != std::string::npos))
    return bad("closID", "is no name of a group", name);
  const std::string& bandwidth = rdt.memory_bandwidth_schema;
  if (!bandwidth.empty() && bandwidth.compare(0, kBandwidth.size(), kBandwidth) != 0)
    return bad("memBwSchema", "must begin with \"MB:\"", bandwidth);
  if (bandwidth.find('\n') != std::string::npos) return bad("memBwSchema", "has more than one line", bandwidth);
  for (const std::string& line : rdt.schemata)
    if (line.find('\n') != std::string::npos) return bad("schemata", "has more than one line", line);
  return {};
}

Result<void> need(const Resctrl& resctrl, bool asked, std::string_view resource, std::string_view field) {
  if (!asked || resctrl.has(resource)) return {};
  return unimplemented("linux.intelRdt." + std::string(field) + ": this machine has no resource " +
                       std::string(resource) + " in " + resctrl.root() + "/info");
}

/// Code and data apart (cdp) have names of their own.
bool has_l3(const Resctrl& resctrl) { return resctrl.has("L3") || resctrl.has("L3CODE"); }

/// What goes into the file: a line of bandwidth in l3CacheSchema gives way to memBwSchema, schemata stand last.
std::string lines_of(const spec::IntelRdt& rdt) {
  std::string text;
  for (const std::string_view line : split(rdt.l3_cache_schema, '\n')) {
    const bool bandwidth = line.substr(0, kBandwidth.size()) == kBandwidth;
    if (!line.empty() && (!bandwidth || rdt.memory_bandwidth_schema.empty())) text += std::string(line) + "\n";
  }
  if (!rdt.memory_bandwidth_schema.empty()) text += rdt.memory_bandwidth_schema + "\n";
  for (const std::string& line : rdt.schemata) text += line + "\n";
  return text;
}

/// A group that has a name of its own stays: others may be in it, and who named it may remove it.
Result<void> make_group(const Resctrl& resctrl, const spec::IntelRdt& rdt, const Record& record,
                        const std::string& lines) {
  const std::string& group = record.intel_rdt_path;
  const bool found = resctrl.has_group(group);
  if (!rdt.clos_id.empty() && found) {
    auto same = Resctrl::compare_schemata(group, lines);
    return std::move(same).context("linux.intelRdt.closID \"" + rdt.clos_id + "\"");
  }
  if (!rdt.clos_id.empty() && lines.empty())
    return failed_precondition("linux.intelRdt.closID: \"" + rdt.clos_id + "\": clos dir doesn't exist");
  TRY(resctrl.make_group(group));
  if (lines.empty()) return {};
  auto written = resctrl.write_schemata(group, lines);
  // A group that is not on record as ours, and only half what was asked for, is nobody's.
  if (!written.ok() && !rdt.clos_id.empty()) (void)Resctrl::remove_group(group);
  return written;
}

}  // namespace

Result<void> check_intel_rdt(const spec::IntelRdt& rdt) {
  TRY(check_texts(rdt));
  const Resctrl resctrl = TRY(Resctrl::open().context("linux.intelRdt"));
  if (!rdt.l3_cache_schema.empty() && !has_l3(resctrl)) TRY(need(resctrl, true, "L3", "l3CacheSchema"));
  TRY(need(resctrl, !rdt.memory_bandwidth_schema.empty(), "MB", "memBwSchema"));
  return need(resctrl, rdt.enable_monitoring, "L3_MON", "enableMonitoring");
}

Result<void> make_intel_rdt(const spec::IntelRdt& rdt, const ContainerDirectory& directory, Record& record,
                            Rollback& undo) {
  const Resctrl resctrl = TRY(Resctrl::open().context("linux.intelRdt"));
  const std::string& name = rdt.clos_id.empty() ? record.id : rdt.clos_id;
  if (is_taken_name(name)) return bad("closID", "is no name of a group", name);
  const std::string group = name == kRootGroup ? resctrl.root() : resctrl.root() + "/" + name;
  if (rdt.clos_id.empty() && resctrl.has_group(group))
    return already_exists("linux.intelRdt: the group " + group + " is there already");
  record.intel_rdt_path = group;
  record.details.rdt_group_made = rdt.clos_id.empty();
  if (rdt.enable_monitoring) record.details.rdt_monitor = group + "/mon_groups/" + record.id;
  TRY(directory.write_record(record));
  undo.add([record] { return remove_intel_rdt(record); });
  TRY(make_group(resctrl, rdt, record, lines_of(rdt)));
  if (rdt.enable_monitoring)
    TRY(resctrl.make_group(record.details.rdt_monitor).context("linux.intelRdt.enableMonitoring"));
  return {};
}

Result<void> enter_intel_rdt(const Record& record, pid_t pid) {
  if (record.intel_rdt_path.empty()) return {};
  const Resctrl resctrl = TRY(Resctrl::open());
  TRY(resctrl.add_process(record.intel_rdt_path, pid));
  // After the group: a change of that resets the counters' group.
  if (!record.details.rdt_monitor.empty()) TRY(resctrl.add_process(record.details.rdt_monitor, pid));
  return {};
}

Result<void> remove_intel_rdt(const Record& record) {
  if (!record.details.rdt_monitor.empty()) TRY(Resctrl::remove_group(record.details.rdt_monitor));
  return record.details.rdt_group_made ? Resctrl::remove_group(record.intel_rdt_path) : Result<void>();
}

Result<void> update_intel_rdt(const spec::IntelRdt& rdt, const ContainerDirectory& directory, Record& record) {
  TRY(check_intel_rdt(rdt));
  if (!record.intel_rdt_path.empty()) return TRY(Resctrl::open()).write_schemata(record.intel_rdt_path, lines_of(rdt));
  Rollback undo;
  TRY(make_intel_rdt(rdt, directory, record, undo));
  for (const pid_t pid : TRY(linux::Cgroup(record.cgroup_paths).processes())) TRY(enter_intel_rdt(record, pid));
  undo.commit();
  return {};
}

}  // namespace hull::runtime
