#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace hull::engine {

enum class MountKind { kBind, kVolume, kTmpfs };

}  // namespace hull::engine

template <>
struct hull::json::EnumNames<hull::engine::MountKind> {
  using Kind = hull::engine::MountKind;
  static constexpr std::pair<Kind, std::string_view> values[] = {
      {Kind::kBind, "bind"}, {Kind::kVolume, "volume"}, {Kind::kTmpfs, "tmpfs"}};
};

namespace hull::engine {

/// One mount that a container gets, decided when it is created.
struct MountPlan {
  MountKind kind = MountKind::kBind;
  std::string source;       ///< host path; of a volume, its directory
  std::string destination;  ///< absolute and clean
  std::string mode;         ///< the options as the user wrote them, shown by inspect
  bool read_only = false;
  bool recursive = true;
  bool read_only_recursive = true;  ///< of a bind with mounts in it, where it is read-only at all
  bool create_source = false;       ///< a missing host directory is made at start
  std::string propagation;          ///< of a bind: "rprivate" …

  std::string volume;   ///< name
  std::string subpath;  ///< the part of the volume that is mounted; empty: all of it
  std::string driver;
  bool anonymous = false;
  bool copy_image_content = false;  ///< into an empty volume, once

  std::vector<std::string> tmpfs_options;
  bool from_mounts_field = false;  ///< asked for through HostConfig.Mounts
};
template <class V>
void describe(V& json, MountPlan& plan) {
  json.field("kind", plan.kind);
  json.omit_empty("source", plan.source);
  json.field("destination", plan.destination);
  json.omit_empty("mode", plan.mode);
  json.omit_empty("read_only", plan.read_only);
  json.field("recursive", plan.recursive);
  json.field("read_only_recursive", plan.read_only_recursive);
  json.omit_empty("subpath", plan.subpath);
  json.omit_empty("create_source", plan.create_source);
  json.omit_empty("propagation", plan.propagation);
  json.omit_empty("volume", plan.volume);
  json.omit_empty("driver", plan.driver);
  json.omit_empty("anonymous", plan.anonymous);
  json.omit_empty("copy_image_content", plan.copy_image_content);
  json.omit_empty("tmpfs_options", plan.tmpfs_options);
  json.omit_empty("from_mounts_field", plan.from_mounts_field);
}

}  // namespace hull::engine
