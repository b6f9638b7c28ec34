#pragma once

#include <string>

#include "base/guarded.h"
#include "engine/logs/driver.h"

namespace hull::engine {

/// The beginning of what a check writes, whichever stream it is; the rest is read and dropped. Thread-safe.
class BoundedOutput {
 public:
  static constexpr size_t kMost = 4096;  // docker's

  void add(std::string_view bytes) {
    text_.with([&](std::string& text) {
      if (text.size() <= kMost) text.append(bytes.substr(0, kMost + 1 - text.size()));
    });
  }
  /// With "..." at its end where there was more.
  std::string text() const {
    std::string text = text_.with([](const std::string& all) { return all; });
    if (text.size() > kMost) text.replace(kMost, std::string::npos, "...");
    return text;
  }

 private:
  Guarded<std::string> text_;
};

class BoundedDriver final : public logs::Driver {
 public:
  explicit BoundedDriver(std::shared_ptr<BoundedOutput> output) : output_(std::move(output)) {}
  void write(logs::Stream, std::string_view bytes) override { output_->add(bytes); }
  void finish(logs::Stream) override {}

 private:
  const std::shared_ptr<BoundedOutput> output_;
};

}  // namespace hull::engine
