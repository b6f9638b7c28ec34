#include "supervisor/disk/flusher.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "base/log.h"
#include "base/sys.h"

namespace hull::supervisor {

void Flusher::flush_later(const std::string& folder, std::function<void()> confirm) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  if (!folders_.contains(folder)) {
    auto opened = sys::open(folder, O_RDONLY | O_DIRECTORY);
    if (!opened.ok()) return logging::error("open folder to flush", {{"error", opened.error().message()}});
    folders_.emplace(folder, std::move(opened).value());
  }
  wishes_.push_back({folder, std::move(confirm)});
  if (std::exchange(running_, true)) return;
  thread_.submit([this] { run(); });
}

void Flusher::run() {
  std::unique_lock lock(mutex_);
  while (!wishes_.empty() && !stopped_) {
    if (changed_.wait_for(lock, delay_, [&] { return stopped_ || hurried_ > 0; }) && stopped_) break;
    const auto wishes = std::exchange(wishes_, {});
    lock.unlock();
    flush(wishes);
    lock.lock();
  }
  running_ = false;
  changed_.notify_all();
}

void Flusher::flush(const std::vector<Wish>& wishes) {
  std::map<std::string, bool> flushed;
  for (const Wish& wish : wishes) {
    const auto [folder, fresh] = flushed.try_emplace(wish.folder, false);
    if (fresh) folder->second = sync(wish.folder);
    if (folder->second) wish.confirm();
  }
}

bool Flusher::sync(const std::string& folder) {
  const FdRef opened = [&] {
    std::lock_guard lock(mutex_);
    return FdRef(folders_.at(folder));
  }();
  if (::syncfs(opened.get()) == 0) return true;
  logging::error("flush", {{"folder", folder}, {"errno", errno}});
  return false;
}

void Flusher::flush_now() {
  std::unique_lock lock(mutex_);
  ++hurried_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !running_; });
  --hurried_;
}

void Flusher::stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !running_; });
}

}  // namespace hull::supervisor
