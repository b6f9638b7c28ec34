#include "engine/images/archive_intake.h"

#include <algorithm>
#include <set>

#include "archive/entry_source.h"
#include "archive/tar_reader.h"
#include "base/text.h"

namespace hull::engine::images {
namespace {

// Of an archive; real ones have a few per layer.
constexpr size_t kMaxEntries = 20000;
constexpr Bytes kMaxArchiveDocument = 16_MiB;
constexpr size_t kMaxPathBytes = 4096;  // PATH_MAX; pax headers have no limit of their own

/// "./a//b" is "a/b". Errors: kInvalidArgument where it has "..".
Result<std::string> normalize(std::string_view path) {
  std::string out;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return invalid_argument("archive entry \"" + std::string(path) + "\" climbs out");
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// Where a symbolic link in the archive leads: docker saved equal layers as "../<other>/layer.tar".
std::string follow(const std::string& path, const std::string& target) {
  std::vector<std::string> parts;
  const std::string folder = target.starts_with('/') ? "" : directory_of(path);
  for (const auto part : split(folder, '/')) parts.emplace_back(part);
  for (const auto part : split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::erase(parts, "");
  return join(parts, "/");
}

bool is_document(const std::string& path) {
  static const std::set<std::string> kNames = {"index.json", "manifest.json", "oci-layout", "repositories"};
  return kNames.contains(path);
}

/// Files of docker's oldest layout that say nothing that the configuration does not say.
bool is_legacy(const std::string& path) { return path.ends_with("/VERSION") || path.ends_with("/json"); }

image::Digest digest_in(const std::string& path) {
  const auto parts = split(path, '/');
  if (parts.size() != 3 || parts[0] != "blobs") return {};
  auto digest = image::Digest::parse(std::string(parts[1]) + ":" + std::string(parts[2]));
  return digest.ok() ? *digest : image::Digest();
}

}  // namespace

/// The entry that a tar reader stands on, as a source.
class EntryReader final : public archive::Source {
 public:
  EntryReader(archive::TarReader& tar, archive::TarEntry entry)
      : tar_(tar), entry_(std::move(entry)), content_(tar, entry_.size) {}

  const archive::TarEntry& entry() const { return entry_; }
  archive::TarReader& tar() { return tar_; }

  Result<size_t> read(std::span<char> data) override { return content_.read(data); }

 private:
  archive::TarReader& tar_;
  const archive::TarEntry entry_;
  archive::EntrySource content_;
};

Result<Intake> Intake::read(const Call& call, const containerd::Content& content, archive::Source& source) {
  Intake out;
  const auto consume = [&](archive::Source& ahead) -> Result<void> {
    const auto plain = TRY(archive::decompress(ahead));
    archive::TarReader tar(*plain);
    for (size_t count = 0;; ++count) {
      auto entry = TRY(tar.next());
      if (!entry) return {};
      if (count == kMaxEntries)
        return invalid_argument("the archive has more than " + std::to_string(kMaxEntries) + " entries");
      if (call.stop.stop_requested()) return cancelled("load: the client went away");
      EntryReader reader(tar, *std::move(entry));
      TRY(out.take(call, content, reader));
    }
  };
  TRY(archive::read_ahead(source, consume));
  return out;
}

Result<void> Intake::take(const Call& call, const containerd::Content& content, EntryReader& reader) {
  if (reader.entry().name.size() > kMaxPathBytes || reader.entry().link.size() > kMaxPathBytes)
    return invalid_argument("archive entry \"" + reader.entry().name.substr(0, 64) +
                            "…\": its name or link has more than " + std::to_string(kMaxPathBytes) + " bytes");
  const std::string path = TRY(normalize(reader.entry().name));
  if (S_ISLNK(reader.entry().mode)) {
    links_[path] = follow(path, reader.entry().link);
  } else if (reader.entry().is_hard_link) {
    links_[path] = TRY(normalize(reader.entry().link));
  } else if (S_ISREG(reader.entry().mode) && is_document(path)) {
    documents_[path] = TRY(reader.tar().read_content(kMaxArchiveDocument).context("read " + path));
  } else if (S_ISREG(reader.entry().mode) && !is_legacy(path)) {
    files_[path] = TRY(ingest(call, content, reader, digest_in(path)).context("read " + path));
  }
  return {};
}

const std::string* Intake::document(const std::string& name) const {
  const auto found = documents_.find(name);
  return found == documents_.end() ? nullptr : &found->second;
}

Result<Ingested> Intake::file(const std::string& path) const {
  std::string name = TRY(normalize(path));
  constexpr int kMaxLinks = 8;
  for (int links = 0; links < kMaxLinks; ++links) {
    if (const auto found = files_.find(name); found != files_.end()) return found->second;
    const auto link = links_.find(name);
    if (link == links_.end()) break;
    name = link->second;
  }
  return invalid_argument("the archive has no file \"" + path + "\"");
}

}  // namespace hull::engine::images
