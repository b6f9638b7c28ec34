#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/command.h"

namespace hull::cli {

extern const Command kInspect;

/// The JSON text of one object.
using Fetch = std::function<Result<std::string>(const std::string& name)>;

/// Shows objects as Docker's `inspect` commands do: an indented array, or a template run for each. Objects that can't
/// be had are told of afterwards. format: empty, "json" or a template.
Result<int> inspect_objects(Cli& cli, const std::vector<std::string>& names, const std::string& format,
                            const Fetch& fetch);

/// Where the objects of one kind are asked for: before and after the name.
struct ObjectPath {
  std::string_view before;
  std::string_view after;
};
/// The same for objects of one kind.
Result<int> inspect_kind(Cli& cli, const std::vector<std::string>& names, const std::string& format,
                         const ObjectPath& path, const Query& query = {});

}  // namespace hull::cli
