#pragma once

#include <string>

#include "api/container/operations.h"
#include "base/root_dir.h"

namespace hull::engine {

/// A path as a user names it in a container, made absolute and clean. A "/" or "/." at its end stays: what it names
/// then is a directory, and a link there is followed.
struct ContainerPath {
  std::string parent;  ///< absolute
  std::string base;    ///< last component; "/" and "." stand for the parent itself
  bool directory = false;
  std::string whole;  ///< as docker shows it
  static ContainerPath parse(const std::string& path);
};

/// What the path is, its last component not followed where it is a link.
/// Errors: kNotFound; kInvalidArgument where something on the way is no directory.
Result<api::PathStat> stat_path(const RootDir& root, const ContainerPath& path);

/// Go's os.FileMode.
uint32_t go_file_mode(mode_t mode);

}  // namespace hull::engine
