#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hull::runtime::dbus {

/// GVariant's text form, read but for the types, which what stands beside a value may settle: [uint64 1, 2].
struct ValueText {
  enum class Kind { kBoolean, kNumber, kText, kBytes, kList, kVariant };
  Kind kind = Kind::kBoolean;
  std::string pattern{};           ///< of value_type.h
  std::string text{};              ///< as it stands; of texts: without quotes and escapes
  std::vector<ValueText> parts{};  ///< an entry of a dictionary is a list of two
};

Result<ValueText> parse_value_text(std::string_view text);

}  // namespace hull::runtime::dbus
