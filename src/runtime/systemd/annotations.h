#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/systemd/scope.h"

namespace hull::runtime::systemd {

/// Properties for the container's unit out of annotations "org.systemd.property.NAME", whose values are GVariant's
/// text. A time that systemd.unit(5) has in seconds (TimeoutStopSec) becomes the property of the bus in microseconds
/// (TimeoutStopUSec). Errors: kInvalidArgument in runc's words. Source: runc, docs/systemd.md.
Result<std::vector<Property>> annotated_properties(const std::map<std::string, std::string>& annotations);

}  // namespace hull::runtime::systemd
