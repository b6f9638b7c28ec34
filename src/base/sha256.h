#pragma once

#include <string>
#include <string_view>

namespace hull {

/// The SHA-256 of a short text, in lower-case hexadecimal, for names of files and folders. Our own, since a library
/// that has it would be loaded at every start of hull and of each shim. Source: FIPS 180-4.
std::string sha256_hex(std::string_view text);

}  // namespace hull
