#include "cli/progress/message_stream.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <cmath>
#include <ctime>

#include "base/sys.h"
#include "cli/daemon.h"
#include "cli/format/printable.h"
#include "cli/format/units.h"
#include "cli/terminal/raw_mode.h"

namespace hull::cli {

namespace {

constexpr size_t kBarWidth = 50;
constexpr size_t kColumnsForBar = 110;
constexpr size_t kLongestValue = 16u << 20;  // a hostile daemon must not fill memory

}  // namespace

Result<void> read_json_stream(http::Response& response, const std::function<Result<void>(const json::Value&)>& take) {
  boost::json::stream_parser parser;
  std::array<char, 32 * 1024> buffer;
  size_t length = 0;  // of the value that is being read
  for (;;) {
    const size_t count = TRY(response.read_some(buffer, {}));
    if (count == 0) return {};
    std::string_view rest(buffer.data(), count);
    while (!rest.empty()) {
      boost::system::error_code error;
      const size_t used = parser.write_some(rest.data(), rest.size(), error);
      if (error) return invalid_argument("read the daemon's messages: " + error.message());
      rest.remove_prefix(used);
      length += used;
      if (length > kLongestValue) return data_loss("read the daemon's messages: one is too long");
      if (!parser.done()) continue;
      length = 0;
      const json::Value value = parser.release();
      parser.reset();
      TRY(take(value));
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    }
  }
}

std::string progress_text(const json::Value& detail, size_t columns, int64_t now_seconds) {
  const int64_t current = number_at(detail, "current");
  const int64_t total = number_at(detail, "total");
  if (current <= 0 && total <= 0) return "";
  const std::string unit = text_at(detail, "units");
  const auto size = [&](int64_t n) {
    return unit.empty() ? human_size(static_cast<double>(n)) : std::to_string(n) + " " + unit;
  };
  char number[64];
  std::snprintf(number, sizeof number, "%8s", size(current).c_str());
  if (total <= 0) return number;
  // Whole percents; in floating point, because a registry may claim any size.
  const double part = static_cast<double>(current) / static_cast<double>(total);
  const auto filled = static_cast<size_t>(std::clamp(part, 0.0, 1.0) * 100) / 2;
  std::string out;
  if (columns > kColumnsForBar)
    out = "[" + std::string(filled, '=') + ">" + std::string(kBarWidth - filled, ' ') + "] ";
  out += number;
  if (current <= total) out += "/" + size(total);
  const int64_t start = number_at(detail, "start");
  if (current > 0 && start > 0 && filled < kBarWidth && columns > kBarWidth) {
    const double left = static_cast<double>(now_seconds - start) * (1 / part - 1);
    std::snprintf(number, sizeof number, " %.0fs", std::trunc(left));
    out += number;
  }
  return out;
}

Result<void> ignore_all_but_errors(const json::Value& message) {
  if (const std::string error = text_at(member_at(message, "errorDetail"), "message"); !error.empty())
    return internal_error(error);
  if (const std::string error = text_at(message, "error"); !error.empty()) return internal_error(error);
  return {};
}

Result<void> MessageDisplay::print(const std::string& id, const json::Value& message, const std::string& progress) {
  const std::string stream = text_at(message, "stream");
  const bool bar = columns_ > 0 && stream.empty() && !member_at(message, "progressDetail").is_null();
  if (!bar && !progress.empty()) return {};  // bars are for terminals
  std::string out = bar ? "\x1b[2K\r" : "";
  if (!id.empty()) out += printable(id) + ": ";
  if (const std::string from = text_at(message, "from"); !from.empty()) out += "(from " + printable(from) + ") ";
  if (bar) {
    out += printable(text_at(message, "status") + " " + progress) + "\r";
  } else {
    out += printable(stream.empty() ? text_at(message, "status") + "\n" : stream);
  }
  return sys::write_all(out_, out);
}

Result<void> MessageDisplay::show(const json::Value& message) {
  if (const json::Value& aux = member_at(message, "aux"); !aux.is_null()) {
    if (on_aux) on_aux(aux);
    return {};
  }
  TRY(ignore_all_but_errors(message));
  const std::string id = text_at(message, "id");
  const json::Value& detail = member_at(message, "progressDetail");
  const std::string progress = progress_text(detail, columns_, ::time(nullptr));
  if (id.empty() || detail.is_null()) {
    lines_.clear();
    return print(id, message, progress);
  }
  const auto [line, added] = lines_.try_emplace(id, lines_.size());
  if (columns_ == 0) return print(id, message, progress);
  if (added) TRY(sys::write_all(out_, "\n"));
  const std::string distance = std::to_string(lines_.size() - line->second);
  TRY(sys::write_all(out_, "\x1b[" + distance + "A"));
  TRY(print(id, message, progress));
  return sys::write_all(out_, "\x1b[" + distance + "B");
}

Result<void> show_messages(http::Response& response, FdRef out,
                           const std::function<void(const json::Value& aux)>& on_aux) {
  const auto size = terminal_size(out);
  MessageDisplay display(out, isatty(out.get()) == 1 ? (size ? size->columns : 80) : 0);
  display.on_aux = on_aux;
  return read_json_stream(response, [&](const json::Value& message) { return display.show(message); });
}

}  // namespace hull::cli
