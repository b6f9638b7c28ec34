#include "runtime/systemd/scope.h"

#include <cstdlib>
#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "runtime/cgroup_limits.h"
#include "runtime/systemd/bus.h"

namespace hull::runtime::systemd {
namespace {

using dbus::Bus;
using dbus::Message;
using dbus::Writer;

constexpr auto kTimeout = std::chrono::seconds(30);
constexpr const char* kSystemBus = "/run/dbus/system_bus_socket";

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto code = text[i] == '%' ? parse_integer<unsigned>(text.substr(i + 1, 2), 16) : std::nullopt;
    out += code ? static_cast<char>(*code) : text[i];
    if (code) i += 2;
  }
  return out;
}

/// The socket of the first address of a list that has one. Source: D-Bus Specification, "Server Addresses".
std::optional<std::string> socket_of(std::string_view addresses) {
  for (const std::string_view address : split(addresses, ';')) {
    const auto transport = cut(address, ":");
    if (!transport || transport->before != "unix") continue;
    for (const std::string_view option : split(transport->after, ',')) {
      const auto pair = cut(option, "=");
      if (pair && pair->before == "path") return percent_decode(pair->after);
    }
  }
  return std::nullopt;
}

Result<std::string> user_bus() {
  if (const char* addresses = ::getenv("DBUS_SESSION_BUS_ADDRESS"); addresses && *addresses) {
    if (auto socket = socket_of(addresses)) return *std::move(socket);
    return invalid_argument("DBUS_SESSION_BUS_ADDRESS: no unix socket in \"" + std::string(addresses) + "\"");
  }
  const char* directory = ::getenv("XDG_RUNTIME_DIR");
  const std::string socket = directory && *directory ? std::string(directory) + "/bus" : "";
  if (!socket.empty() && exists(socket)) return socket;
  return not_found("could not detect DBUS_SESSION_BUS_ADDRESS, nor is there $XDG_RUNTIME_DIR/bus");
}

Result<Bus> connect(Manager manager) {
  auto socket = manager == Manager::kUser ? user_bus() : Result<std::string>(kSystemBus);
  if (!socket.ok()) return Error(Code::kUnavailable, socket.error().message()).context("connect to systemd");
  auto bus = Bus::connect(*socket, kTimeout);
  if (!bus.ok()) return Error(Code::kUnavailable, bus.error().message()).context("connect to systemd");
  return bus;
}

Message manager_call(const char* member, const char* signature, const Writer& body) {
  Message message;
  message.destination = "org.freedesktop.systemd1";
  message.path = "/org/freedesktop/systemd1";
  message.interface = "org.freedesktop.systemd1.Manager";
  message.member = member;
  message.signature = signature;
  message.body = body.bytes();
  return message;
}

struct ValueWriter {
  Writer& writer;
  void operator()(bool value) const {
    writer.variant("b", [&] { writer.boolean(value); });
  }
  void operator()(uint64_t value) const {
    writer.variant("t", [&] { writer.uint64(value); });
  }
  void operator()(const std::string& value) const {
    writer.variant("s", [&] { writer.string(value); });
  }
  void operator()(const Property::DeviceAllow& value) const {
    writer.variant("a(ss)", [&] {
      writer.array(8, [&] {
        for (const auto& [node, access] : value) {
          writer.align(8);
          writer.string(node);
          writer.string(access);
        }
      });
    });
  }
  void operator()(const dbus::Value& value) const {
    writer.variant(value.type, [&] { dbus::write_value(writer, value); });
  }
  void operator()(const Property::Bits& value) const {
    writer.variant("ay", [&] {
      writer.array(1, [&] {
        for (const uint8_t byte : value) writer.byte(byte);
      });
    });
  }
};

void add_bits(std::vector<Property>& all, const char* name, const std::string& list) {
  Property::Bits bits;
  for (const std::string_view part : split(list, ',')) {
    const auto range = cut(trim(part), "-");
    const auto first = parse_integer<uint16_t>(range ? range->before : trim(part));
    const auto last = range ? parse_integer<uint16_t>(range->after) : first;
    constexpr uint16_t kMost = 8192;  // the most CPUs that a kernel can be built for
    if (!first || !last || *first > *last || *last >= kMost) return;
    if (bits.size() <= *last / 8U) bits.resize(*last / 8U + 1);
    for (unsigned number = *first; number <= *last; ++number)
      bits[number / 8] = static_cast<uint8_t>(bits[number / 8] | 1U << number % 8);
  }
  all.push_back({name, std::move(bits)});
}

void write_property(Writer& writer, const Property& property) {
  writer.align(8);
  writer.string(property.name);
  std::visit(ValueWriter{writer}, property.value);
}

/// Signals reach only who asked for them, twice: the bus for the match, systemd for any at all.
Result<void> watch_jobs(Bus& bus) {
  Message match;
  match.destination = match.interface = "org.freedesktop.DBus";
  match.path = "/org/freedesktop/DBus";
  match.member = "AddMatch";
  match.signature = "s";
  Writer rule;
  rule.string("type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'");
  match.body = rule.bytes();
  TRY(bus.call(std::move(match)));
  TRY(bus.call(manager_call("Subscribe", "", Writer())));
  return {};
}

/// Calls a method that makes a job, and waits for the job's end.
Result<void> run_job(Bus& bus, Message message) {
  const std::string answer = TRY(bus.call(std::move(message)));
  dbus::Reader reader(answer);
  const std::string job = TRY(reader.string());
  for (;;) {
    const Message removed = TRY(bus.next_signal("JobRemoved"));
    dbus::Reader body(removed.body);
    TRY(body.uint32());
    if (TRY(body.string()) != job) continue;
    const std::string unit = TRY(body.string());
    const std::string result = TRY(body.string());
    if (result == "done") return {};
    return failed_precondition("systemd unit " + unit + ": job " + result);
  }
}

bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > 250) return false;
  for (const char c : name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && std::string_view(":-_.\\@").find(c) == std::string_view::npos) return false;
  }
  return true;
}

void add_cpu(std::vector<Property>& all, const spec::CpuLimits& cpu, linux::CgroupMode mode) {
  constexpr uint64_t kSecond = 1000000, kDefaultPeriod = 100000, kStep = 10000;
  if (cpu.shares.value_or(0) != 0 && mode != linux::CgroupMode::kV2) all.push_back({"CPUShares", *cpu.shares});
  // A weight of 0 is systemd's word for cpu.idle, which has no other weight.
  const bool idle = cpu.idle.value_or(0) == 1;
  if (mode == linux::CgroupMode::kV2 && (idle || cpu.shares.value_or(0) != 0))
    all.push_back({"CPUWeight", idle ? uint64_t{0} : weight_of_shares(*cpu.shares)});
  if (!cpu.cpus.empty()) add_bits(all, "AllowedCPUs", cpu.cpus);
  if (!cpu.mems.empty()) add_bits(all, "AllowedMemoryNodes", cpu.mems);
  if (cpu.quota.value_or(0) == 0 && cpu.period.value_or(0) == 0) return;
  const uint64_t period = cpu.period.value_or(0) != 0 ? *cpu.period : kDefaultPeriod;
  if (cpu.period.value_or(0) != 0) all.push_back({"CPUQuotaPeriodUSec", period});
  uint64_t each_second = UINT64_MAX;
  if (cpu.quota.value_or(0) > 0) {
    // systemd keeps whole percents: rounded up, or the container would get less than it was promised.
    each_second = static_cast<uint64_t>(*cpu.quota) * kSecond / period;
    each_second = (each_second + kStep - 1) / kStep * kStep;
  }
  all.push_back({"CPUQuotaPerSecUSec", each_second});
}

uint64_t limit_of(int64_t value) { return value < 0 ? UINT64_MAX : static_cast<uint64_t>(value); }

void add_memory(std::vector<Property>& all, const spec::MemoryLimits& memory, linux::CgroupMode mode) {
  const int64_t limit = memory.limit.value_or(0);
  if (mode != linux::CgroupMode::kV2) {
    if (limit != 0) all.push_back({"MemoryLimit", limit_of(limit)});
    return;
  }
  if (limit != 0) all.push_back({"MemoryMax", limit_of(limit)});
  if (memory.reservation.value_or(0) != 0) all.push_back({"MemoryLow", limit_of(*memory.reservation)});
  const int64_t both = memory.swap.value_or(0);
  if (both == -1 || (limit == -1 && both == 0)) all.push_back({"MemorySwapMax", uint64_t{UINT64_MAX}});
  if (both > 0 && limit > 0) all.push_back({"MemorySwapMax", static_cast<uint64_t>(both - limit)});
}

/// "char-pts": the name that /proc/devices gives the major number; empty where it has none.
std::string group_of(std::string_view proc_devices, bool block, int64_t major) {
  bool in_blocks = false;
  for (const std::string_view line : split(proc_devices, '\n')) {
    if (line.substr(0, 6) == "Block ") in_blocks = true;
    const auto parts = cut(trim(line), " ");
    if (in_blocks == block && parts && parse_integer<int64_t>(parts->before) == major)
      return (block ? "block-" : "char-") + std::string(trim(parts->after));
  }
  return "";
}

/// Empty: systemd has no words for it.
std::string node_of(const spec::DeviceRule& rule, const std::string& proc_devices) {
  const bool block = rule.type == "b";
  const std::string type = block ? "block" : "char";
  const bool any_major = rule.major.value_or(-1) < 0;
  const bool any_minor = rule.minor.value_or(-1) < 0;
  if (any_major) return any_minor ? type + "-*" : "";
  if (any_minor) return group_of(proc_devices, block, *rule.major);
  return "/dev/" + type + "/" + std::to_string(*rule.major) + ":" + std::to_string(*rule.minor);
}

}  // namespace

std::string ScopeName::cgroup_path() const {
  // "a-b.slice" lies in "a.slice"; "-.slice" is the root. Source: systemd.slice(5).
  const std::string stem = slice.substr(0, slice.size() - std::string_view(".slice").size());
  std::string path;
  if (stem != "-") {
    for (size_t dash = stem.find('-'); dash != std::string::npos; dash = stem.find('-', dash + 1))
      path += "/" + stem.substr(0, dash) + ".slice";
    path += "/" + slice;
  }
  return above + path + "/" + unit;
}

Result<std::string> cgroup_of_user_manager() {
  Bus bus = TRY(connect(Manager::kUser));
  Message message;
  message.destination = "org.freedesktop.systemd1";
  message.path = "/org/freedesktop/systemd1";
  message.interface = "org.freedesktop.DBus.Properties";
  message.member = "Get";
  message.signature = "ss";
  Writer body;
  body.string("org.freedesktop.systemd1.Manager");
  body.string("ControlGroup");
  message.body = body.bytes();
  const std::string answer = TRY(bus.call(std::move(message)));
  dbus::Reader reader(answer);
  if (TRY(reader.signature()) != "s") return data_loss("the user's systemd tells no cgroup");
  const std::string cgroup = TRY(reader.string());
  return cgroup == "/" ? "" : cgroup;
}

Result<ScopeName> parse_scope(const std::string& cgroups_path, const std::string& id, Manager manager) {
  ScopeName name;
  name.manager = manager;
  const std::string_view usual = manager == Manager::kUser ? "user.slice" : "system.slice";
  std::vector<std::string_view> parts = {usual, "runc", id};
  if (!cgroups_path.empty()) {
    parts = split(cgroups_path, ':');
    if (parts.size() != 3)
      return invalid_argument("expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"" +
                              cgroups_path + "\" instead");
    if (parts[0].empty()) parts[0] = usual;
  }
  name.slice = parts[0];
  name.unit = (parts[1].empty() ? "" : std::string(parts[1]) + "-") + std::string(parts[2]) + ".scope";
  const bool slice = name.slice.size() > 6 && name.slice.substr(name.slice.size() - 6) == ".slice";
  const std::string stem = slice ? name.slice.substr(0, name.slice.size() - 6) : "";
  const bool dashes = stem != "-" && (stem.substr(0, 1) == "-" || (slice && stem.back() == '-') ||
                                      stem.find("--") != std::string::npos);
  if (!slice || !valid_name(name.slice) || dashes)
    return invalid_argument("linux.cgroupsPath: invalid slice name: " + name.slice);
  if (parts[2].empty() || !valid_name(name.unit))
    return invalid_argument("linux.cgroupsPath: invalid unit name: " + name.unit);
  return name;
}

namespace {

/// Files of v2 that systemd has a word for: it would write its own value again at a reload.
struct UnifiedProperty {
  const char* file;
  const char* name;
};
constexpr UnifiedProperty kUnified[] = {
    {"cpu.weight", "CPUWeight"}, {"memory.high", "MemoryHigh"}, {"memory.low", "MemoryLow"},
    {"memory.min", "MemoryMin"}, {"memory.max", "MemoryMax"},   {"memory.swap.max", "MemorySwapMax"},
    {"pids.max", "TasksMax"},
};

void put(std::vector<Property>& all, Property property) {
  std::erase_if(all, [&](const Property& other) { return other.name == property.name; });
  all.push_back(std::move(property));
}

void put_quota(std::vector<Property>& all, std::string_view value) {
  const auto parts = cut(value, " ");
  const auto quota = parts ? parts->before : value;
  spec::CpuLimits cpu;
  cpu.quota = quota == "max" ? -1 : parse_integer<int64_t>(quota).value_or(0);
  if (parts) cpu.period = parse_integer<uint64_t>(trim(parts->after));
  std::vector<Property> both;
  add_cpu(both, cpu, linux::CgroupMode::kV2);
  for (Property& property : both) put(all, std::move(property));
}

/// A value that can't be read is left to the kernel, which refuses it.
void add_unified(std::vector<Property>& all, const std::map<std::string, std::string>& unified) {
  for (const auto& [file, text] : unified) {
    const std::string_view value = trim(text);
    if (file == "cpu.max") put_quota(all, value);
    if (file == "cpu.idle" && value == "1") put(all, {"CPUWeight", uint64_t{0}});
    std::vector<Property> bits;
    if (file == "cpuset.cpus") add_bits(bits, "AllowedCPUs", std::string(value));
    if (file == "cpuset.mems") add_bits(bits, "AllowedMemoryNodes", std::string(value));
    for (Property& property : bits) put(all, std::move(property));
    for (const UnifiedProperty& known : kUnified) {
      const auto number = value == "max" ? std::optional<uint64_t>(UINT64_MAX) : parse_integer<uint64_t>(value);
      if (file == known.file && number) put(all, {known.name, *number});
    }
  }
}

}  // namespace

std::vector<Property> properties_of(const spec::Resources& resources, linux::CgroupMode mode) {
  std::vector<Property> all;
  if (resources.cpu) add_cpu(all, *resources.cpu, mode);
  if (resources.memory) add_memory(all, *resources.memory, mode);
  if (resources.pids && resources.pids->limit != 0) all.push_back({"TasksMax", limit_of(resources.pids->limit)});
  if (mode == linux::CgroupMode::kV2) add_unified(all, resources.unified);
  return all;
}

std::vector<Property> device_properties(const std::vector<spec::DeviceRule>& rules, const std::string& proc_devices) {
  Property::DeviceAllow allowed;
  const std::vector<Property> ours = {{"DevicePolicy", std::string("auto")}, {"DeviceAllow", Property::DeviceAllow()}};
  for (const spec::DeviceRule& rule : rules) {
    const bool all = rule.type.empty() || rule.type == "a";
    if (!rule.allow && all && rule.major.value_or(-1) < 0 && rule.minor.value_or(-1) < 0) {
      allowed.clear();
      continue;
    }
    const std::string node = rule.allow && !all ? node_of(rule, proc_devices) : "";
    if (node.empty()) return ours;
    allowed.emplace_back(node, rule.access.empty() ? "rwm" : rule.access);
  }
  return {{"DevicePolicy", std::string("strict")}, {"DeviceAllow", allowed}};
}

Result<void> start_scope(const ScopeName& name, const std::string& container_id, pid_t first,
                         const std::vector<Property>& properties) {
  Bus bus = TRY(connect(name.manager));
  TRY(watch_jobs(bus));
  std::vector<Property> all = {{"Description", "hull-runc container " + container_id},
                               {"Slice", name.slice},
                               {"Delegate", true},
                               {"DefaultDependencies", false},
                               {"CPUAccounting", true},
                               {"MemoryAccounting", true},
                               {"IOAccounting", true},
                               {"TasksAccounting", true}};
  all.insert(all.end(), properties.begin(), properties.end());
  Writer body;
  body.string(name.unit);
  // Never in place of another container's: "fail" refuses where the unit has a job or a process.
  body.string("fail");
  body.array(8, [&] {
    for (const Property& property : all) write_property(body, property);
    body.align(8);
    body.string("PIDs");
    body.variant("au", [&] { body.array(4, [&] { body.uint32(static_cast<uint32_t>(first)); }); });
  });
  body.array(8, [] {});
  return run_job(bus, manager_call("StartTransientUnit", "ssa(sv)a(sa(sv))", body)).context("start unit " + name.unit);
}

Result<void> set_properties(Manager manager, const std::string& unit, const std::vector<Property>& properties) {
  if (properties.empty()) return {};
  Bus bus = TRY(connect(manager));
  Writer body;
  body.string(unit);
  body.boolean(true);  // not written to disk
  body.array(8, [&] {
    for (const Property& property : properties) write_property(body, property);
  });
  TRY(bus.call(manager_call("SetUnitProperties", "sba(sv)", body)).context("change unit " + unit));
  return {};
}

Result<void> attach_process(Manager manager, const std::string& unit, pid_t pid) {
  Bus bus = TRY(connect(manager));
  Writer body;
  body.string(unit);
  body.string("");  // not below it
  body.array(4, [&] { body.uint32(static_cast<uint32_t>(pid)); });
  TRY(bus.call(manager_call("AttachProcessesToUnit", "ssau", body)).context("attach to unit " + unit));
  return {};
}

Result<void> stop_scope(Manager manager, const std::string& unit) {
  Bus bus = TRY(connect(manager));
  TRY(watch_jobs(bus));
  Writer body;
  body.string(unit);
  body.string("replace");
  auto stopped = run_job(bus, manager_call("StopUnit", "ss", body));
  if (!stopped.ok() && !stopped.is(Code::kNotFound)) return std::move(stopped).context("stop unit " + unit);
  Writer name;
  name.string(unit);
  // Only a unit that failed is still there to be reset.
  auto reset = bus.call(manager_call("ResetFailedUnit", "s", name));
  if (!reset.ok() && !reset.is(Code::kNotFound)) return std::move(reset).error().context("reset unit " + unit);
  return {};
}

}  // namespace hull::runtime::systemd
