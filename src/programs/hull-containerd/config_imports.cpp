// config.toml and the files that it imports.

#include <glob.h>

#include <deque>
#include <set>

#include "base/files.h"
#include "programs/hull-containerd/config.h"

namespace hull::supervisor {
namespace {

constexpr size_t kMaxFiles = 64;

/// What a pattern stands for, beside the file that has it. A plain name stands for itself, whether or not it is there.
std::vector<std::string> expand(const std::string& importing, const std::string& pattern) {
  std::string whole = pattern;
  if (!pattern.starts_with('/')) whole = importing.substr(0, importing.rfind('/') + 1) + pattern;
  if (whole.find_first_of("*?[") == whole.npos) return {whole};
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(whole.c_str(), GLOB_NOMAGIC, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return paths;
}

}  // namespace

Result<void> read_config_file(const std::string& path, Config& config) {
  std::deque<std::string> pending{path};
  std::set<std::string> read;
  std::vector<std::string> imports;
  while (!pending.empty()) {
    const std::string next = pending.front();
    pending.pop_front();
    if (!read.insert(next).second) continue;  // files may import each other
    if (read.size() > kMaxFiles) return invalid_argument(path + ": imports more than 64 files");
    const std::string text = TRY(read_file(next, 1_MiB));
    config.imports.clear();
    TRY(read_config(text, config).context(next));
    for (const std::string& pattern : config.imports)
      for (std::string& found : expand(next, pattern)) {
        imports.push_back(found);
        pending.push_back(std::move(found));
      }
  }
  config.imports = std::move(imports);
  return {};
}

}  // namespace hull::supervisor
