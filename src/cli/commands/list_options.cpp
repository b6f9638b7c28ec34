#include "cli/commands/list_options.h"

#include <algorithm>

#include "cli/format/natural_order.h"

namespace hull::cli {

void define_list(Flags& flags, ListOptions& options, std::string_view quiet_help) {
  define_filter(flags, "f,filter", options.filters);
  define_list_format(flags, "format", options.format);
  flags.boolean("q,quiet", options.quiet, quiet_help);
}

Format list_format(Cli& cli, const ListOptions& options, const ListFormats& formats) {
  std::string wanted = options.format;
  if (wanted.empty() && !options.quiet) wanted = cli.config().text(formats.config_key);
  if (wanted.empty()) wanted = "table";
  if (wanted == "table" && options.quiet) return Format::of(formats.quiet, "");
  if (wanted == "raw") return Format::of(formats.raw, "");
  return Format::of(wanted, formats.table);
}

Query list_query(const ListOptions& options) {
  Query query;
  query.add_unless_empty("filters", encode_filters(options.filters));
  return query;
}

Error worded_as_inspect(const Error& error) {
  for (const std::string_view other : {"failed to execute template: ", "failed to parse template: "})
    if (error.message().starts_with(other))
      return Error(error.code(), "template parsing error: " + error.message().substr(other.size()));
  return error;
}

std::vector<const json::Value*> by_name(const json::Value& objects) {
  std::vector<const json::Value*> sorted;
  for (const json::Value& object : entries_of(objects)) sorted.push_back(&object);
  std::sort(sorted.begin(), sorted.end(),
            [](auto* a, auto* b) { return natural_less(text_at(*a, "Name"), text_at(*b, "Name")); });
  return sorted;
}

}  // namespace hull::cli
