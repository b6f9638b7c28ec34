#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/container/operations.h"
#include "archive/stream.h"
#include "engine/containers/registry.h"

namespace hull::engine {

/// What is copied out of, into and told of a container's file system; running or not. Thread-safe.
class ContainerFiles {
 public:
  explicit ContainerFiles(Registry& registry) : registry_(registry) {}

  /// Errors: kNotFound "Could not find the file x in container y"; kInvalidArgument for an empty path.
  Result<api::PathStat> stat(const Call& call, const std::string& container, const std::string& path);

  /// A tar of the path. begin: given what it is, before the first byte; gives the way out.
  using Begin = std::function<Result<archive::Sink*>(const api::PathStat&)>;
  Result<void> read(const Call& call, const std::string& container, const std::string& path, const Begin& begin);

  struct WriteOptions {
    bool keep_kinds = false;  ///< noOverwriteDirNonDir
    bool as_user = false;     ///< copyUIDGID: all is given to the container's user
  };
  /// Unpacks a tar, compressed or not, into the directory. What was unpacked before an error stays.
  /// Errors: as above; kInvalidArgument for what is no directory, can't be written, or is no tar.
  Result<void> write(const Call& call, const std::string& container, const std::string& path, archive::Source& tar,
                     const WriteOptions& options);

  /// A tar of the container's own file system, without volumes.
  Result<void> export_all(const Call& call, const std::string& container,
                          const std::function<Result<archive::Sink*>()>& begin);
  /// What the container changed, sorted by path.
  Result<std::vector<api::FilesystemChange>> changes(const Call& call, const std::string& container);

 private:
  Registry& registry_;
};

}  // namespace hull::engine
