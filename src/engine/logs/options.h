#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/container/host_config.h"
#include "base/result.h"
#include "base/units.h"

namespace hull::engine::logs {

/// kLocal: docker's "local", for logs that nobody but the engine reads.
enum class Kind { kJsonFile, kLocal, kNone };

/// What a container's LogConfig says, checked.
struct Options {
  Kind kind = Kind::kJsonFile;
  Bytes max_size = 20_MiB;  ///< of one file; 0 means no limit
  int max_files = 5;
  bool compress = true;
  std::vector<std::string> labels;  ///< names of labels stored with each entry
  std::vector<std::string> env;     ///< names of variables stored with each entry
  std::string labels_regex;         ///< and those whose whole or part of a name fits; empty: none
  std::string env_regex;
  bool non_blocking = false;  ///< rather drop output than make the container wait
  Bytes max_buffer = 1_MiB;   ///< of output that waits, where non_blocking
  std::string tag;            ///< stored with each entry: a text with fields, "{{.Name}}"
};

/// The container whose log it is.
struct Source {
  std::string id;
  std::string name;  ///< without the slash
  std::string image_name;
  std::string image_id;
  std::string command;
  std::map<std::string, std::string> labels;
  std::vector<std::string> env;
};

/// Errors: kInvalidArgument names the driver or the option, as docker does.
Result<Options> parse_options(const api::LogConfig& config);

/// "10m", "64k", "1g"; -1 means no limit. Errors: kInvalidArgument quotes the text.
Result<Bytes> parse_size(std::string_view text);

/// The JSON object kept with each entry ("attrs"); empty where there is nothing to keep.
std::string attributes_of(const Options& options, const Source& source);

/// A tag with its fields filled in: ID, FullID, Name, FullName, ImageID, ImageFullID, ImageName, Command, DaemonName.
/// Errors: kInvalidArgument names what is no such field. Source: Docker's documentation, "Customize log driver output".
Result<std::string> format_tag(const std::string& tag, const Source& source);

}  // namespace hull::engine::logs
