#include "cli/format/listing.h"

#include "base/text.h"
#include "cli/format/printable.h"
#include "cli/format/table.h"

namespace hull::cli {

namespace {

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

Result<Value> TitleView::field(std::string_view name, std::span<const Value> arguments) const {
  if (name == "Label" && arguments.size() == 1 && arguments[0].get<std::string>()) {
    const std::string label = *arguments[0].get<std::string>();
    std::string title(split(label, '.').back());
    for (char& c : title)
      if (c == '-' || c == '_') c = ' ';
    return Value(std::move(title));
  }
  for (const auto& [field, title] : titles_)
    if (field == name) return Value(title);
  return Value();
}

std::string TitleView::json() const {
  std::string out = "map[";
  for (const auto& [field, title] : titles_)
    out.append(out.size() > 4 ? " " : "").append(field).append(":").append(title);
  return out + "]";
}

Format Format::of(std::string_view format, std::string_view table_source) {
  Format out;
  if (format.starts_with("table")) {
    out.table = true;
    const std::string_view rest = trim(format.substr(5));
    out.source = rest.empty() ? table_source : rest;
  } else {
    out.json = format == "json";
    out.source = out.json ? "{{json .}}" : trim(format);
  }
  out.source = replace_all(replace_all(std::move(out.source), "\\t", "\t"), "\\n", "\n");
  return out;
}

Result<Listing> Listing::create(const Format& format) {
  auto pattern = Template::parse(format.source);
  if (!pattern.ok()) return invalid_argument("failed to parse template: " + pattern.error().message());
  return Listing(std::move(pattern).value(), format.table);
}

Result<void> Listing::add(const View& row) {
  if (auto executed = pattern_.execute(Value(&row), rows_); !executed.ok())
    return invalid_argument("failed to execute template: " + executed.error().message());
  rows_ += '\n';
  return {};
}

Result<std::string> Listing::finish(const TitleView& titles) {
  if (!table_) return std::move(rows_);
  std::string text;
  if (auto executed = pattern_.execute(Value(&titles), text, Template::Functions::kTitles); !executed.ok())
    return invalid_argument("failed to execute template: " + executed.error().message());
  return align_table(printable(text + '\n' + rows_));  // tables are for people
}

}  // namespace hull::cli
