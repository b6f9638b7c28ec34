#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace hull::supervisor {

/// Gives an object's field by path ("labels", "app.kubernetes.io/name"): its text, or nullopt where it has none.
using FieldOf = std::function<std::optional<std::string>(std::span<const std::string> path)>;

/// One expression in containerd's language: `name==x,labels."a.b"~=^v` – comma is "and"; operators are ==, != and ~=
/// (RE2); a path alone asks for presence; an empty expression matches all.
/// Source: containerd docs, filters package: grammar in its parser.
class Filter {
 public:
  /// Errors: kInvalidArgument names the expression and the place.
  static Result<Filter> parse(const std::string& text);
  bool matches(const FieldOf& field) const;

 private:
  friend class Filters;
  struct Selector;
  std::vector<std::shared_ptr<const Selector>> selectors_;
};

/// Several: any has to match; none matches all.
class Filters {
 public:
  static Result<Filters> parse(std::span<const std::string> texts);
  bool matches(const FieldOf& field) const;

 private:
  std::vector<Filter> filters_;
};

}  // namespace hull::supervisor
