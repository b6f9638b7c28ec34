#include "archive/apart.h"

#include <fcntl.h>

#include "base/files.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::archive {
namespace {

// hull-unpack DIGEST overlay|remove NUMBER-OF-LOWERS, with these descriptors.
enum : int { kBlob = 3, kRoot = 4, kAnswer = 5, kFirstLower = 6 };
constexpr Bytes kMostAnswer = 64_KiB;
constexpr size_t kMostText = 16 << 10;

// The answer: "layer DIGEST SIZE", or "error CODE TEXT". The text has names of a tar in it, which are any bytes.
std::string format_answer(const Result<UnpackedLayer>& unpacked) {
  if (unpacked.ok()) return "layer " + unpacked->diff_id.str() + " " + std::to_string(unpacked->size);
  const Error& error = unpacked.error();
  return "error " + std::to_string(static_cast<int>(error.code())) + " " + error.message().substr(0, kMostText);
}

/// A child that was taken over may say anything.
Result<UnpackedLayer> parse_answer(std::string_view text) {
  const auto kind = cut(text, " ");
  const auto words = kind ? cut(kind->after, " ") : std::nullopt;
  if (words && kind->before == "layer") {
    const auto size = parse_integer<int64_t>(words->after);
    if (size && *size >= 0) return UnpackedLayer{TRY(image::Digest::parse(words->before)), *size};
  }
  const auto code = words && kind->before == "error" ? parse_integer<int>(words->before) : std::nullopt;
  if (code && *code >= 0 && *code <= static_cast<int>(Code::kConflict))
    return Error(static_cast<Code>(*code), std::string(words->after));
  return internal_error("unpack layer: hull-unpack gave no sound answer");
}

/// Waits for the child whatever it does.
Result<UnpackedLayer> receive(pid_t pid, FdRef pipe) {
  const auto text = read_all(pipe, kMostAnswer);
  if (!text.ok()) (void)sys::kill(pid, SIGKILL);
  const auto ended = TRY(sys::waitpid(pid, 0));
  if (text.ok() && !text->empty()) return parse_answer(*text);
  return internal_error("unpack layer: hull-unpack ended with status " +
                        std::to_string(ended ? ended->exit_code() : -1));
}

Result<UnpackedLayer> run(const std::string& program, FdRef blob, const image::Digest& digest, FdRef root,
                          const ApplyOptions& options) {
  CHECK(options.below.empty() && !options.owner && options.replace == Replace::kAll);
  auto pipe = TRY(sys::pipe());
  // Copies, since a number that we have may be one that the child gets.
  std::vector<UniqueFd> held;
  SpawnOptions spawned;
  const auto pass = [&](int number, UniqueFd fd) -> Result<void> {
    held.emplace_back(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstLower + static_cast<int>(options.lower_dirs.size())));
    if (!held.back().valid()) return Error::from_errno(errno, "pass a descriptor");
    spawned.descriptors.emplace_back(number, held.back());
    return {};
  };
  TRY(pass(kBlob, TRY(sys::dup(blob))));
  TRY(pass(kRoot, TRY(sys::dup(root))));
  TRY(pass(kAnswer, std::move(pipe.write)));
  int number = kFirstLower;
  for (const std::string& lower : options.lower_dirs)
    TRY(pass(number++, TRY(sys::open(lower, O_RDONLY | O_DIRECTORY))));
  const char* whiteouts = options.whiteouts == Whiteouts::kOverlay ? "overlay" : "remove";
  const pid_t pid = TRY(spawn({program, digest.str(), whiteouts, std::to_string(options.lower_dirs.size())}, spawned));
  held.clear();  // the end of the answer is the end of the child
  return receive(pid, pipe.read);
}

}  // namespace

LayerUnpacker unpack_apart(std::string program) {
  return
      [program = std::move(program)](UniqueFd blob, const image::Digest& digest, FdRef root,
                                     const ApplyOptions& options) { return run(program, blob, digest, root, options); };
}

Result<ApartRequest> read_apart_request(int argc, const char* const* argv) {
  constexpr int kMostLowers = 500;  // what overlayfs takes
  const auto lowers = argc == 4 ? parse_integer<int>(argv[3]) : std::nullopt;
  if (!lowers || *lowers < 0 || *lowers > kMostLowers || ::fcntl(kAnswer, F_GETFD) < 0)
    return invalid_argument("hull-unpack is started by hull-containerd, to unpack a layer apart from it");
  const std::string_view whiteouts = argv[2];
  if (whiteouts != "overlay" && whiteouts != "remove")
    return invalid_argument("whiteouts \"" + std::string(whiteouts) + "\" are neither overlay nor remove");
  ApartRequest request;
  request.digest = TRY(image::Digest::parse(argv[1]));
  request.whiteouts = whiteouts == "overlay" ? Whiteouts::kOverlay : Whiteouts::kRemove;
  for (int number = kBlob; number < kFirstLower + *lowers; ++number) ::fcntl(number, F_SETFD, FD_CLOEXEC);
  request.blob = UniqueFd(kBlob);
  request.root = UniqueFd(kRoot);
  request.answer = UniqueFd(kAnswer);
  for (int i = 0; i < *lowers; ++i) request.lowers.emplace_back(kFirstLower + i);
  return request;
}

Result<void> write_apart_answer(FdRef answer, const Result<UnpackedLayer>& unpacked) {
  return sys::write_all(answer, format_answer(unpacked));
}

}  // namespace hull::archive
