#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/container/host_config.h"
#include "base/result.h"
#include "base/units.h"

namespace hull::engine::logs {

enum class Kind { kJsonFile, kNone };

/// What a container's LogConfig says, checked.
struct Options {
  Kind kind = Kind::kJsonFile;
  Bytes max_size = 20_MiB;  ///< of one file; 0 means no limit
  int max_files = 5;
  bool compress = true;
  std::vector<std::string> labels;  ///< names of labels stored with each entry
  std::vector<std::string> env;     ///< names of variables stored with each entry
};

/// Errors: kInvalidArgument names the driver or the option, as docker does.
Result<Options> parse_options(const api::LogConfig& config);

/// "10m", "64k", "1g"; -1 means no limit. Errors: kInvalidArgument quotes the text.
Result<Bytes> parse_size(std::string_view text);

/// The JSON object kept with each entry ("attrs"); empty where there is nothing to keep.
std::string attributes_of(const Options& options, const std::map<std::string, std::string>& labels,
                          const std::vector<std::string>& env);

}  // namespace hull::engine::logs
