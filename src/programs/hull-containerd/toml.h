#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hull::supervisor {

/// One assignment of a TOML file: `[grpc]` and `address = "x"` is {"grpc.address", "x"}.
struct TomlValue {
  std::string key;
  std::string text;  ///< a string's content; else the value as written
  bool is_string = false;
  int line = 0;
};

/// The part of TOML that configuration files of containerd use: comments, tables with plain or quoted names, strings,
/// numbers, booleans, arrays. Errors: kInvalidArgument names the line.
Result<std::vector<TomlValue>> parse_toml(std::string_view text);

/// The strings of an array's text. Errors: kInvalidArgument: it is no array of strings.
Result<std::vector<std::string>> parse_toml_strings(const TomlValue& value);
/// As a literal or a basic string.
std::string quote_toml(std::string_view text);

}  // namespace hull::supervisor
