#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "runtime/record.h"
#include "spec/runtime/state.h"

/// The containers under --root:
///
///     <root>/<id>/            0711, locked (flock) by each command that changes the container
///       state.json            a Record; there from before anything else is made, so that delete finds all of it
///       exec.fifo             there while the container is "created": init reads it, start writes one byte
///       seccomp.bpf           the compiled filter, for exec
///     <root>/@seccomp/        compiled filters by the hash of their profile ("@" can't begin an id)
namespace hull::runtime {

inline constexpr std::string_view kDefaultRoot = "/run/hull-runc";

/// Errors: kInvalidArgument. Source: runc, "^[\w+-\.]+$".
Result<void> check_container_id(std::string_view id);

/// One container's directory, locked while this lives or until unlock().
class ContainerDirectory {
 public:
  ContainerDirectory(std::string path, UniqueFd dir) : path_(std::move(path)), dir_(std::move(dir)) {}
  const std::string& path() const { return path_; }
  FdRef fd() const { return dir_; }
  /// Waits for its turn. Errors: kNotFound: another command removed the container meanwhile.
  Result<void> lock() const;
  void unlock() const;

  Result<void> write_record(const Record& record) const;
  Result<Record> read_record() const;
  /// Makes the FIFO and opens it for both ways: neither side blocks, and init needs no path to it.
  Result<UniqueFd> make_fifo() const;
  bool has_fifo() const;
  /// Lets init go on, and drops the FIFO. Errors: kFailedPrecondition: nobody waits.
  Result<void> signal_fifo() const;
  Result<void> remove() const;

 private:
  std::string path_;
  UniqueFd dir_;
};

class Store {
 public:
  explicit Store(std::string root) : root_(std::move(root)) {}
  const std::string& root() const { return root_; }

  /// Errors: kAlreadyExists "container with given ID already exists".
  Result<ContainerDirectory> create(const std::string& id) const;
  /// Errors: kNotFound "container does not exist".
  Result<ContainerDirectory> open(const std::string& id) const;
  /// For commands that change nothing on record: without the lock, so that they never wait.
  Result<ContainerDirectory> look(const std::string& id) const;
  Result<std::vector<std::string>> list() const;

 private:
  Result<std::string> path_of(const std::string& id) const;
  std::string root_;
};

/// What the container does now, from the kernel rather than from a record.
Result<spec::ContainerStatus> status_of(const Record& record, const ContainerDirectory& directory);
/// The state as the specification has it, for hooks.
spec::RuntimeState runtime_state(const Record& record, spec::ContainerStatus status);

}  // namespace hull::runtime
