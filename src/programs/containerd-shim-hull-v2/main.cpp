// The shim: containerd shims' command line over src/shim.

#include <unistd.h>

#include <cstdio>
#include <span>

#include "base/sys.h"
#include "shim/arguments.h"
#include "shim/remove.h"
#include "shim/serve.h"
#include "shim/start.h"

namespace {

using hull::Result;
namespace shim = hull::shim;

Result<std::string> working_directory() {
  char path[4096];
  if (::getcwd(path, sizeof path) == nullptr) return hull::internal_error("no working directory");
  return std::string(path);
}

Result<void> serve_in_foreground(const shim::Arguments& arguments) {
  if (arguments.socket.empty()) return hull::invalid_argument("-socket: expected the path to serve on");
  auto listener = TRY(hull::sys::listen_unix(arguments.socket, 0600));
  return shim::run_server(arguments, std::move(listener), {arguments.socket, {}});
}

Result<void> run(std::span<const char* const> words) {
  auto arguments = TRY(shim::parse_arguments(words));
  if (arguments.bundle.empty()) arguments.bundle = TRY(working_directory());
  switch (arguments.action) {
    case shim::Action::kStart: return shim::run_start(arguments);
    case shim::Action::kDelete: return shim::run_delete(arguments);
    case shim::Action::kServe: return serve_in_foreground(arguments);
    case shim::Action::kVersion: std::printf("containerd-shim-hull-v2:\n  Version:  " HULL_VERSION "\n"); return {};
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto result = run({argv + 1, static_cast<size_t>(argc - 1)});
  if (result.ok()) return 0;
  std::fprintf(stderr, "containerd-shim-hull-v2: %s\n", result.error().message().c_str());
  return 1;
}
