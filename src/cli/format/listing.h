#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/format/template.h"

namespace hull::cli {

/// One field of the rows of a listing.
template <class Row>
struct Column {
  std::string_view name;   ///< as in a template
  std::string_view title;  ///< of the table
  std::string (*text)(const Row& row);
  std::string (*json)(const Row& row) = nullptr;  ///< where it is no text in JSON
  bool (*flag)(const Row& row) = nullptr;         ///< instead of both, where it is true or false
};

/// A row whose fields are given by a table of columns. `label` answers `.Label "name"` where the rows have labels.
template <class Row>
class RowView : public View {
 public:
  RowView(std::span<const Column<Row>> columns, const Row& row, std::string_view type)
      : columns_(columns), row_(row), type_(type) {}

  Result<Value> field(std::string_view name, std::span<const Value> arguments) const override {
    if constexpr (requires { row_.label(std::string_view()); }) {
      if (name == "Label" && arguments.size() == 1 && arguments[0].get<std::string>())
        return Value(row_.label(*arguments[0].get<std::string>()));
      if (name == "Label" && arguments.size() != 1)
        return invalid_argument("wrong number of args for Label: want 1 got " + std::to_string(arguments.size()));
    }
    for (const Column<Row>& column : columns_)
      if (column.name == name) return column.flag ? Value(column.flag(row_)) : Value(column.text(row_));
    return not_found("can't evaluate field " + std::string(name) + " in type " + std::string(type_));
  }
  /// Keys in alphabetical order, as Go writes a map.
  std::string json() const override {
    std::vector<const Column<Row>*> sorted;
    for (const Column<Row>& column : columns_) sorted.push_back(&column);
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
    std::string out = "{";
    for (const Column<Row>* column : sorted) {
      if (out.size() > 1) out += ',';
      json::write_string(out, column->name);
      out += ':';
      out += in_json(*column);
    }
    return out + "}";
  }

 private:
  std::string in_json(const Column<Row>& column) const {
    if (column.flag) return column.flag(row_) ? "true" : "false";
    return column.json ? column.json(row_) : json::format(column.text(row_));
  }

  std::span<const Column<Row>> columns_;
  const Row& row_;
  std::string_view type_;
};

/// The titles of a table as a template sees them.
class TitleView : public View {
 public:
  void add(std::string_view name, std::string_view title) { titles_.emplace_back(name, title); }
  Result<Value> field(std::string_view name, std::span<const Value> arguments) const override;
  std::string json() const override;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> titles_;
};

/// A --format, taken apart: "table", "table TEMPLATE", "json", "raw" or a template.
struct Format {
  std::string source;  ///< the template, `\t` and `\n` in it resolved
  bool table = false;
  bool json = false;  ///< the word, not a template that says the same

  /// table_source, quiet_source: the templates that "table" stands for.
  static Format of(std::string_view format, std::string_view table_source);
};

/// Renders rows one after the other. Errors: kInvalidArgument in Docker's words.
class Listing {
 public:
  static Result<Listing> create(const Format& format);
  Result<void> add(const View& row);
  /// The whole text; titles only where the format is a table's.
  Result<std::string> finish(const TitleView& titles);

 private:
  Listing(Template pattern, bool table) : pattern_(std::move(pattern)), table_(table) {}
  Template pattern_;
  bool table_;
  std::string rows_;
};

/// The listing of all rows.
template <class Row>
Result<std::string> list_rows(const Format& format, std::span<const Column<Row>> columns, const std::vector<Row>& rows,
                              std::string_view type) {
  Listing listing = TRY(Listing::create(format));
  for (const Row& row : rows) TRY(listing.add(RowView<Row>(columns, row, type)));
  TitleView titles;
  for (const Column<Row>& column : columns) titles.add(column.name, column.title);
  return listing.finish(titles);
}

}  // namespace hull::cli
