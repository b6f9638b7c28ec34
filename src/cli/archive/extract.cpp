#include "cli/archive/extract.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>

#include "base/root_dir.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::cli {

namespace {

/// Relative, without "." and "..": components that would climb make the whole name invalid.
Result<std::string> clean_name(std::string_view name) {
  std::string out;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return data_loss("unpack \"" + std::string(name) + "\": the name leads out of the directory");
    out.append(out.empty() ? "" : "/").append(part);
  }
  return out;
}

std::string renamed(const std::string& name, const ExtractOptions& options) {
  if (options.rename_from.empty()) return name;
  if (options.rename_from == "." || options.rename_from == "/")  // a folder's content goes into a new folder
    return name.empty() ? options.rename_to : options.rename_to + "/" + name;
  const auto parts = cut(name, "/");
  if ((parts ? parts->before : std::string_view(name)) != options.rename_from) return name;
  const std::string rest = parts ? std::string(parts->after) : "";
  if (options.rename_to.empty()) return rest;
  return rest.empty() ? options.rename_to : options.rename_to + "/" + rest;
}

struct Place {
  UniqueFd folder;
  std::string name;
};

class Extractor {
 public:
  Extractor(RootDir root, const ExtractOptions& options) : root_(std::move(root)), options_(options) {}

  Result<int64_t> run(TarReader& reader) {
    while (auto entry = TRY(reader.next())) {
      const std::string name = renamed(TRY(clean_name(entry->name)), options_);
      if (name.empty()) continue;  // the directory itself
      TRY(make(*entry, name, reader).context("unpack " + name));
    }
    // Times of directories last: what is put into them changes them.
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) TRY(finish_folder(*folder));
    return bytes_;
  }

 private:
  struct Folder {
    std::string name;
    Entry entry;
  };

  /// The folder that a name stands in, made where it is missing. Links on the way are not followed.
  Result<Place> place_of(const std::string& name) {
    const size_t slash = name.rfind('/');
    if (slash == std::string::npos) return Place{TRY(root_.open(".", O_PATH | O_DIRECTORY)), name};
    const std::string folder = name.substr(0, slash);
    auto opened = root_.open_without_links(folder, O_PATH | O_DIRECTORY);
    if (opened.is(Code::kNotFound)) {
      TRY(root_.make_directories(folder, 0755));
      opened = root_.open_without_links(folder, O_PATH | O_DIRECTORY);
    }
    return Place{TRY(std::move(opened)), name.substr(slash + 1)};
  }

  /// Makes room for something new; a directory is never replaced by something else.
  static Result<void> clear(const Place& place) {
    auto removed = sys::unlinkat(place.folder, place.name, 0);
    if (removed.ok() || removed.is(Code::kNotFound)) return {};
    if (removed.error().number() == EISDIR) return failed_precondition("cannot overwrite directory with non-directory");
    return removed;
  }

  Result<void> make(const Entry& entry, const std::string& name, TarReader& reader) {
    const Place place = TRY(place_of(name));
    if (entry.type == EntryType::kDirectory) return make_folder(entry, name, place);
    TRY(clear(place));
    switch (entry.type) {
      case EntryType::kFile: return make_file(entry, place, reader);
      case EntryType::kSymlink: TRY(sys::symlinkat(entry.link, place.folder, place.name)); break;
      case EntryType::kHardLink: return make_hard_link(entry, place);
      default: TRY(make_node(entry, place));
    }
    return set_owner(entry, place);
  }

  Result<void> make_folder(const Entry& entry, const std::string& name, const Place& place) {
    auto made = sys::mkdirat(place.folder, place.name, 0700);
    if (!made.ok() && !made.is(Code::kAlreadyExists)) return made;
    if (!made.ok()) {
      const auto info = TRY(sys::fstatat(place.folder, place.name, AT_SYMLINK_NOFOLLOW));
      if (!S_ISDIR(info.st_mode)) return failed_precondition("cannot overwrite non-directory with directory");
    }
    folders_.push_back({name, entry});
    return set_owner(entry, place);
  }

  Result<void> make_file(const Entry& entry, const Place& place, TarReader& reader) {
    const UniqueFd file = TRY(sys::openat(place.folder, place.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    std::array<char, 64 * 1024> buffer;
    for (size_t count = TRY(reader.read(buffer)); count > 0; count = TRY(reader.read(buffer))) {
      TRY(sys::write_all(file, {buffer.data(), count}));
      bytes_ += static_cast<int64_t>(count);
    }
    if (options_.keep_owner) TRY(sys::fchown(file, static_cast<uid_t>(entry.uid), static_cast<gid_t>(entry.gid)));
    // After the owner: changing it clears set-user-id.
    TRY(sys::fchmod(file, mode_of(entry)));
    set_times(entry, place);
    return {};
  }

  Result<void> make_hard_link(const Entry& entry, const Place& place) {
    const std::string target = renamed(TRY(clean_name(entry.link)), options_);
    const Place source = TRY(place_of(target));
    return sys::linkat(source.folder, source.name, place.folder, place.name, 0);
  }

  mode_t mode_of(const Entry& entry) const { return entry.mode & (options_.keep_owner ? 07777 : 01777); }

  Result<void> make_node(const Entry& entry, const Place& place) {
    if (entry.type != EntryType::kFifo && !options_.keep_owner)
      return failed_precondition("devices are only made by root, and with --archive");
    const mode_t kind = entry.type == EntryType::kFifo              ? S_IFIFO
                        : entry.type == EntryType::kCharacterDevice ? S_IFCHR
                                                                    : S_IFBLK;
    if (::mknodat(place.folder.get(), place.name.c_str(), kind | mode_of(entry),
                  makedev(entry.device_major, entry.device_minor)) != 0)
      return Error::from_errno(errno, "make node");
    return {};
  }

  Result<void> set_owner(const Entry& entry, const Place& place) {
    if (!options_.keep_owner) return {};
    return sys::fchownat(place.folder, place.name, static_cast<uid_t>(entry.uid), static_cast<gid_t>(entry.gid),
                         AT_SYMLINK_NOFOLLOW);
  }

  static void set_times(const Entry& entry, const Place& place) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(entry.modified);
    const timespec time{seconds.time_since_epoch().count(), (entry.modified - seconds).count()};
    const timespec times[] = {time, time};
    ::utimensat(place.folder.get(), place.name.c_str(), times, AT_SYMLINK_NOFOLLOW);  // a wrong time harms nothing
  }

  Result<void> finish_folder(const Folder& folder) {
    const Place place = TRY(place_of(folder.name));
    const UniqueFd opened = TRY(sys::openat(place.folder, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(sys::fchmod(opened, mode_of(folder.entry)));
    set_times(folder.entry, place);
    return {};
  }

  RootDir root_;
  const ExtractOptions& options_;
  std::vector<Folder> folders_;
  int64_t bytes_ = 0;
};

}  // namespace

Result<int64_t> extract(TarReader& reader, const ExtractOptions& options) {
  return Extractor(TRY(RootDir::open(options.directory)), options).run(reader);
}

}  // namespace hull::cli
