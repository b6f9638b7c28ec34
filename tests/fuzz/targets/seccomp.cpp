#include "../target.h"
#include "base/json.h"
#include "base/result.h"
#include "runtime/seccomp_cache.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hull;
  const auto profile = json::parse<spec::Seccomp>(fuzz::text_of(data, size));
  if (!profile.ok()) return -1;
  const auto program = runtime::compile_seccomp(*profile);
  if (!program.ok()) return -1;
  constexpr size_t kInstruction = 8;  // struct sock_filter
  CHECK(!program->bpf.empty());
  CHECK(program->bpf.size() % kInstruction == 0);
  return 0;
}
