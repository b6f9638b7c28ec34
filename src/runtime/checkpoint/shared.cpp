#include <deque>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/checkpoint/checkpoint.h"

namespace hull::runtime {

Result<void> require_criu(int version, int least) {
  if (version >= least) return {};
  return failed_precondition("CRIU version " + std::to_string(version) + " must be " + std::to_string(least) +
                             " or higher");
}

std::string criu_config_file(const std::map<std::string, std::string>& annotations) {
  const auto found = annotations.find("org.criu.config");
  return found == annotations.end() ? "/etc/criu/runc.conf" : found->second;
}

Result<UniqueFd> open_work_directory(const CriuSettings& settings) {
  if (settings.work_path.empty()) return UniqueFd();
  if (auto made = sys::mkdir(settings.work_path, 0700); !made.ok() && !made.is(Code::kAlreadyExists))
    return std::move(made).error();
  return sys::open(settings.work_path, O_RDONLY | O_DIRECTORY);
}

CriuOptions shared_options(const CriuSettings& settings, FdRef images, FdRef work) {
  CriuOptions options;
  options.images_dir_fd = images.get();
  if (work.valid()) options.work_dir_fd = work.get();
  options.tcp_established = settings.tcp_established;
  options.ext_unix_sk = settings.ext_unix_sk;
  options.shell_job = settings.shell_job;
  options.file_locks = settings.file_locks;
  options.auto_dedup = settings.auto_dedup;
  options.lazy_pages = settings.lazy_pages;
  options.manage_cgroups_mode = settings.cgroups_mode;
  options.empty_ns = settings.empty_ns;
  return options;
}

void quote_criu_log(const CriuSettings& settings, const std::string& file) {
  constexpr size_t kBefore = 5;
  const std::string path = (settings.work_path.empty() ? settings.image_path : settings.work_path) + "/" + file;
  const auto text = read_file(path);
  if (!text.ok()) return logging::warn("read criu's log", {{"error", text.error().message()}});
  std::deque<std::string_view> recent;
  for (const std::string_view line : split(*text, '\n')) {
    recent.push_back(line);
    if (recent.size() > kBefore + 1) recent.pop_front();
    if (line.find("Error") == std::string_view::npos) continue;
    for (const std::string_view quoted : recent) logging::warn(quoted, {{"file", path}});
    recent.clear();
  }
}

}  // namespace hull::runtime
