#pragma once

#include <string>
#include <vector>

/// What stands behind a container's stdio, as keys by which criu knows it and a restore hands the new stdio in.
namespace hull::runtime {

/// Of this process's stdio, which the container inherits: "pipe:[inode]", or "file[mount:inode]" for what lies in the
/// host's file tree, which the container can't see; else, a terminal or socket, the name that the kernel gives it.
/// Noted when the container is made: its program may redirect its stdio at any moment.
std::vector<std::string> describe_stdio();
/// Whether it is one of the host's files: criu must be told of it.
bool is_host_file(const std::string& key);

}  // namespace hull::runtime
