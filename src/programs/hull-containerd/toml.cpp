#include "programs/hull-containerd/toml.h"

#include <algorithm>

#include "base/text.h"

namespace hull::supervisor {
namespace {

class Line {
 public:
  Line(std::string_view text, int number) : text_(text), number_(number) {}

  Error error(const std::string& what) const {
    return invalid_argument("line " + std::to_string(number_) + ": " + what);
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool at_end() {
    skip_spaces();
    return at_ >= text_.size() || text_[at_] == '#';
  }
  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<std::vector<std::string>> strings() {
    std::vector<std::string> out;
    if (!take('[')) return error("expected an array");
    while (!take(']')) {
      if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) return error("expected a string");
      out.push_back(TRY(string()));
      if (take(',')) continue;
      if (!take(']')) return error("expected , or ]");
      break;
    }
    return out;
  }

  /// a.b."c.d"
  Result<std::string> key() {
    std::string key;
    do {
      skip_spaces();
      const bool quoted = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
      const std::string part = quoted ? TRY(string()) : bare();
      if (part.empty()) return error("expected a key");
      key += (key.empty() ? "" : ".") + part;
    } while (take('.'));
    return key;
  }

  Result<TomlValue> value() {
    TomlValue value;
    value.line = number_;
    skip_spaces();
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      value.is_string = true;
      value.text = TRY(string());
      return value;
    }
    const size_t begin = at_;
    if (text_.substr(at_, 1) == "[") {
      TRY(skip_array(0));
    } else {
      while (at_ < text_.size() && text_[at_] != '#' && text_[at_] != ' ' && text_[at_] != '\t') ++at_;
    }
    value.text = text_.substr(begin, at_ - begin);
    if (value.text.empty()) return error("expected a value");
    return value;
  }

 private:
  /// Past the array's end, whatever is in it.
  Result<void> skip_array(int depth) {
    if (depth > 8) return error("arrays nest too deep");
    ++at_;
    while (at_ < text_.size() && text_[at_] != ']') {
      if (text_[at_] == '[') {
        TRY(skip_array(depth + 1));
      } else if (text_[at_] == '"' || text_[at_] == '\'') {
        TRY(string());
      } else {
        ++at_;
      }
    }
    if (at_ >= text_.size()) return error("an array does not end");
    ++at_;
    return {};
  }

  std::string bare() {
    const size_t begin = at_;
    const auto plain = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
    };
    while (at_ < text_.size() && plain(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<std::string> string() {
    const char quote = text_[at_++];
    std::string out;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (quote == '\'' || text_[at_] != '\\') {
        out += text_[at_];
        continue;
      }
      const char next = ++at_ < text_.size() ? text_[at_] : '\0';
      if (next == 'n')
        out += '\n';
      else if (next == 't')
        out += '\t';
      else if (next == '"' || next == '\\')
        out += next;
      else
        return error("unknown escape in a string");
    }
    if (at_ >= text_.size()) return error("a string does not end");
    ++at_;
    return out;
  }

  std::string_view text_;
  int number_;
  size_t at_ = 0;
};

}  // namespace

namespace {

struct Scan {
  int depth = 0;  ///< of arrays that are still open
  size_t comment = std::string_view::npos;
};

/// How many arrays a line leaves open, and where its comment begins.
Scan scan(std::string_view line, int depth) {
  char quote = '\0';
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != '\0') {
      if (c == '\\' && quote == '"')
        ++i;
      else if (c == quote)
        quote = '\0';
      continue;
    }
    if (c == '#') return {depth, i};
    if (c == '"' || c == '\'') quote = c;
    if (c == '[') ++depth;
    if (c == ']') --depth;
  }
  return {depth, std::string_view::npos};
}

/// Lines, those of an array made one. The number is that of the first.
std::vector<std::pair<int, std::string>> logical_lines(std::string_view text) {
  std::vector<std::pair<int, std::string>> lines;
  int depth = 0;
  int number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    const bool continues = depth > 0;
    const Scan found = scan(raw, depth);
    depth = std::max(found.depth, 0);
    const std::string_view line = trim(raw.substr(0, found.comment));
    if (continues)
      lines.back().second += " " + std::string(line);
    else
      lines.emplace_back(number, line);
  }
  return lines;
}

}  // namespace

Result<std::vector<TomlValue>> parse_toml(std::string_view text) {
  std::vector<TomlValue> values;
  std::string table;
  for (const auto& [number, raw] : logical_lines(text)) {
    Line line(raw, number);
    if (line.at_end()) continue;
    if (line.take('[')) {
      if (line.take('[')) return line.error("arrays of tables are not supported");
      table = TRY(line.key());
      if (!line.take(']')) return line.error("expected ]");
    } else {
      const std::string key = TRY(line.key());
      if (!line.take('=')) return line.error("expected = after " + key);
      TomlValue value = TRY(line.value());
      value.key = table.empty() ? key : table + "." + key;
      values.push_back(std::move(value));
    }
    if (!line.at_end()) return line.error("unexpected text at the end");
  }
  return values;
}

Result<std::vector<std::string>> parse_toml_strings(const TomlValue& value) {
  if (value.is_string)
    return invalid_argument("line " + std::to_string(value.line) + ": " + value.key + ": expected an array");
  return Line(value.text, value.line).strings().context(value.key);
}

std::string quote_toml(std::string_view text) {
  if (text.find_first_of("'\n") == text.npos) return "'" + std::string(text) + "'";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? "\\n" : std::string(1, c);
  }
  return out + "\"";
}

}  // namespace hull::supervisor
