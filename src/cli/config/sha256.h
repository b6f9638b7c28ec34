#pragma once

#include <string>
#include <string_view>

namespace hull::cli {

/// The SHA-256 of the text, in lower-case hexadecimal: the name of a context's folder. Our own, since a library that
/// has it would be loaded at every start of hull. Source: FIPS 180-4.
std::string sha256_hex(std::string_view text);

}  // namespace hull::cli
