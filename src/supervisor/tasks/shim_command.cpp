#include "supervisor/tasks/shim_command.h"

#include <poll.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "ipc/proto/shim/runc_options.pb.h"

namespace hull::supervisor {
namespace {

constexpr size_t kMaxOutput = 64 * 1024;

struct BootstrapParams {
  int version = 2;
  std::string address;
  std::string protocol = "ttrpc";
};
template <class V>
void describe(V& json, BootstrapParams& params) {
  json.field("version", params.version);
  json.required("address", params.address);
  json.field("protocol", params.protocol);
}

std::vector<std::string> command_line(const std::string& binary, const Bundle& bundle,
                                      const ShimEnvironment& environment, const char* action) {
  std::vector<std::string> argv{binary,
                                "-namespace",
                                bundle.ns,
                                "-address",
                                environment.grpc_address,
                                "-publish-binary",
                                sys::readlink("/proc/self/exe").value_or(""),
                                "-id",
                                bundle.id};
  if (std::string_view(action) == "delete") {
    argv.push_back("-bundle");
    argv.push_back(bundle.path);
  }
  if (environment.debug) argv.push_back("-debug");
  argv.push_back(action);
  return argv;
}

/// Everything until the other side is closed. Errors: kDeadlineExceeded, kCancelled.
Result<std::string> read_to_end(const Call& call, FdRef fd) {
  const UniqueFd stopped = TRY(sys::eventfd(0));
  const std::stop_callback tell(call.stop, [&] {
    const uint64_t one = 1;
    (void)sys::write(stopped, {reinterpret_cast<const char*>(&one), sizeof one}).ok();
  });
  std::string all;
  char buffer[4096];
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(call.deadline - std::chrono::steady_clock::now());
    left = std::min(left, std::chrono::milliseconds(std::chrono::hours(1)));
    std::array<pollfd, 2> waits{pollfd{fd.get(), POLLIN, 0}, pollfd{stopped.get(), POLLIN, 0}};
    const int ready = left.count() <= 0 ? 0 : ::poll(waits.data(), waits.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return Error::from_errno(errno, "poll");
    if (call.stop.stop_requested()) return cancelled("context canceled");
    if (ready == 0) return Error(Code::kDeadlineExceeded, "context deadline exceeded");
    if (waits[0].revents == 0) continue;
    const size_t count = TRY(sys::read(fd, buffer));
    if (count == 0) return all;
    if (all.size() < kMaxOutput) all.append(buffer, count);
  }
}

struct Output {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// Runs the command; err gets out's fate where the two are one.
Result<Output> run(const Call& call, std::vector<std::string> argv, const Bundle& bundle,
                   const ShimEnvironment& environment, const std::string& input) {
  auto stdin_file = TRY(sys::memfd_create("shim-stdin", 0));
  if (!input.empty()) {
    TRY(sys::write_all(stdin_file, input));
    TRY(sys::lseek(stdin_file, 0, SEEK_SET));
  }
  auto out = TRY(sys::pipe());
  auto errors = TRY(sys::memfd_create("shim-stderr", 0));
  SpawnOptions options{
      .directory = bundle.path,
      .descriptors = {{0, stdin_file}, {1, out.write}, {2, errors}},
      .environment = {"TTRPC_ADDRESS=" + environment.ttrpc_address, "GRPC_ADDRESS=" + environment.grpc_address,
                      "NAMESPACE=" + bundle.ns, "MAX_SHIM_VERSION=3", "GOMAXPROCS=2"}};
  const pid_t pid = TRY(spawn(argv, options).context("start shim"));
  out.write.reset();
  auto printed = read_to_end(call, out.read);
  if (!printed.ok()) (void)sys::kill(pid, SIGKILL).ok();
  const auto exit = TRY(sys::waitpid(pid, 0));
  Output output;
  output.exit_code = exit->exit_code();
  output.out = TRY(std::move(printed));
  TRY(sys::lseek(errors, 0, SEEK_SET));
  output.err = read_all(errors, 1_MiB).value_or("");
  return output;
}

Error command_failed(const std::string& binary, const Output& output) {
  std::string text(trim(output.err.empty() ? output.out : output.err));
  if (text.empty()) text = binary + ": exit status " + std::to_string(output.exit_code);
  return Error(Code::kUnknown, "start shim: " + text.substr(0, 8192));
}

}  // namespace

Result<ShimAddress> parse_shim_address(const std::string& text) {
  std::string address(trim(text));
  int version = 2;
  if (address.starts_with("{")) {
    const auto params = TRY(json::parse<BootstrapParams>(address).context("shim bootstrap parameters"));
    if (params.protocol != "ttrpc" || params.version < 2 || params.version > 3)
      return invalid_argument("shim bootstrap parameters: protocol \"" + params.protocol + "\" version " +
                              std::to_string(params.version) + " is not supported");
    address = params.address;
    version = params.version;
  }
  if (address.starts_with("unix://")) address.erase(0, 7);
  if (!address.starts_with("/")) return invalid_argument("shim address \"" + address + "\": expected a unix socket");
  return ShimAddress{address, version};
}

Result<std::optional<ShimAddress>> given_shim(const std::string& options_type, const std::string& options) {
  containerd::runc::v1::Options given;
  if (!options_type.ends_with("containerd.runc.v1.Options") || !given.ParseFromString(options) ||
      given.task_api_address().empty())
    return std::optional<ShimAddress>();
  std::string address = given.task_api_address();
  if (address.starts_with("ttrpc+")) address.erase(0, 6);
  auto shim = TRY(parse_shim_address(address).context("task_api_address"));
  if (given.task_api_version() == 1 || given.task_api_version() > 3)
    return invalid_argument("task_api_version " + std::to_string(given.task_api_version()) + " is not supported");
  shim.version = given.task_api_version() == 0 ? 2 : static_cast<int>(given.task_api_version());
  return std::optional(shim);
}

std::string format_shim_address(const ShimAddress& address) {
  return json::format(BootstrapParams{.version = address.version, .address = "unix://" + address.socket});
}

Result<ShimAddress> start_shim(const Call& call, const std::string& binary, const Bundle& bundle,
                               const ShimEnvironment& environment, const std::string& options) {
  const Output output =
      TRY(run(call, command_line(binary, bundle, environment, "start"), bundle, environment, options));
  if (output.exit_code != 0) return command_failed(binary, output);
  return parse_shim_address(output.out);
}

Result<containerd::task::v2::DeleteResponse> delete_after_shim(const Call& call, const std::string& binary,
                                                               const Bundle& bundle,
                                                               const ShimEnvironment& environment) {
  const Output output = TRY(run(call, command_line(binary, bundle, environment, "delete"), bundle, environment, ""));
  if (output.exit_code != 0) return command_failed(binary, output);
  containerd::task::v2::DeleteResponse response;
  if (!response.ParseFromString(output.out)) return internal_error("shim delete: malformed answer");
  return response;
}

Result<std::string> shim_info(const Call& call, const std::string& binary, const std::string& options) {
  Output output = TRY(run(call, {binary, "-info"}, Bundle{}, ShimEnvironment{}, options));
  if (output.exit_code != 0) return command_failed(binary, output);
  return std::move(output.out);
}

}  // namespace hull::supervisor
