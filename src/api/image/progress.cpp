#include "api/image/progress.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hull::api {

std::string human_size(int64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  std::array<char, 32> text{};
  snprintf(text.data(), text.size(), "%.4g%s", size, kUnits[unit]);
  return text.data();
}

std::string draw_bar(const ProgressDetail& detail) {
  if (detail.current <= 0 && detail.total <= 0) return "";
  const auto pad = [](std::string text) { return std::string(text.size() < 8 ? 8 - text.size() : 0, ' ') + text; };
  const std::string current = pad(human_size(detail.current));
  if (detail.total <= 0 || detail.current > detail.total) return current;
  constexpr int kWidth = 50;
  // Whole percents, as docker counts them; in floating point, because a registry may claim any size.
  const double part = static_cast<double>(detail.current) / static_cast<double>(detail.total);
  const int done = static_cast<int>(std::clamp(part, 0.0, 1.0) * 100) / 2;
  std::string bar = "[" + std::string(done, '=') + ">";
  bar += std::string(kWidth - done, ' ') + "] ";
  return bar + current + "/" + human_size(detail.total);
}

}  // namespace hull::api
