#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hull::shim {

/// Where a client wants a stream: `fifo://PATH`, which a bare path is, too, `file://PATH`, or
/// `binary://PATH?KEY=VALUE&…`, a program that takes the output.
struct StdioUri {
  enum class Kind { kFifo, kFile, kBinary };
  Kind kind = Kind::kFifo;
  std::string path;                                         ///< absolute
  std::vector<std::pair<std::string, std::string>> values;  ///< of the query, in its order
};

/// Errors: kInvalidArgument: no absolute path, or malformed; kUnimplemented names another scheme.
/// Source: containerd's cio package, whose URIs are Go's: path and query are percent-encoded.
Result<StdioUri> parse_stdio_uri(const std::string& text);

}  // namespace hull::shim
