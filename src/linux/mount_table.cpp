#include "linux/mount_table.h"

#include "base/text.h"

namespace hull::linux {
namespace {

/// Blanks, tabs, line ends and backslashes stand in octal.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      if (const auto code = parse_integer<int>(text.substr(i + 1, 3), 8)) {
        out += static_cast<char>(*code);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace

std::optional<MountLine> parse_mount_line(std::string_view line) {
  const auto halves = cut(line, " - ");
  if (!halves) return std::nullopt;
  const auto fields = split(halves->before, ' ');
  const auto tail = split(halves->after, ' ');
  constexpr size_t kFields = 6, kTail = 3;
  if (fields.size() < kFields || tail.size() < kTail) return std::nullopt;
  return MountLine{unescape(fields[3]), unescape(fields[4]), tail[0], tail[2]};
}

}  // namespace hull::linux
