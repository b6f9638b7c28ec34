#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hull::cli {

/// Every object of GET /system/df with what it takes: four tables, or, with a format, `json` or a template that sees
/// .Images, .Containers, .Volumes and .BuildCache. Errors: a wrong template, in Docker's words.
Result<std::string> verbose_disk_usage(const json::Value& answer, const std::string& format);

}  // namespace hull::cli
