#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>

#include "../target.h"
#include "archive/apply.h"
#include "archive/compression.h"
#include "archive/diff.h"
#include "base/files.h"
#include "base/sys.h"

namespace {

using namespace hull;

/// A folder for one input, with a neighbour that nothing may touch.
class Place {
 public:
  Place() {
    char name[] = "/dev/shm/hull-fuzz-XXXXXX";
    path_ = ::mkdtemp(name);
    for (const char* folder : {"/root", "/lower", "/lower/etc", "/outside"}) MUST(sys::mkdir(path_ + folder, 0755));
    MUST(replace_file(path_ + "/lower/etc/f", "lower", 0644, Durable::kNo));
    MUST(replace_file(path_ + "/outside/f", "outside", 0644, Durable::kNo));
  }
  ~Place() { (void)remove_tree(path_); }
  UniqueFd root() const { return MUST(sys::open(path_ + "/root", O_RDONLY | O_DIRECTORY)); }
  std::string lower() const { return path_ + "/lower"; }
  void check_untouched() const {
    CHECK(MUST(list_directory(path_)).size() == 3);
    CHECK(MUST(list_directory(path_ + "/outside")).size() == 1);
    CHECK(MUST(read_file(path_ + "/outside/f")) == "outside");
    CHECK(MUST(read_file(path_ + "/lower/etc/f")) == "lower");
    CHECK((MUST(sys::stat(path_ + "/outside")).st_mode & 07777) == 0755);
  }

 private:
  std::string path_;
};

/// No more than this of what a few bytes inflate to.
class Limited : public archive::Source {
 public:
  explicit Limited(archive::Source& inner) : inner_(inner) {}
  Result<size_t> read(std::span<char> data) override {
    const size_t count = TRY(inner_.read(data.first(std::min(data.size(), left_))));
    left_ -= count;
    return count;
  }

 private:
  archive::Source& inner_;
  size_t left_ = 4 << 20;
};

bool unpack(std::string_view bytes, archive::Whiteouts whiteouts) {
  const Place place;
  archive::MemorySource blob{std::string(bytes)};
  const auto plain = archive::decompress(blob);
  if (!plain.ok()) return false;
  Limited limited(**plain);
  archive::ApplyOptions options;
  options.whiteouts = whiteouts;
  if (whiteouts == archive::Whiteouts::kOverlay) options.lower_dirs = {place.lower()};
  const auto applied = archive::apply_layer(place.root(), limited, options);
  CHECK(applied.ok() || !applied.error().message().empty());
  place.check_untouched();
  if (!applied.ok()) return false;
  // What came in must go out again.
  archive::StringSink out;
  const auto written = whiteouts == archive::Whiteouts::kOverlay ? archive::write_upper(place.root(), out)
                                                                 : archive::write_tree(place.root(), out);
  CHECK(written.ok() || !written.error().message().empty());
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  bool taken = false;
  for (const auto whiteouts : {archive::Whiteouts::kRemove, archive::Whiteouts::kOverlay, archive::Whiteouts::kNone})
    taken |= unpack(bytes, whiteouts);
  return taken ? 0 : -1;
}
