#pragma once

#include <compare>
#include <string>

namespace hull::api {

/// A version of the Engine API: "1.51".
struct ApiVersion {
  int major = 1;
  int minor = 0;
  constexpr auto operator<=>(const ApiVersion&) const = default;
  std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
};

/// What this engine serves, and this client speaks.
inline constexpr ApiVersion kOldestApi{1, 24};
inline constexpr ApiVersion kNewestApi{1, 51};

}  // namespace hull::api
