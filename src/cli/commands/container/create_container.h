#pragma once

#include "cli/commands/container/create_options.h"

namespace hull::cli {

/// What was made, and what the user should know about it.
struct NewContainer {
  std::string id;
  api::CreateContainer request;
};

/// Makes the container; pulls its image first where that is asked for or the image is missing. Prints the daemon's
/// warnings. Errors: as the user sees them after "hull: ".
Result<NewContainer> create_container(Cli& cli, const CreateOptions& options, const Invocation& invocation);

/// The exit status that Docker gives an error of starting: 127 for a command that isn't there, 126 for one that can't
/// be run, 125 for the rest.
int start_failure_status(std::string_view message);

/// Prints an error of `path` as `run` does, with a hint at the help; returns the status.
int report_failure(Cli& cli, const std::string& path, const Error& error, int status);

}  // namespace hull::cli
