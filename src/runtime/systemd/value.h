#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "runtime/systemd/wire.h"

/// D-Bus values of types that are known at run time alone.
namespace hull::runtime::dbus {

struct Value {
  std::string type;  ///< one complete type: "t", "a(ss)"; an entry of a dictionary is "{sv}"
  /// int64_t: n, i, x. uint64_t: y, q, u, t. A list: the elements of an array, the members of a structure, the key and
  /// the value of an entry, the one content of a variant.
  std::variant<bool, int64_t, uint64_t, double, std::string, std::vector<Value>> content{};
  bool operator==(const Value&) const = default;
};

/// Reads GVariant's text form: `uint64 5`, `'text'`, `['a', 'b']`, `@a(ss) [('a', 'r')]`, `{'k': <1>}`, `b'bytes'`. A
/// number without a type is an int32, or a double where it has a dot or an exponent. Errors: kInvalidArgument: what
/// can't be read, what has no type, a number that does not fit into its type, a text that D-Bus forbids; no more than
/// 32 levels. Source: GLib, "GVariant Text Format"; D-Bus Specification 0.43, "Type System".
Result<Value> parse_value(std::string_view text);

void write_value(Writer& writer, const Value& value);

}  // namespace hull::runtime::dbus
