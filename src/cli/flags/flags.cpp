#include "cli/flags/flags.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "cli/flags/csv.h"

namespace hull::cli {

Flag& Flags::add(std::string_view names, std::string_view type, std::string_view help,
                 std::function<Result<void>(std::string_view)> set) {
  Flag flag;
  if (const auto both = cut(names, ",")) {
    flag.letter = both->before.front();
    names = both->after;
  }
  flag.name = names;
  flag.type = type;
  flag.help = help;
  flag.set = std::move(set);
  flags_.reserve(128);  // references to flags stay good while a command defines its own
  CHECK(flags_.size() < flags_.capacity());
  return flags_.emplace_back(std::move(flag));
}

Flag& Flags::boolean(std::string_view names, bool& value, std::string_view help) {
  Flag& flag = add(names, "", help, [&value](std::string_view text) -> Result<void> {
    value = TRY(parse_bool(text));
    return {};
  });
  flag.is_switch = true;
  if (value) flag.default_text = "true";
  return flag;
}

Flag& Flags::text(std::string_view names, std::string& value, std::string_view help) {
  Flag& flag = add(names, "string", help, [&value](std::string_view text) -> Result<void> {
    value = text;
    return {};
  });
  if (!value.empty()) flag.default_text = '"' + value + '"';
  return flag;
}

Flag& Flags::integer(std::string_view names, int64_t& value, std::string_view help) {
  Flag& flag = add(names, "int", help, [&value](std::string_view text) -> Result<void> {
    value = TRY(parse_int(text));
    return {};
  });
  if (value != 0) flag.default_text = std::to_string(value);
  return flag;
}

Flag& Flags::list(std::string_view names, std::vector<std::string>& values, std::string_view help) {
  return add(names, "list", help, [&values](std::string_view text) -> Result<void> {
    values.emplace_back(text);
    return {};
  });
}

Flag& Flags::strings(std::string_view names, std::vector<std::string>& values, std::string_view help) {
  return add(names, "strings", help, [&values](std::string_view text) -> Result<void> {
    for (std::string& field : TRY(parse_csv(text))) values.push_back(std::move(field));
    return {};
  });
}

Flag& Flags::duration(std::string_view names, int64_t& value, std::string_view help) {
  return add(names, "duration", help, [&value](std::string_view text) -> Result<void> {
    const auto parsed = parse_go_duration(text);
    if (!parsed.ok()) return invalid_argument("time: invalid duration \"" + std::string(text) + "\"");
    value = parsed->count();
    return {};
  });
}

Flag* Flags::find(std::string_view name) {
  const auto found = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.name == name; });
  return found == flags_.end() ? nullptr : &*found;
}

Flag* Flags::find(char letter) {
  const auto found =
      std::find_if(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.letter == letter; });
  return found == flags_.end() ? nullptr : &*found;
}

Result<void> Flags::assign(Flag& flag, std::string_view value) {
  if (auto set = flag.set(value); !set.ok()) {
    const std::string shown = flag.letter ? std::string("-") + flag.letter + ", --" + flag.name : "--" + flag.name;
    return invalid_argument("invalid argument \"" + std::string(value) + "\" for \"" + shown +
                            "\" flag: " + set.error().message());
  }
  flag.changed = true;
  return {};
}

Result<void> Flags::parse_long(std::string_view argument, const std::vector<std::string>& arguments, size_t& next) {
  const std::string_view body = argument.substr(2);
  if (body.front() == '-' || body.front() == '=') return invalid_argument("bad flag syntax: " + std::string(argument));
  const auto parts = cut(body, "=");
  const std::string name(parts ? parts->before : body);
  Flag* flag = find(name);
  if (!flag && name == "help") return cancelled("help");
  if (!flag) return invalid_argument("unknown flag: --" + name);
  if (parts) return assign(*flag, parts->after);
  if (flag->is_switch) return assign(*flag, "true");
  if (next == arguments.size()) return invalid_argument("flag needs an argument: " + std::string(argument));
  return assign(*flag, arguments[next++]);
}

Result<void> Flags::parse_letters(std::string_view argument, const std::vector<std::string>& arguments, size_t& next) {
  std::string_view letters = argument.substr(1);
  while (!letters.empty()) {
    const char letter = letters.front();
    Flag* flag = find(letter);
    if (!flag && letter == 'h') return cancelled("help");
    if (!flag) {
      return invalid_argument("unknown shorthand flag: '" + std::string(1, letter) + "' in -" + std::string(letters));
    }
    const std::string_view rest = letters.substr(1);
    if (rest.size() > 1 && rest.front() == '=') return assign(*flag, rest.substr(1));
    if (flag->is_switch) {
      TRY(assign(*flag, "true"));
      letters = rest;
      continue;
    }
    if (!rest.empty()) return assign(*flag, rest);
    if (next == arguments.size()) {
      return invalid_argument("flag needs an argument: '" + std::string(1, letter) + "' in -" + std::string(letters));
    }
    return assign(*flag, arguments[next++]);
  }
  return {};
}

Result<std::vector<std::string>> Flags::parse(const std::vector<std::string>& arguments, Interspersed interspersed) {
  std::vector<std::string> others;
  for (size_t next = 0; next < arguments.size();) {
    const std::string& argument = arguments[next++];
    if (argument == "--") {
      others.insert(others.end(), arguments.begin() + static_cast<ptrdiff_t>(next), arguments.end());
      break;
    }
    if (argument.size() < 2 || argument.front() != '-') {
      others.push_back(argument);
      if (interspersed == Interspersed::kYes) continue;
      others.insert(others.end(), arguments.begin() + static_cast<ptrdiff_t>(next), arguments.end());
      break;
    }
    TRY(argument.starts_with("--") ? parse_long(argument, arguments, next) : parse_letters(argument, arguments, next));
  }
  return others;
}

bool Flags::changed(std::string_view name) const {
  return std::any_of(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.name == name && flag.changed; });
}

bool Flags::any_changed() const {
  return std::any_of(flags_.begin(), flags_.end(), [](const Flag& flag) { return flag.changed; });
}

std::vector<const Flag*> Flags::demanding() const {
  std::vector<const Flag*> out;
  for (const Flag& flag : flags_)
    if (flag.changed && (flag.api > 0 || flag.experimental)) out.push_back(&flag);
  return out;
}

bool Flags::empty() const {
  return std::all_of(flags_.begin(), flags_.end(), [](const Flag& flag) { return flag.hidden; });
}

Result<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return invalid_argument("strconv.ParseBool: parsing \"" + std::string(text) + "\": invalid syntax");
}

Result<int64_t> parse_int(std::string_view text, int bits) {
  const auto fail = [&](std::string_view why) {
    return invalid_argument("strconv.ParseInt: parsing \"" + std::string(text) + "\": " + std::string(why));
  };
  std::string_view digits = text;
  const bool minus = digits.starts_with('-');
  if (minus || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  for (const auto& [prefix, value] : {std::pair{"0x", 16}, {"0X", 16}, {"0b", 2}, {"0o", 8}}) {
    if (!digits.starts_with(prefix)) continue;
    base = value;
    digits.remove_prefix(2);
    break;
  }
  if (base == 10 && digits.size() > 1 && digits.front() == '0') base = 8;
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (digits.empty()) return fail("invalid syntax");
  __int128 value = 0;
  for (const char c : digits) {
    const size_t digit = kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (digit >= static_cast<size_t>(base)) return fail("invalid syntax");
    if (value < (__int128(1) << 80)) value = value * base + static_cast<int>(digit);
  }
  const __int128 limit = __int128(1) << (bits - 1);
  if (value > (minus ? limit : limit - 1)) return fail("value out of range");
  return static_cast<int64_t>(minus ? -value : value);
}

}  // namespace hull::cli
