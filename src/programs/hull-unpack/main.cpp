#include <poll.h>

#include <chrono>
#include <cstdio>

#include "archive/apart.h"
#include "archive/tar_reader.h"
#include "base/sys.h"
#include "programs/hull-unpack/sandbox.h"

namespace hull {
namespace {

/// Whoever died before we asked to die with it has closed the other end.
Result<void> check_parent(FdRef answer) {
  if (TRY(sys::poll(answer, POLLERR, std::chrono::milliseconds(0)))) return unavailable("hull-containerd went away");
  return {};
}

/// What the C library loads at its first use, and could not find later: the locale and its conversions.
void load_locale() {
  static const archive::Utf8Scope utf8;
  archive::MemorySource nothing(std::string(1024, '\0'));
  archive::TarReader reader(nothing);
  (void)reader.next().ok();
}

Result<archive::UnpackedLayer> unpack(archive::ApartRequest& request) {
  using unpack::Access;
  request.root = TRY(unpack::detach(request.root, Access::kWrite));
  archive::ApplyOptions options;
  options.whiteouts = request.whiteouts;
  for (UniqueFd& lower : request.lowers) {
    lower = TRY(unpack::detach(lower, Access::kRead));
    options.lowers.emplace_back(lower);
  }
  load_locale();
  TRY(unpack::enter_sandbox().context("limit hull-unpack"));
  TRY(check_parent(request.answer));
  return archive::unpack_layer(std::move(request.blob), request.digest, request.root, options);
}

int unpack_main(int argc, char** argv) {
  auto request = archive::read_apart_request(argc, argv);
  if (!request.ok()) {
    std::fprintf(stderr, "hull-unpack: %s\n", request.error().message().c_str());
    return 2;
  }
  const auto unpacked = unpack(*request);
  return archive::write_apart_answer(request->answer, unpacked).ok() ? 0 : 1;
}

}  // namespace
}  // namespace hull

#if defined(__SANITIZE_ADDRESS__)
// The leak checker stops the other threads from a process of its own, which the sandbox refuses.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

int main(int argc, char** argv) { return hull::unpack_main(argc, argv); }
