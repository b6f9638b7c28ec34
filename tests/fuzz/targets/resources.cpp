#include "../target.h"
#include "base/result.h"
#include "runtime/device_program.h"
#include "runtime/validate.h"
#include "spec/runtime/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hull;
  const auto resources = spec::parse_resources(fuzz::text_of(data, size));
  if (!resources.ok()) return -1;
  const auto again = spec::parse_resources(spec::format_resources(*resources));
  CHECK(again.ok());
  CHECK(*again == *resources);
  if (!runtime::validate_resources(*resources, "resources").ok()) return -1;
  CHECK(!runtime::device_program(resources->devices).empty());
  return 0;
}
