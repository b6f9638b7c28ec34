#include "cli/format/table.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace hull::cli {

namespace {

size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

struct Layout {
  std::vector<std::vector<std::string_view>> lines;
  std::vector<std::vector<size_t>> widths;  ///< of each cell but a line's last
  size_t least_width;
  size_t padding;

  /// A cell belongs to a column where another follows it; the last one of a line is trailing text.
  bool has_column(size_t line, size_t column) const { return column + 1 < lines[line].size(); }

  struct Block {
    size_t begin;
    size_t end;
    size_t column;
  };

  /// Not recursive: a line may have as many columns as a hostile process has tabs in its arguments.
  void place() {
    std::vector<Block> open{{0, lines.size(), 0}};
    while (!open.empty()) {
      const Block block = open.back();
      open.pop_back();
      for (size_t line = block.begin; line < block.end; ++line)
        if (has_column(line, block.column)) line = place_column({line, block.end, block.column}, open) - 1;
    }
  }
  /// Returns where the column ends; its lines' next columns are to be placed.
  size_t place_column(const Block& from, std::vector<Block>& open) {
    size_t end = from.begin;
    size_t width = least_width;
    for (; end < from.end && has_column(end, from.column); ++end)
      width = std::max(width, width_of(lines[end][from.column]) + padding);
    for (size_t i = from.begin; i < end; ++i) widths[i].push_back(width);
    open.push_back({from.begin, end, from.column + 1});
    return end;
  }
};

}  // namespace

std::string align_columns(std::string_view text, size_t least_width, size_t padding) {
  Layout layout{.lines = {}, .widths = {}, .least_width = least_width, .padding = padding};
  const bool ends_in_break = text.ends_with('\n');
  if (ends_in_break) text.remove_suffix(1);
  for (const std::string_view line : split(text, '\n')) layout.lines.push_back(split(line, '\t'));
  layout.widths.resize(layout.lines.size());
  layout.place();
  std::string out;
  for (size_t line = 0; line < layout.lines.size(); ++line) {
    for (size_t column = 0; column < layout.lines[line].size(); ++column) {
      const std::string_view cell = layout.lines[line][column];
      out += cell;
      if (column < layout.widths[line].size()) out.append(layout.widths[line][column] - width_of(cell), ' ');
    }
    if (line + 1 < layout.lines.size() || ends_in_break) out += '\n';
  }
  return out;
}

}  // namespace hull::cli
