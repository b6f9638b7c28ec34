#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// libFuzzer's interface, which the targets implement and our driver calls.
/// Returns 0: taken. -1: refused (libFuzzer then leaves the input out of its corpus, which suits: it keeps those that
/// get further).
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace hull::fuzz {

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace hull::fuzz
