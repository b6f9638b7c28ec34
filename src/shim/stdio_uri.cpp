#include "shim/stdio_uri.h"

#include <optional>

#include "base/text.h"

namespace hull::shim {
namespace {

enum class Plus { kIsPlus, kIsSpace };

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' && plus == Plus::kIsSpace ? ' ' : text[i];
      continue;
    }
    const auto byte = i + 2 < text.size() ? parse_integer<uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
    if (!byte) return invalid_argument("invalid URL escape \"" + std::string(text.substr(i, 3)) + "\"");
    out += static_cast<char>(*byte);
    i += 2;
  }
  // No file and no argument has one.
  if (out.find('\0') != std::string::npos) return invalid_argument("a zero byte");
  return out;
}

Result<StdioUri::Kind> kind_of(std::string_view scheme) {
  if (scheme == "fifo") return StdioUri::Kind::kFifo;
  if (scheme == "file") return StdioUri::Kind::kFile;
  if (scheme == "binary") return StdioUri::Kind::kBinary;
  return unimplemented("scheme \"" + std::string(scheme) + "\" is not supported");
}

Result<StdioUri> parse(const std::string& text) {
  const auto parts = cut(text, "://");
  if (!parts) return StdioUri{.kind = StdioUri::Kind::kFifo, .path = text, .values = {}};
  StdioUri uri{.kind = TRY(kind_of(parts->before)), .path = {}, .values = {}};
  const auto before = [](std::string_view whole, std::string_view end) {
    return cut(whole, end).value_or(Cut{whole, ""});
  };
  const Cut halves = before(before(parts->after, "#").before, "?");
  uri.path = TRY(decode(halves.before, Plus::kIsPlus));
  for (const std::string_view pair : split(halves.after, '&')) {
    if (pair.empty()) continue;
    const Cut value = before(pair, "=");
    uri.values.emplace_back(TRY(decode(value.before, Plus::kIsSpace)), TRY(decode(value.after, Plus::kIsSpace)));
  }
  return uri;
}

}  // namespace

Result<StdioUri> parse_stdio_uri(const std::string& text) {
  auto uri = TRY(parse(text).context("stdio \"" + text + "\""));
  if (!uri.path.starts_with("/")) return invalid_argument("stdio \"" + text + "\": expected an absolute path");
  return uri;
}

}  // namespace hull::shim
