#include "../target.h"
#include "base/result.h"
#include "runtime/systemd/annotations.h"
#include "runtime/systemd/value_type.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hull;
  const std::string_view text = fuzz::text_of(data, size);
  const auto value = runtime::dbus::parse_value(text);
  if (!value.ok()) {
    CHECK(!value.error().message().empty());
    return -1;
  }
  CHECK(runtime::dbus::complete_type(value->type) == value->type.size());
  runtime::dbus::Writer writer;
  writer.variant(value->type, [&] { runtime::dbus::write_value(writer, *value); });
  (void)runtime::systemd::annotated_properties({{"org.systemd.property.TimeoutSec", std::string(text)}});
  return 0;
}
