#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// Protobuf's wire format, as far as CRIU's messages use it: varints and bytes.
/// Source: protobuf.dev, "Encoding". Why not the library: docs/decisions/004-criu-messages-by-hand.md.
namespace hull::runtime {

class WireWriter {
 public:
  void number(uint32_t field, uint64_t value);
  void text(uint32_t field, std::string_view value);
  std::string take() { return std::move(out_); }

 private:
  void varint(uint64_t value);
  std::string out_;
};

struct WireField {
  uint32_t number = 0;
  uint64_t value = 0;     ///< of a varint
  std::string_view text;  ///< of bytes: into the message
};

class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}
  /// nullopt at the end; fixed-size fields are skipped. Errors: kDataLoss.
  Result<std::optional<WireField>> next();

 private:
  Result<uint64_t> varint();
  Result<std::string_view> bytes(uint64_t size);
  std::string_view rest_;
};

}  // namespace hull::runtime
