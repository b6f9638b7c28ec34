#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/volume/volume.h"
#include "base/guarded.h"
#include "engine/containers/seams.h"
#include "engine/events/event_bus.h"
#include "engine/volumes/filters.h"
#include "engine/volumes/local_driver.h"
#include "engine/volumes/volume_store.h"

namespace hull::engine {

/// The volumes of the engine: directories <data-root>/volumes/<name>/_data, and what the local driver mounts there.
///
/// A volume's directory is made before its record, and is moved aside before its record goes, so that after a crash
/// each record has its data and the rest is swept at the next start. Who uses a volume is not stored: containers
/// hold() what they have when the engine starts. Thread-safe.
class Volumes final : public VolumeSource {
 public:
  static Result<std::unique_ptr<Volumes>> open(const std::string& data_root, EventSink& events,
                                               VolumeMounter& mounter = local_mounter());

  Result<VolumeUse> acquire(const VolumeRequest& request, const std::string& container_id) override;
  void hold(const std::string& name, const std::string& container_id) override;
  void release(const std::string& name, const std::string& container_id) override;
  Result<void> discard(const std::string& name) override;
  Result<void> remove_anonymous(const std::string& name) override;
  /// Also for containers that run when the engine starts, so that what is mounted stays until they end.
  Result<std::string> mount(const std::string& name, const std::string& container_id) override;
  void unmount(const std::string& name, const std::string& container_id) override;

  /// An existing volume of the same driver is returned as it is, as docker does.
  /// Errors: kInvalidArgument for names and options; kNotFound for an unknown driver; kConflict for another driver.
  Result<api::Volume> create(const api::VolumeCreate& create);
  /// Errors: kNotFound "get x: no such volume".
  Result<api::Volume> inspect(const std::string& name) const;
  /// Errors: kInvalidArgument names an unknown filter.
  Result<std::vector<api::Volume>> list(const VolumeFilters& filters) const;
  /// force: a missing one is no error. Errors: kConflict naming the containers that use it.
  Result<void> remove(const std::string& name, bool force);
  enum class Scope { kAnonymous, kAll };
  /// Unused ones without driver options; `scope` where no "all" filter is given.
  Result<api::VolumesPruneReport> prune(const VolumeFilters& filters, Scope scope);
  /// All, with size and number of users; for `system df`.
  std::vector<api::Volume> with_usage() const;

 private:
  struct Volume {
    VolumeRecord record;
    std::set<std::string> users;     ///< containers that have it
    std::set<std::string> mounters;  ///< containers that run with it
    /// Held while it is mounted or unmounted: one whose server does not answer holds up no other.
    std::shared_ptr<std::mutex> mounting = std::make_shared<std::mutex>();
  };
  using All = std::map<std::string, Volume>;

  Volumes(std::string directory, VolumeStore store, EventSink& events, VolumeMounter& mounter)
      : directory_(std::move(directory)), mounter_(mounter), store_(std::move(store)), events_(events) {}
  Result<void> finish_removals();
  Result<void> finish_removal(const std::string& aside);
  Result<void> load();
  Result<void> make_ready(const std::string& name) const;
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }
  std::string data_of(const std::string& name) const { return path_of(name) + "/_data"; }
  std::shared_ptr<std::mutex> mounting_of(const std::string& name) const;
  api::Volume view_of(const VolumeRecord& record) const;
  Result<VolumeRecord> make(const VolumeRecord& wanted);
  struct FoundOrMade {
    VolumeRecord record;
    bool made = false;
  };
  Result<FoundOrMade> find_or_make(const api::VolumeCreate& create);
  Result<std::string> detach(const std::string& name);
  void announce(const std::string& action, const VolumeRecord& record, const std::string& container_id = "");

  const std::string directory_;
  VolumeMounter& mounter_;
  std::mutex changes_;  ///< held while volumes come and go; never while one is mounted or a tree is walked
  VolumeStore store_;
  EventSink& events_;
  Guarded<All> all_;
};

}  // namespace hull::engine
