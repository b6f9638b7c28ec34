#include "runtime/commands/create_flags.h"

#include <unistd.h>

#include <cerrno>
#include <climits>

#include "runtime/target.h"

namespace hull::runtime {

Result<std::string> absolute_path(const std::string& path) {
  if (!path.empty() && path[0] == '/') return clean_path(path);
  char here[PATH_MAX];
  if (!::getcwd(here, sizeof here)) return Error::from_errno(errno, "find current directory");
  return clean_path(std::string(here) + "/" + path);
}

Result<CreateOptions> create_options(const Flags& flags) {
  CreateOptions options;
  options.id = flags.arguments.at(0);
  options.bundle = TRY(absolute_path(flags.text("bundle")));
  if (::access(options.bundle.c_str(), F_OK) == -1) return Error::from_errno(errno, "chdir " + options.bundle);
  options.console_socket = flags.text("console-socket");
  if (flags.has("pid-file")) options.pid_file = TRY(absolute_path(flags.text("pid-file")));
  options.pidfd_socket = flags.text("pidfd-socket");
  options.pivot = !flags.is_set("no-pivot");
  options.new_keyring = !flags.is_set("no-new-keyring");
  const int64_t preserved = flags.number("preserve-fds");
  if (preserved < 0) return invalid_argument("preserve-fds: " + std::to_string(preserved) + " is below zero");
  options.preserved_fds = static_cast<unsigned>(preserved);
  return options;
}

}  // namespace hull::runtime
