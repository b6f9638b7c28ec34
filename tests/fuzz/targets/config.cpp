#include "../target.h"
#include "base/result.h"
#include "runtime/validate.h"
#include "spec/runtime/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hull;
  const auto spec = spec::parse_runtime_spec(fuzz::text_of(data, size));
  if (!spec.ok()) {
    CHECK(!spec.error().message().empty());
    return -1;
  }
  const auto again = spec::parse_runtime_spec(spec::format_runtime_spec(*spec));
  CHECK(again.ok());
  CHECK(*again == *spec);
  const auto judged = runtime::validate(*spec);
  CHECK(judged.ok() || !judged.error().message().empty());
  return judged.ok() ? 0 : -1;
}
