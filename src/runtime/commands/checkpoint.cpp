#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/commands/command.h"
#include "runtime/commands/criu_flags.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    kImagePathFlag,
    kWorkPathFlag,
    {"parent-path", 0, Flag::Kind::kText, "images of the pre-dump before, relative to --image-path"},
    {"leave-running", 0, Flag::Kind::kSwitch, "let the container run on"},
    kTcpFlag,
    {"tcp-skip-in-flight", 0, Flag::Kind::kSwitch, "leave out TCP connections that are not set up yet"},
    {"link-remap", 0, Flag::Kind::kSwitch, "link files again that were removed, where possible"},
    kUnixFlag,
    kShellJobFlag,
    kLazyFlag,
    {"status-fd", 0, Flag::Kind::kNumber, "descriptor that gets a zero byte once lazy pages can be fetched"},
    {"page-server", 0, Flag::Kind::kText, "ADDRESS:PORT of the page server"},
    kLocksFlag,
    {"pre-dump", 0, Flag::Kind::kSwitch, "dump memory alone; the container runs on"},
    kCgroupsModeFlag,
    kEmptyFlag,
    kDedupFlag,
};

Result<std::pair<std::string, int>> page_server(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return invalid_argument("Use --page-server ADDRESS:PORT to specify page server");
  std::string address = text.substr(0, colon);
  if (address.front() == '[' && address.back() == ']') address = address.substr(1, address.size() - 2);
  const auto port = parse_integer<uint16_t>(text.substr(colon + 1));
  if (!port) return invalid_argument("Invalid port number: \"" + text.substr(colon + 1) + "\"");
  return std::pair<std::string, int>(address, *port);
}

Result<void> check_parent(const CriuSettings& settings, const std::string& parent) {
  if (parent.empty()) return {};
  if (parent[0] == '/') return invalid_argument("--parent-path must be relative: \"" + parent + "\"");
  TRY(sys::open(settings.image_path + "/" + parent, O_PATH | O_DIRECTORY).context("invalid --parent-path"));
  return {};
}

Result<int> run(Context& context, const Flags& flags) {
  const auto directory = TRY(context.store.open(flags.arguments[0]));
  CheckpointOptions options;
  options.criu = TRY(criu_settings(flags));
  options.parent_path = flags.text("parent-path");
  TRY(check_parent(options.criu, options.parent_path));
  options.leave_running = flags.is_set("leave-running");
  options.tcp_skip_in_flight = flags.is_set("tcp-skip-in-flight");
  options.link_remap = flags.is_set("link-remap");
  options.pre_dump = flags.is_set("pre-dump");
  options.status_fd = static_cast<int>(flags.number("status-fd", -1));
  if (flags.has("page-server")) options.page_server = TRY(page_server(flags.text("page-server")));
  TRY(checkpoint_container(directory, options));
  if (options.leave_running || options.pre_dump) return 0;
  TRY(delete_container(directory, Force::kYes));
  return 0;
}

}  // namespace

extern const Command kCheckpointCommand = {
    .name = "checkpoint",
    .arguments = "<container-id>",
    .help = "save a running container as images of criu's",
    .flags = kFlags,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
