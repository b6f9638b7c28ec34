#include "runtime/commands/criu_flags.h"

#include <sched.h>

#include "base/files.h"
#include "runtime/commands/create_flags.h"

namespace hull::runtime {
namespace {

Result<CgroupsMode> cgroups_mode(const std::string& text) {
  if (text.empty()) return CgroupsMode::kDefault;
  if (text == "soft") return CgroupsMode::kSoft;
  if (text == "full") return CgroupsMode::kFull;
  if (text == "strict") return CgroupsMode::kStrict;
  if (text == "ignore") return CgroupsMode::kIgnore;
  return invalid_argument("invalid manage-cgroups-mode value: \"" + text + "\"");
}

}  // namespace

Result<CriuSettings> criu_settings(const Flags& flags) {
  CriuSettings settings;
  settings.cgroups_mode = TRY(cgroups_mode(flags.text("manage-cgroups-mode")));
  // The network is set up by who calls a runtime, never by criu.
  settings.empty_ns = CLONE_NEWNET;
  for (const std::string& space : flags.list("empty-ns"))
    if (space != "network") return invalid_argument("namespace \"" + space + "\" is not supported");
  settings.image_path = TRY(absolute_path(flags.text("image-path", "checkpoint")));
  if (flags.has("work-path")) settings.work_path = TRY(absolute_path(flags.text("work-path")));
  settings.tcp_established = flags.is_set("tcp-established");
  settings.ext_unix_sk = flags.is_set("ext-unix-sk");
  settings.shell_job = flags.is_set("shell-job");
  settings.file_locks = flags.is_set("file-locks");
  settings.auto_dedup = flags.is_set("auto-dedup");
  settings.lazy_pages = flags.is_set("lazy-pages");
  TRY(make_directories(settings.image_path, 0700));
  return settings;
}

}  // namespace hull::runtime
