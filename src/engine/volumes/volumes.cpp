#include "engine/volumes/volumes.h"

#include <algorithm>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/containers/copy_up.h"
#include "engine/volumes/directory_size.h"
#include "engine/volumes/filters.h"
#include "engine/volumes/local_driver.h"

namespace hull::engine {
namespace {

// Followed by random digits, so that a volume of the same name can be removed again meanwhile, "-" and the name.
constexpr std::string_view kRemoving = ".removing-";
constexpr size_t kRemovingDigits = 8;
constexpr size_t kNameLimit = 255;  // NAME_MAX

Result<void> validate_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; };
  if (name.size() == 1)
    return invalid_argument("volume name is too short, names should be at least two alphanumeric characters");
  if (name.empty() || name.size() > kNameLimit - kRemoving.size() - kRemovingDigits - 1 ||
      !std::ranges::all_of(name, allowed) || !std::isalnum(static_cast<unsigned char>(name.front())))
    return invalid_argument("\"" + name +
                            "\" includes invalid characters for a local volume name, only "
                            "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use "
                            "absolute path");
  return {};
}

Result<void> validate_create(const api::VolumeCreate& create) {
  if (create.cluster_volume_spec)
    return Error(Code::kUnavailable, "this node is not a swarm manager: cluster volumes need a swarm");
  if (!create.driver.empty() && create.driver != "local")
    return not_found("error looking up volume plugin " + create.driver + ": plugin \"" + create.driver +
                     "\" not found");
  if (!create.name.empty()) TRY(validate_name(create.name));
  return validate_local_options(create.driver_options);
}

Error no_such_volume(const std::string& name) { return not_found("get " + name + ": no such volume"); }

}  // namespace

Result<std::unique_ptr<Volumes>> Volumes::open(const std::string& data_root, EventSink& events,
                                               VolumeMounter& mounter) {
  TRY(make_directories(data_root + "/volumes", 0711));
  VolumeStore store = TRY(VolumeStore::open(data_root + "/volumes.db"));
  std::unique_ptr<Volumes> volumes(new Volumes(data_root + "/volumes", std::move(store), events, mounter));
  TRY(volumes->finish_removals());
  TRY(volumes->load());
  return volumes;
}

/// What can't be removed now is tried again at the next start.
Result<void> Volumes::finish_removals() {
  for (const std::string& name : TRY(list_directory(directory_)))
    if (name.starts_with(kRemoving))
      if (const auto done = finish_removal(name); !done.ok())
        logging::warn("finish removal of a volume", {{"path", path_of(name)}, {"error", done.error().message()}});
  return {};
}

Result<void> Volumes::finish_removal(const std::string& aside) {
  const size_t prefix = kRemoving.size() + kRemovingDigits + 1;
  const std::string removed = aside.size() > prefix ? aside.substr(prefix) : "";
  if (!removed.empty() && !exists(path_of(removed))) TRY(store_.remove(removed));
  return remove_tree(path_of(aside));
}

/// One volume's damage is no other's: its containers find out.
Result<void> Volumes::make_ready(const std::string& name) const {
  // Somebody took the directory away; the volume is there, empty. What is mounted there is not asked.
  if (!is_mounted(data_of(name)) && !exists(data_of(name))) TRY(make_directories(data_of(name), 0755));
  for (const std::string& entry : TRY(list_directory(path_of(name))))
    if (entry.starts_with(kCopyUpStage)) TRY(remove_tree(path_of(name) + "/" + entry));
  return {};
}

Result<void> Volumes::load() {
  All all;
  for (VolumeRecord& record : TRY(store_.load())) {
    if (const auto ready = make_ready(record.name); !ready.ok())
      logging::warn("look after volume", {{"volume", record.name}, {"error", ready.error().message()}});
    const std::string name = record.name;
    all[name].record = std::move(record);
  }
  all_.with([&](All& volumes) { volumes = std::move(all); });
  return {};
}

api::Volume Volumes::view_of(const VolumeRecord& record) const {
  api::Volume view;
  view.name = record.name;
  view.driver = record.driver;
  view.created_at = record.created_at;
  view.labels = record.labels;
  view.mountpoint = data_of(record.name);
  if (!record.options.empty()) view.options = record.options;
  return view;
}

Result<VolumeRecord> Volumes::make(const VolumeRecord& wanted) {
  Rollback undo;
  undo.add([&] { return remove_tree(path_of(wanted.name)); });
  TRY(make_directories(path_of(wanted.name), 0711));
  TRY(make_directories(data_of(wanted.name), 0755));
  TRY(store_.save(wanted));
  undo.commit();
  all_.with([&](All& all) { all[wanted.name].record = wanted; });
  announce("create", wanted);
  return wanted;
}

Result<Volumes::FoundOrMade> Volumes::find_or_make(const api::VolumeCreate& create) {
  const std::string name = create.name.empty() ? random_hex(64) : create.name;
  TRY(validate_create(create).context("create " + name));
  const auto present = all_.with([&](const All& all) {
    const auto found = all.find(name);
    return found == all.end() ? std::nullopt : std::optional(found->second.record);
  });
  if (present) {
    if (!create.driver_options.empty() && create.driver_options != present->options)
      return conflict("create " + name + ": volume named " + name + " already exists with other driver options");
    return FoundOrMade{*present};
  }
  VolumeRecord wanted{name, "local", now(), create.labels, create.driver_options};
  if (create.name.empty()) {
    if (!wanted.labels) wanted.labels.emplace();
    wanted.labels->emplace(kAnonymousLabel, "");
  }
  return FoundOrMade{TRY(make(wanted)), true};
}

Result<api::Volume> Volumes::create(const api::VolumeCreate& create) {
  std::lock_guard lock(changes_);
  return view_of(TRY(find_or_make(create)).record);
}

Result<VolumeUse> Volumes::acquire(const VolumeRequest& request, const std::string& container_id) {
  std::unique_lock lock(changes_);
  api::VolumeCreate create;
  create.name = request.name;
  create.driver = request.driver;
  create.driver_options = request.driver_options;
  if (!request.labels.empty()) create.labels = request.labels;
  const auto [record, made] = TRY(find_or_make(create));
  all_.with([&, name = record.name](All& all) { all.at(name).users.insert(container_id); });
  lock.unlock();
  const auto content = list_directory(data_of(record.name));  // another container's mount may lie there
  if (!content.ok()) release(record.name, container_id);
  const bool empty = TRY(content).empty();
  return VolumeUse{record.name, record.driver, data_of(record.name), made, empty, record.anonymous()};
}

void Volumes::hold(const std::string& name, const std::string& container_id) {
  const bool present = all_.with([&](All& all) {
    const auto found = all.find(name);
    if (found != all.end()) found->second.users.insert(container_id);
    return found != all.end();
  });
  if (!present) logging::warn("volume of a container is gone", {{"volume", name}, {"container", container_id}});
}

void Volumes::release(const std::string& name, const std::string& container_id) {
  unmount(name, container_id);
  all_.with([&](All& all) {
    if (const auto found = all.find(name); found != all.end()) found->second.users.erase(container_id);
  });
}

/// Null for one that is not there.
std::shared_ptr<std::mutex> Volumes::mounting_of(const std::string& name) const {
  return all_.with([&](const All& all) {
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second.mounting;
  });
}

/// Who mounts it is among its users, so that it is not removed meanwhile.
Result<std::string> Volumes::mount(const std::string& name, const std::string& container_id) {
  const auto mounting = mounting_of(name);
  if (!mounting) return no_such_volume(name);
  std::lock_guard lock(*mounting);
  const auto record = TRY(all_.with([&](const All& all) -> Result<VolumeRecord> {
    const auto found = all.find(name);
    if (found == all.end()) return no_such_volume(name);
    return found->second.record;
  }));
  TRY(mounter_.mount(record.options, data_of(name)).context("mount volume " + name));
  const bool there = all_.with([&](All& all) {
    const auto found = all.find(name);
    if (found != all.end()) found->second.mounters.insert(container_id);
    return found != all.end();
  });
  if (!there) return no_such_volume(name);
  announce("mount", record, container_id);
  return data_of(name);
}

void Volumes::unmount(const std::string& name, const std::string& container_id) {
  const auto mounting = mounting_of(name);
  if (!mounting) return;
  std::lock_guard lock(*mounting);
  bool last = false;
  const auto record = all_.with([&](All& all) -> std::optional<VolumeRecord> {
    const auto found = all.find(name);
    if (found == all.end() || found->second.mounters.erase(container_id) == 0) return std::nullopt;
    last = found->second.mounters.empty();
    return found->second.record;
  });
  if (!record) return;
  if (last && !record->options.empty())
    if (auto unmounted = mounter_.unmount(data_of(name)); !unmounted.ok())
      logging::warn("unmount volume", {{"volume", name}, {"error", unmounted.error().message()}});
  announce("unmount", *record, container_id);
}

Result<api::Volume> Volumes::inspect(const std::string& name) const {
  return all_.with([&](const All& all) -> Result<api::Volume> {
    const auto found = all.find(name);
    if (found == all.end()) return no_such_volume(name);
    return view_of(found->second.record);
  });
}

Result<std::vector<api::Volume>> Volumes::list(const VolumeFilters& filters) const {
  TRY(validate_volume_filters(filters));
  return all_.with([&](const All& all) {
    std::vector<api::Volume> volumes;
    for (const auto& [name, volume] : all)
      if (matches(volume.record, filters, !volume.users.empty())) volumes.push_back(view_of(volume.record));
    return volumes;
  });
}

/// The volume is no more; its tree, whose new path is given, is the caller's to remove.
Result<std::string> Volumes::detach(const std::string& name) {
  const VolumeRecord record = TRY(all_.with([&](const All& all) -> Result<VolumeRecord> {
    const auto found = all.find(name);
    if (found == all.end()) return no_such_volume(name);
    if (found->second.users.empty()) return found->second.record;
    const std::vector<std::string> users(found->second.users.begin(), found->second.users.end());
    return conflict("remove " + name + ": volume is in use - [" + join(users, ", ") + "]");
  }));
  TRY(mounter_.unmount(data_of(name)));
  const std::string aside = path_of(std::string(kRemoving) + random_hex(kRemovingDigits) + "-" + name);
  TRY(sys::rename(path_of(name), aside).context("remove " + name));
  TRY(store_.remove(name));
  all_.with([&](All& all) { all.erase(name); });
  announce("destroy", record);
  return aside;
}

Result<void> Volumes::remove(const std::string& name, bool force) {
  std::unique_lock lock(changes_);
  const auto aside = detach(name);
  lock.unlock();
  if (aside.ok()) return remove_tree(*aside);
  return force && aside.is(Code::kNotFound) ? Result<void>() : Result<void>(aside.error());
}

Result<void> Volumes::discard(const std::string& name) {
  std::unique_lock lock(changes_);
  const auto aside = detach(name);
  lock.unlock();
  if (aside.ok()) return remove_tree(*aside);
  return aside.is(Code::kConflict) ? Result<void>() : Result<void>(aside.error());
}

Result<void> Volumes::remove_anonymous(const std::string& name) {
  const bool removable = all_.with([&](const All& all) {
    const auto found = all.find(name);
    return found != all.end() && found->second.record.anonymous() && found->second.users.empty();
  });
  return removable ? discard(name) : Result<void>();
}

Result<api::VolumesPruneReport> Volumes::prune(const VolumeFilters& filters, Scope scope) {
  const bool all_kinds = TRY(prunes_all(filters)).value_or(scope == Scope::kAll);
  std::vector<std::string> unused;
  all_.with([&](const All& all) {
    for (const auto& [name, volume] : all)
      if (volume.users.empty() && volume.record.options.empty() && matches_prune(volume.record, filters) &&
          (all_kinds || volume.record.anonymous()))
        unused.push_back(name);
  });
  api::VolumesPruneReport report;
  for (const std::string& name : unused) {
    std::unique_lock lock(changes_);
    const auto aside = detach(name);  // a conflict: a container has come to use it
    lock.unlock();
    if (!aside.ok()) {
      if (!aside.is(Code::kConflict) && !aside.is(Code::kNotFound))
        logging::warn("prune volume", {{"volume", name}, {"error", aside.error().message()}});
      continue;
    }
    report.space_reclaimed += static_cast<uint64_t>(directory_size(*aside).value_or(Bytes(0)).count);
    if (auto removed = remove_tree(*aside); !removed.ok())
      logging::warn("remove volume's files", {{"volume", name}, {"error", removed.error().message()}});
    if (!report.deleted) report.deleted.emplace();
    report.deleted->push_back(name);
  }
  events_.publish({"volume", "prune", "", {{"reclaimed", std::to_string(report.space_reclaimed)}}, {}});
  return report;
}

std::vector<api::Volume> Volumes::with_usage() const {
  std::vector<api::Volume> volumes;
  all_.with([&](const All& all) {
    for (const auto& [name, volume] : all) {
      volumes.push_back(view_of(volume.record));
      volumes.back().usage = api::VolumeUsage{-1, static_cast<int64_t>(volume.users.size())};
    }
  });
  for (api::Volume& volume : volumes)
    if (!volume.options) volume.usage->size = directory_size(volume.mountpoint).value_or(Bytes(-1)).count;
  return volumes;
}

void Volumes::announce(const std::string& action, const VolumeRecord& record, const std::string& container_id) {
  Event event{"volume", action, record.name, {{"driver", record.driver}}, {}};
  if (!container_id.empty()) event.attributes["container"] = container_id;
  events_.publish(std::move(event));
}

}  // namespace hull::engine
