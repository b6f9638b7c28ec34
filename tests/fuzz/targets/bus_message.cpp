#include "../target.h"
#include "base/result.h"
#include "runtime/systemd/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hull;
  const std::string_view text = fuzz::text_of(data, size);
  constexpr size_t kFixed = 16;
  if (text.size() >= kFixed) {
    const auto announced = runtime::dbus::message_size(text.substr(0, kFixed));
    if (announced.ok()) CHECK(*announced >= kFixed);
  }
  return runtime::dbus::parse_message(text).ok() ? 0 : -1;
}
