#include "../target.h"
#include "base/result.h"
#include "runtime/validate.h"
#include "spec/runtime/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hull;
  const auto process = spec::parse_process(fuzz::text_of(data, size));
  if (!process.ok()) return -1;
  const auto again = spec::parse_process(spec::format_process(*process));
  CHECK(again.ok());
  CHECK(*again == *process);
  return runtime::validate_process(*process, "process").ok() ? 0 : -1;
}
