#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Types of D-Bus as text, and patterns of types that are not known yet.
namespace hull::runtime::dbus {

/// In patterns: a number of any type, a text of any type, anything.
inline constexpr char kAnyNumber = 'N';
inline constexpr char kAnyText = 'S';
inline constexpr char kAnything = '?';

/// Length of the complete type that the text begins with; 0: it begins with none. A unix descriptor is none to us.
size_t complete_type(std::string_view text);
/// A sequence of complete types of at most 255 bytes.
bool is_signature(std::string_view text);
/// What both patterns allow; nullopt: nothing.
std::optional<std::string> unify(std::string_view a, std::string_view b);
/// The pattern with int32 for any number and string for any text; nullopt where something may be anything.
std::optional<std::string> settle(std::string pattern);
/// The boundary that a value of the type begins at.
size_t alignment_of(char type);

}  // namespace hull::runtime::dbus
