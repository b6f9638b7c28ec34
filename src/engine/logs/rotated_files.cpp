#include "engine/logs/rotated_files.h"

#include <algorithm>

#include "archive/compression.h"
#include "base/daemon/thread_pool.h"
#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::engine::logs {
namespace {

// One thread compresses for all containers: it must not take the cores that they run on.
ThreadPool& compressors() {
  static ThreadPool pool("log-gzip", 1);
  return pool;
}

Result<void> ignore_missing(Result<void> result) {
  if (result.is(Code::kNotFound)) return {};
  return result;
}

struct Part {
  int number = 0;
  std::string suffix;  // "", ".gz"
};

/// All that lie there, oldest first; of one number the plain one first.
Result<std::vector<Part>> find_parts(const std::string& base) {
  const size_t slash = base.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : base.substr(0, slash);
  const std::string prefix = base.substr(slash + 1) + ".";
  std::vector<Part> parts;
  for (const std::string& entry : TRY(list_directory(directory))) {
    if (!entry.starts_with(prefix)) continue;
    std::string_view number = std::string_view(entry).substr(prefix.size());
    const bool packed = number.ends_with(".gz");
    if (packed) number.remove_suffix(3);
    const auto part = parse_integer<int>(number);
    if (part && *part >= 1 && std::to_string(*part) == number) parts.push_back({*part, packed ? ".gz" : ""});
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.number != b.number ? a.number > b.number : a.suffix < b.suffix;
  });
  return parts;
}

}  // namespace

Result<void> RotatedFiles::shift() {
  std::lock_guard lock(mutex_);
  if (!exists(base_)) return {};
  if (max_parts_ < 1) return ignore_missing(sys::unlink(base_));
  // Those that there are: of the numbers that there may be, a user chooses how many.
  for (const Part& part : TRY(find_parts(base_))) {
    const std::string path = name(part.number) + part.suffix;
    TRY(ignore_missing(part.number >= max_parts_ ? sys::unlink(path)
                                                 : sys::rename(path, name(part.number + 1) + part.suffix)));
  }
  for (const auto& job : jobs_) ++job->part;
  return ignore_missing(sys::rename(base_, name(1)));
}

void RotatedFiles::compress_youngest(const std::shared_ptr<RotatedFiles>& files) {
  auto job = std::make_shared<Job>();
  {
    std::lock_guard lock(files->mutex_);
    files->jobs_.push_back(job);
  }
  compressors().submit([files, job] {
    // Not found: it was too old meanwhile, or its container was removed.
    if (auto done = files->compress(*job); !done.ok() && !done.is(Code::kNotFound))
      logging::warn("compress log", {{"path", files->base_}, {"error", done.error().message()}});
    std::lock_guard lock(files->mutex_);
    std::erase(files->jobs_, job);
  });
}

Result<void> RotatedFiles::compress(Job& job) {
  UniqueFd in;
  {
    std::lock_guard lock(mutex_);
    if (job.part > max_parts_) return {};
    in = TRY(sys::open(name(job.part), O_RDONLY));
  }
  const std::string temporary = base_ + ".gz.tmp";
  const UniqueFd out = TRY(sys::open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0640));
  archive::FdSink sink(out);
  const auto packer = archive::compress(sink, image::media::Compression::kGzip);
  archive::FileSource source(std::move(in));
  TRY(archive::copy(source, *packer));
  TRY(packer->finish());

  std::lock_guard lock(mutex_);
  if (job.part > max_parts_) return sys::unlink(temporary);
  TRY(sys::rename(temporary, name(job.part) + ".gz"));
  return sys::unlink(name(job.part));
}

std::vector<std::string> RotatedFiles::list(const std::string& base) {
  std::vector<std::string> names;
  int last = 0;
  // Just before its end, a compression shows a part under both names: the plain one is whole.
  for (const Part& part : find_parts(base).value_or({}))
    if (std::exchange(last, part.number) != part.number)
      names.push_back(base + "." + std::to_string(part.number) + part.suffix);
  return names;
}

}  // namespace hull::engine::logs
