#include "../target.h"
#include "runtime/checkpoint/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return hull::runtime::decode_response(hull::fuzz::text_of(data, size)).ok() ? 0 : -1;
}
