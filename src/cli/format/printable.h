#pragma once

#include <string>
#include <string_view>

namespace hull::cli {

/// Text that comes from registries, images or containers, for people to see: control characters, which could drive
/// their terminal, are written as \xNN. Tabs and line ends stay, and so does all other UTF-8.
std::string printable(std::string_view text);

}  // namespace hull::cli
