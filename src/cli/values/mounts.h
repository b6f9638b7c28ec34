#pragma once

#include <string>
#include <string_view>

#include "api/container/mount.h"
#include "base/result.h"

namespace hull::cli {

/// One --mount: "type=bind,source=/a,target=/b,readonly". Errors: kInvalidArgument in Docker's words.
Result<api::Mount> parse_mount(std::string_view text);

/// Whether a -v names something of the host or a volume ("a:/b"), rather than an anonymous volume ("/b").
/// Errors: kInvalidArgument in Docker's words.
Result<bool> volume_has_source(std::string_view specification);
/// A -v with a path relative to here made absolute.
Result<std::string> absolute_bind(std::string_view specification);

}  // namespace hull::cli
