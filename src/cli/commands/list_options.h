#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"
#include "cli/commands/filter_flag.h"
#include "cli/format/listing.h"

/// What lists of objects have in common that go by their names.
namespace hull::cli {

struct ListOptions {
  bool quiet = false;
  bool no_truncate = false;
  std::string format;
  std::vector<std::string> filters;
};
/// --filter, --format, --quiet.
void define_list(Flags& flags, ListOptions& options, std::string_view quiet_help);

/// The templates of one list.
struct ListFormats {
  std::string_view config_key;  ///< of config.json, where nothing else is asked for
  std::string_view quiet;
  std::string_view raw;
  std::string_view table;
};
/// The format in force.
Format list_format(Cli& cli, const ListOptions& options, const ListFormats& formats);

Query list_query(const ListOptions& options);
/// A template's failure as `stats` and `context ls` word it; other errors as they are.
Error worded_as_inspect(const Error& error);
/// The objects of an array, as people sort their names.
std::vector<const json::Value*> by_name(const json::Value& objects);

}  // namespace hull::cli
