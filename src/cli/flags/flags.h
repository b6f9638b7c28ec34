#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hull::cli {

/// One flag of a command: how it is written, and what takes its value.
struct Flag {
  std::string name = {};
  char letter = 0;        ///< the short form, 0 where there is none
  std::string type = {};  ///< as the help shows it: "string", "list" …; empty for a switch
  std::string help = {};
  std::string default_text = {};  ///< as the help shows it; empty where there is none worth showing
  std::function<Result<void>(std::string_view)> set = {};
  bool is_switch = false;  ///< takes a value only as --name=value
  bool hidden = false;
  int api = 0;                ///< the engine's API has to be 1.<this>
  bool experimental = false;  ///< the engine has to allow what is experimental
  bool changed = false;
};

/// The flags of one command, with the syntax of Docker's command line: `--name value`, `--name=value`, `-n value`,
/// `-nvalue`, `-n=value`, letters combined (`-it`), `--` as the end. Names are given as "name" or "n,name".
class Flags {
 public:
  Flag& add(std::string_view names, std::string_view type, std::string_view help,
            std::function<Result<void>(std::string_view)> set);

  Flag& boolean(std::string_view names, bool& value, std::string_view help);
  Flag& text(std::string_view names, std::string& value, std::string_view help);
  Flag& integer(std::string_view names, int64_t& value, std::string_view help);
  Flag& list(std::string_view names, std::vector<std::string>& values, std::string_view help);
  /// Several values, also in one argument between commas, as CSV.
  Flag& strings(std::string_view names, std::vector<std::string>& values, std::string_view help);
  /// In nanoseconds, as Go's durations are written.
  Flag& duration(std::string_view names, int64_t& value, std::string_view help);

  enum class Interspersed { kYes, kNo };
  /// Sets what the arguments say; returns those that are no flags. kNo: the first such argument ends the flags.
  /// Errors: kInvalidArgument in Docker's words; kCancelled where --help was found.
  Result<std::vector<std::string>> parse(const std::vector<std::string>& arguments, Interspersed interspersed);

  bool changed(std::string_view name) const;
  bool any_changed() const;
  /// Flags given on the command line that not every engine has that hull talks to.
  std::vector<const Flag*> demanding() const;
  bool empty() const;
  /// The help's lines, wrapped to fit the columns.
  std::string usage(size_t columns) const;

 private:
  Flag* find(std::string_view name);
  Flag* find(char letter);
  Result<void> assign(Flag& flag, std::string_view value);
  Result<void> parse_long(std::string_view argument, const std::vector<std::string>& arguments, size_t& next);
  Result<void> parse_letters(std::string_view argument, const std::vector<std::string>& arguments, size_t& next);

  std::vector<Flag> flags_;
};

/// Go's strconv.ParseBool. Errors: kInvalidArgument in its words.
Result<bool> parse_bool(std::string_view text);
/// Go's strconv.ParseInt with base 0. Errors: kInvalidArgument in its words.
Result<int64_t> parse_int(std::string_view text, int bits = 64);

}  // namespace hull::cli
