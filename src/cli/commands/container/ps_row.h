#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/format/listing.h"

namespace hull::cli {

/// A row of `ps`: a container as GET /containers/json gives it.
struct PsRow {
  const json::Value& container;
  bool truncate;
  bool* size_wanted = nullptr;  ///< set where a template asks for the size
  bool show_virtual = true;     ///< the size of the whole file system behind the container's own
  std::string label(std::string_view name) const;
};

std::span<const Column<PsRow>> ps_columns();

/// Ports as `ps` shows them: "0.0.0.0:8080->80/tcp", neighbouring ones as a range.
std::string displayed_ports(const json::Value& ports);
/// "a=b,c=d" in the order of the keys.
std::string displayed_labels(const json::Value& labels);

}  // namespace hull::cli
