#include "cli/format/printable.h"

#include <cstdio>

namespace hull::cli {

std::string printable(std::string_view text) {
  const auto is_c1 = [&](size_t at) {  // U+0080 to U+009F in UTF-8
    return text[at] == '\xC2' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0 &&
           static_cast<unsigned char>(text[at + 1]) >= 0x80;
  };
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    auto c = static_cast<unsigned char>(text[at]);
    const bool c1 = is_c1(at);
    if (!c1 && (c == '\t' || c == '\n' || (c >= 0x20 && c != 0x7F))) {
      out += text[at];
      continue;
    }
    if (c1) c = static_cast<unsigned char>(text[++at]);
    char shown[8];
    std::snprintf(shown, sizeof shown, "\\x%02X", c);
    out += shown;
  }
  return out;
}

}  // namespace hull::cli
