#include "engine/containers/mount_planner.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"
#include "engine/containers/oci/mounts.h"

namespace hull::engine {
namespace {

// An image may name any number of volumes.
constexpr size_t kMaxMounts = 2048;

constexpr std::array<std::string_view, 6> kPropagations = {"private", "rprivate", "shared",
                                                           "rshared", "slave",    "rslave"};

bool is_propagation(std::string_view word) {
  return std::find(kPropagations.begin(), kPropagations.end(), word) != kPropagations.end();
}

Error bad_spec(const std::string& spec, const std::string& problem = "") {
  return invalid_argument("invalid volume specification: '" + spec + "'" + (problem.empty() ? "" : ": " + problem));
}

Result<std::string> destination_of(const std::string& path) {
  if (!path.starts_with('/')) return invalid_argument("invalid mount path: '" + path + "' mount path must be absolute");
  std::string clean = clean_path(path);
  if (clean == "/") return invalid_argument("invalid specification: destination can't be '/'");
  return clean;
}

bool is_volume_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return ::isalnum(static_cast<unsigned char>(c)) != 0; };
  return name.size() >= 2 && alphanumeric(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
           return alphanumeric(c) || c == '_' || c == '.' || c == '-';
         });
}

Result<void> apply_mode(const std::string& spec, std::string_view mode, MountPlan& plan) {
  plan.mode = mode;
  int accesses = 0;
  for (const auto word : split(mode, ',')) {
    if (word == "ro" || word == "rw") {
      plan.read_only = word == "ro";
      if (++accesses > 1) return bad_spec(spec, "invalid mode: " + std::string(mode));
    } else if (is_propagation(word) && plan.kind == MountKind::kBind) {
      plan.propagation = word;
    } else if (word == "nocopy" && plan.kind == MountKind::kVolume) {
      plan.copy_image_content = false;
    } else if (word != "z" && word != "Z") {
      // z and Z relabel for SELinux, which has no effect where it is off.
      return bad_spec(spec, "invalid mode: " + std::string(mode));
    }
  }
  return {};
}

MountPlan volume_plan(std::string name, std::string driver) {
  MountPlan plan;
  plan.kind = MountKind::kVolume;
  plan.anonymous = name.empty();
  plan.volume = std::move(name);
  plan.driver = driver.empty() ? "local" : std::move(driver);
  plan.copy_image_content = true;
  return plan;
}

/// "source:destination[:mode]", or a destination alone for an anonymous volume.
Result<WantedMount> parse_bind(const std::string& spec, const std::string& driver) {
  const auto parts = split(spec, ':');
  if (parts.empty() || parts.size() > 3) return bad_spec(spec);
  if (std::any_of(parts.begin(), parts.end(), [](auto part) { return part.empty(); })) return bad_spec(spec);
  WantedMount wanted;
  const std::string source(parts.size() > 1 ? parts[0] : std::string_view());
  if (source.starts_with('/')) {
    wanted.plan.source = clean_path(source);
    wanted.plan.create_source = true;
    wanted.plan.propagation = "rprivate";
  } else {
    if (!source.empty() && !is_volume_name(source))
      return bad_spec(
          spec,
          "\"" + source +
              "\" includes invalid characters for a local volume name, only "
              "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path");
    wanted.plan = volume_plan(source, driver);
  }
  auto destination = destination_of(std::string(parts.size() > 1 ? parts[1] : parts[0]));
  if (!destination.ok()) return bad_spec(spec, destination.error().message());
  wanted.plan.destination = std::move(destination).value();
  if (parts.size() == 3) TRY(apply_mode(spec, parts[2], wanted.plan));
  wanted.volume = {wanted.plan.volume, wanted.plan.driver, {}, {}};
  return wanted;
}

Error bad_mount(const api::Mount& mount, const std::string& problem) {
  return invalid_argument("invalid mount config for type \"" + mount.type + "\": " + problem);
}

Result<MountPlan> bind_of(const api::Mount& mount) {
  if (mount.volume_options || mount.tmpfs_options)
    return bad_mount(mount, "field VolumeOptions or TmpfsOptions must not be specified");
  if (mount.source.empty()) return bad_mount(mount, "field Source must not be empty");
  if (!mount.source.starts_with('/'))
    return bad_mount(mount, "invalid mount path: '" + mount.source + "' mount path must be absolute");
  MountPlan plan;
  plan.source = clean_path(mount.source);
  const auto options = mount.bind_options.value_or(api::BindOptions());
  plan.create_source = options.create_mountpoint;
  if (!plan.create_source && !exists(plan.source))
    return bad_mount(mount, "bind source path does not exist: " + mount.source);
  if (!options.propagation.empty() && !is_propagation(options.propagation))
    return bad_mount(mount, "invalid propagation mode: " + options.propagation);
  if (options.read_only_non_recursive && !mount.read_only)
    return bad_mount(mount, "mount must be set to ReadOnly when using ReadOnlyNonRecursive");
  if (options.read_only_force_recursive) {
    if (!mount.read_only) return bad_mount(mount, "mount must be set to ReadOnly when using ReadOnlyForceRecursive");
    if (options.non_recursive) return bad_mount(mount, "ReadOnlyForceRecursive conflicts with NonRecursive");
    if (options.read_only_non_recursive)
      return bad_mount(mount, "ReadOnlyForceRecursive conflicts with ReadOnlyNonRecursive");
    if (!options.propagation.empty() && options.propagation != "rprivate")
      return bad_mount(mount, "ReadOnlyForceRecursive can only be used with propagation rprivate");
  }
  plan.read_only_recursive = !options.read_only_non_recursive;
  plan.recursive = !options.non_recursive;
  plan.propagation = options.propagation.empty() ? "rprivate" : options.propagation;
  return plan;
}

Result<MountPlan> volume_of(const api::Mount& mount, VolumeRequest& request) {
  if (mount.bind_options || mount.tmpfs_options)
    return bad_mount(mount, "field BindOptions or TmpfsOptions must not be specified");
  if (!mount.source.empty() && !is_volume_name(mount.source))
    return bad_mount(mount, "\"" + mount.source + "\" includes invalid characters for a local volume name");
  const auto options = mount.volume_options.value_or(api::VolumeOptions());
  if (!options.subpath.empty()) {
    if (mount.source.empty()) return bad_mount(mount, "must not set Subpath when using anonymous volumes");
    const std::string clean = clean_path(options.subpath);
    if (options.subpath.starts_with('/') || clean == ".." || clean.starts_with("../"))
      return bad_mount(
          mount, "invalid mount path: '" + options.subpath + "' subpath must be a relative path within the volume");
  }
  const auto driver = options.driver_config.value_or(api::MountDriver());
  MountPlan plan = volume_plan(mount.source, driver.name);
  plan.copy_image_content = !options.no_copy && options.subpath.empty();
  plan.subpath = options.subpath.empty() ? "" : clean_path(options.subpath);
  request = {plan.volume, plan.driver, driver.options, options.labels};
  return plan;
}

Result<MountPlan> tmpfs_of(const api::Mount& mount) {
  if (mount.bind_options || mount.volume_options)
    return bad_mount(mount, "field BindOptions or VolumeOptions must not be specified");
  if (!mount.source.empty()) return bad_mount(mount, "field Source must not be specified");
  const auto options = mount.tmpfs_options.value_or(api::TmpfsOptions());
  if (options.size_bytes < 0) return bad_mount(mount, "TmpfsOptions.SizeBytes cannot be negative");
  std::string text;
  for (const auto& option : options.options) {
    if (option.empty() || option.size() > 2)
      return bad_mount(mount, "invalid option array length in TmpfsOptions.Options");
    text += (text.empty() ? "" : ",") + join(option, "=");
  }
  MountPlan plan;
  plan.kind = MountKind::kTmpfs;
  plan.tmpfs_options = TRY(oci::tmpfs_options(text));
  if (options.size_bytes > 0) plan.tmpfs_options.push_back("size=" + std::to_string(options.size_bytes));
  if (options.mode != 0) {
    std::string octal;
    for (uint32_t mode = options.mode; mode > 0; mode /= 8)
      octal.insert(octal.begin(), static_cast<char>('0' + mode % 8));
    plan.tmpfs_options.push_back("mode=" + octal);
  }
  return plan;
}

Result<WantedMount> parse_mount(const api::Mount& mount) {
  if (mount.target.empty()) return bad_mount(mount, "field Target must not be empty");
  WantedMount wanted;
  if (mount.type == "bind") {
    wanted.plan = TRY(bind_of(mount));
  } else if (mount.type == "volume") {
    wanted.plan = TRY(volume_of(mount, wanted.volume));
  } else if (mount.type == "tmpfs") {
    wanted.plan = TRY(tmpfs_of(mount));
  } else if (mount.type == "image") {
    return unimplemented("mount type \"image\" is not supported");
  } else {
    return invalid_argument("mount type unknown: \"" + mount.type + "\"");
  }
  auto destination = destination_of(mount.target);
  if (!destination.ok()) return bad_mount(mount, destination.error().message());
  wanted.plan.destination = std::move(destination).value();
  wanted.plan.read_only = mount.read_only;
  wanted.plan.from_mounts_field = true;
  return wanted;
}

class Planner {
 public:
  Result<void> add(WantedMount wanted) {
    if (find(wanted.plan.destination)) return invalid_argument("Duplicate mount point: " + wanted.plan.destination);
    if (mounts_.size() == kMaxMounts)
      return invalid_argument("more than " + std::to_string(kMaxMounts) + " mounts are asked for");
    mounts_.push_back(std::move(wanted));
    return {};
  }
  bool find(const std::string& destination) const {
    return std::any_of(mounts_.begin(), mounts_.end(),
                       [&](const WantedMount& mount) { return mount.plan.destination == destination; });
  }
  std::vector<WantedMount> take() && { return std::move(mounts_); }

 private:
  std::vector<WantedMount> mounts_;
};

Result<void> add_tmpfs(const api::HostConfig& host, Planner& planner) {
  for (const auto& [path, options] : host.tmpfs) {
    WantedMount wanted;
    wanted.plan.kind = MountKind::kTmpfs;
    wanted.plan.destination = TRY(destination_of(path));
    wanted.plan.tmpfs_options = TRY(oci::tmpfs_options(options));
    TRY(planner.add(std::move(wanted)));
  }
  return {};
}

}  // namespace

std::string clean_path(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> kept;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!absolute) {
      kept.push_back(part);
    }
  }
  std::string out = absolute ? "/" : "";
  for (size_t i = 0; i < kept.size(); ++i) (out += i > 0 ? "/" : "") += kept[i];
  return out.empty() ? "." : out;
}

Result<std::vector<WantedMount>> plan_mounts(const api::Config& config, const api::HostConfig& host,
                                             const std::vector<MountPlan>& inherited) {
  Planner planner;
  for (const std::string& spec : host.binds.value_or(std::vector<std::string>()))
    TRY(planner.add(TRY(parse_bind(spec, host.volume_driver))));
  for (const api::Mount& mount : host.mounts) TRY(planner.add(TRY(parse_mount(mount))));
  TRY(add_tmpfs(host, planner));
  for (const MountPlan& plan : inherited)
    if (!planner.find(plan.destination)) TRY(planner.add({plan, {plan.volume, plan.driver, {}, {}}}));
  for (const auto& [path, unused] : config.volumes.value_or(api::StringSet())) {
    WantedMount wanted{volume_plan("", host.volume_driver), {"", "local", {}, {}}};
    wanted.plan.destination = TRY(destination_of(path));
    if (!planner.find(wanted.plan.destination)) TRY(planner.add(std::move(wanted)));
  }
  return std::move(planner).take();
}

}  // namespace hull::engine
