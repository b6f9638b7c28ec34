#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "engine/containers/container.h"
#include "engine/containers/container_index.h"
#include "engine/containers/record_store.h"
#include "engine/containers/services.h"

namespace hull::engine {

/// The containers that there are: in memory, on disk, and what is told of them. Thread-safe.
class Registry {
 public:
  Registry(ContainerSettings settings, ContainerServices services, RecordStore store)
      : settings_(std::move(settings)), services_(services), store_(std::move(store)) {}

  const ContainerSettings& settings() const { return settings_; }
  const ContainerServices& services() const { return services_; }
  ContainerIndex& index() { return index_; }
  RecordStore& store() { return store_; }

  /// Saves a new state and shows it to readers. Under the container's turn. What can't be saved is logged and shown all
  /// the same: it is the truth.
  void change_state(Container& container, ContainerRecord next);
  /// Saves all of the record, then shows it.
  Result<void> change(Container& container, ContainerRecord next);

  /// Publishes an event of the container with Docker's attributes and those given.
  void announce(const ContainerRecord& record, std::string action, std::map<std::string, std::string> attributes = {});

  std::string directory(const std::string& id) const { return settings_.data_root + "/containers/" + id; }
  std::string log_path(const ContainerRecord& record) const;
  std::string fifo_directory(const std::string& id) const { return settings_.exec_root + "/fifo/" + id; }

 private:
  const ContainerSettings settings_;
  const ContainerServices services_;
  RecordStore store_;
  ContainerIndex index_;
};

}  // namespace hull::engine
