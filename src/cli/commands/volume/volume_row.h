#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/format/listing.h"

namespace hull::cli {

/// A row of `volume ls`: a volume as GET /volumes gives it.
struct VolumeRow {
  const json::Value& volume;
  std::string label(std::string_view name) const;
};

std::span<const Column<VolumeRow>> volume_columns();

}  // namespace hull::cli
