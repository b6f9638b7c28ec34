#include "spec/image/manifest.h"
#include "../target.h"
#include "base/json.h"
#include "base/result.h"
#include "spec/image/config.h"

namespace {

using namespace hull;

template <class T>
bool checked(const Result<T>& parsed) {
  CHECK(parsed.ok() || !parsed.error().message().empty());
  return parsed.ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto manifest = image::parse_manifest(text);
  const auto index = image::parse_index(text);
  (void)checked(image::media_type_of(text));
  (void)checked(json::parse<image::ImageConfig>(text));
  // A document that is both would be seen as one here and as the other there (CVE-2021-41190).
  CHECK(!checked(manifest) || !checked(index));
  return manifest.ok() || index.ok() ? 0 : -1;
}
