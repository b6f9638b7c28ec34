#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/format/listing.h"

namespace hull::cli {

constexpr std::string_view kNone = "<none>";

/// A row of `images`: an image, as GET /images/json gives it, under one of its names.
struct ImageRow {
  const json::Value& image;
  bool truncate;
  std::string repository;
  std::string tag;
  std::string digest;
};

std::span<const Column<ImageRow>> image_columns();

}  // namespace hull::cli
