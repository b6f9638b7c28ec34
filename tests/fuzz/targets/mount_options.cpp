#include "runtime/mount_options.h"
#include "../target.h"
#include "base/result.h"
#include "base/text.h"

/// What the parser does not know is data for the file system, and must not get lost.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hull;
  constexpr std::string_view kUnknown = "no-option-of-ours=1";
  std::vector<std::string> options;
  for (const std::string_view option : split(fuzz::text_of(data, size), ',')) options.emplace_back(option);
  const size_t known_part = runtime::parse_mount_options(options).data.size();
  options.emplace_back(kUnknown);
  const runtime::MountOptions parsed = runtime::parse_mount_options(options);
  CHECK(parsed.data.size() >= known_part + kUnknown.size());
  CHECK(parsed.data.find(kUnknown) != std::string::npos);
  return known_part == 0 ? 0 : -1;  // "taken": all were ours
}
