#include "archive/unpacker.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sysmacros.h>

#include "archive/tree.h"
#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::archive {
namespace {

constexpr size_t kMaxPath = 4096;
constexpr size_t kCachedParents = 16;
constexpr int kDirectory = O_PATH | O_DIRECTORY;

Result<void> set_times(FdRef parent, const std::string& base, const timespec& mtime) {
  const timespec times[2] = {mtime, mtime};
  if (::utimensat(parent.get(), base.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0) return {};
  return Error::from_errno(errno, "set times of " + base);
}

Result<void> write_content(FdRef file, const TarEntry& entry, TarReader& reader, int64_t& written) {
  int64_t end = 0;
  int64_t position = 0;
  while (const auto block = TRY(reader.next_block())) {
    end = block->offset + static_cast<int64_t>(block->data.size());
    // Offsets only grow, but for holes; a plain write avoids a seek.
    if (block->offset == position)
      TRY(sys::write_all(file, block->data));
    else
      TRY(sys::pwrite_all(file, block->data, block->offset));
    if (block->offset == position) position = end;
    written += static_cast<int64_t>(block->data.size());
  }
  if (end < entry.size) TRY(sys::ftruncate(file, entry.size));  // it ends in a hole
  return {};
}

}  // namespace

Result<EntryPath> EntryPath::parse(std::string_view name) {
  if (name.size() > kMaxPath) return invalid_argument("read tar: a name is longer than 4096 bytes");
  std::vector<std::string_view> kept;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
      continue;
    }
    if (kept.empty())
      return invalid_argument("invalid entry name \"" + std::string(name) + "\": it leads out of the root");
    kept.pop_back();
  }
  EntryPath path;
  if (kept.empty()) return path;
  path.base = kept.back();
  kept.pop_back();
  for (const std::string_view part : kept) {
    if (!path.parent.empty()) path.parent += '/';
    path.parent += part;
  }
  return path;
}

const UniqueFd* ParentCache::find(const std::string& path) {
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->path != path) continue;
    entries_.splice(entries_.begin(), entries_, entry);
    return &entries_.front().dir;
  }
  return nullptr;
}

const UniqueFd& ParentCache::insert(std::string path, UniqueFd dir) {
  if (entries_.size() >= kCachedParents) entries_.pop_back();
  entries_.push_front({std::move(path), std::move(dir)});
  return entries_.front().dir;
}

Result<Unpacker> Unpacker::create(FdRef root, const ApplyOptions& options) {
  Unpacker unpacker(RootDir(TRY(sys::dup(root))), options);
  for (const std::string& lower : options.lower_dirs) unpacker.lowers_.push_back(TRY(RootDir::open(lower)));
  for (const FdRef lower : options.lowers) unpacker.lowers_.push_back(RootDir(TRY(sys::dup(lower))));
  return unpacker;
}

Result<void> Unpacker::add(const TarEntry& entry, TarReader& reader) {
  const EntryPath path = TRY(EntryPath::parse(entry.name));
  ++counts_.entries;
  if (std::exchange(stale_, false)) parents_.clear();
  if (path.base.empty()) return is_layer() ? add_root(entry) : Result<void>();
  if (!is_layer()) return add_member(path, entry, reader);
  if (path.base == kOpaqueMarker) return add_opaque(path);
  // Other names of this kind are aufs's own records and mean nothing here.
  if (path.base.starts_with(".wh..wh.")) return {};
  if (path.base.starts_with(kWhiteoutPrefix)) return add_whiteout(path);
  return add_member(path, entry, reader);
}

Result<void> Unpacker::add_member(const EntryPath& path, const TarEntry& entry, TarReader& reader) {
  const FdRef parent = TRY(open_parent(path.parent));
  if (options_.whiteouts == Whiteouts::kRemove) own_.insert(std::hash<std::string>()(path.whole()));
  if (entry.is_hard_link) return add_hard_link(parent, path, entry);
  if (S_ISDIR(entry.mode)) return add_directory(parent, path, entry);
  if (S_ISREG(entry.mode)) return add_file(parent, path, entry, reader);
  return add_special(parent, path, entry);
}

std::string Unpacker::inside(const std::string& path) const {
  if (options_.below.empty() || path.empty()) return options_.below + path;
  return options_.below + "/" + path;
}

Result<FdRef> Unpacker::open_parent(const std::string& tar_path) {
  const std::string path = inside(tar_path);
  if (path.empty()) return root_.fd();
  if (const UniqueFd* known = parents_.find(path)) return FdRef(*known);
  auto opened = root_.open(path, kDirectory);
  if (opened.is(Code::kNotFound)) opened = make_parent(path);
  return FdRef(parents_.insert(path, TRY(std::move(opened))));
}

Result<UniqueFd> Unpacker::make_parent(const std::string& path) {
  // Layers by hand leave parents out. Each missing one is made by itself, so that it can look like the one below.
  for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    auto opened = root_.open(part, kDirectory);
    if (opened.is(Code::kNotFound)) {
      auto made = TRY(root_.make_directories(part, 0755));
      TRY(imitate_lower(made, part));
      opened = std::move(made);
    }
    if (!opened.ok() || end == std::string::npos) return opened;
  }
}

Result<void> Unpacker::imitate_lower(FdRef dir, const std::string& path) {
  for (const RootDir& lower : lowers_) {
    auto model = lower.open(path, kDirectory);
    if (!model.ok()) continue;
    const auto status = TRY(sys::fstat(*model));
    const std::string target = proc_path(dir);
    TRY(sys::chown(target, status.st_uid, status.st_gid));
    TRY(sys::chmod(target, status.st_mode & 07777));
    for (const Xattr& xattr : TRY(read_xattrs(*model)))
      if (!xattr.name.starts_with(kOverlayPrefix)) TRY(write_xattr(dir, xattr));
    times_.push_back({path, status.st_mtim});
    return {};
  }
  return {};
}

Result<void> Unpacker::add_whiteout(const EntryPath& path) {
  const std::string name = path.base.substr(kWhiteoutPrefix.size());
  // ".wh.." and ".wh..." would name the directory itself and its parent.
  if (name.empty() || name == "." || name == "..")
    return invalid_argument("tar entry \"" + path.whole() + "\" is a whiteout of nothing in its directory");
  const FdRef parent = TRY(open_parent(path.parent));
  stale_ = true;
  TRY(remove_entry(parent, name));
  if (!overlay()) return {};
  if (::mknodat(parent.get(), name.c_str(), S_IFCHR, makedev(0, 0)) == 0) return {};
  return Error::from_errno(errno, "make whiteout " + path.whole());
}

Result<void> Unpacker::add_opaque(const EntryPath& path) {
  const FdRef dir = TRY(open_parent(path.parent));
  if (overlay()) return write_xattr(dir, {std::string(kOverlayOpaque), "y"});
  stale_ = true;
  return remove_older(dir, path.parent);
}

Result<void> Unpacker::remove_older(FdRef dir, const std::string& path) {
  // What this layer made itself stays, wherever its marker stands.
  for (const std::string& name : TRY(list_directory(TRY(sys::openat(dir, ".", O_RDONLY | O_DIRECTORY))))) {
    const std::string child = path.empty() ? name : path + "/" + name;
    if (!own_.contains(std::hash<std::string>()(child))) {
      TRY(remove_entry(dir, name));
      continue;
    }
    auto below = sys::openat(dir, name, kDirectory | O_NOFOLLOW);
    if (below.ok()) TRY(remove_older(*below, child));
  }
  return {};
}

Result<void> Unpacker::add_root(const TarEntry& entry) {
  if (!S_ISDIR(entry.mode)) return invalid_argument("tar entry \"" + entry.name + "\" replaces the root");
  TRY(sys::chown(proc_path(root_.fd()), entry.uid, entry.gid));
  TRY(sys::chmod(proc_path(root_.fd()), entry.mode & 07777));
  TRY(set_xattrs(root_.fd(), ".", entry));
  times_.push_back({".", entry.mtime});
  return {};
}

/// The words are docker's.
Result<void> Unpacker::check_kind(const EntryPath& path, const struct stat& old, const TarEntry& entry) const {
  const std::string target = options_.below.empty() ? "/" : options_.below;
  if (S_ISDIR(old.st_mode))
    return invalid_argument("cannot overwrite directory \"" + path.whole() + "\" with non-directory \"" + target +
                            "\"");
  if (S_ISDIR(entry.mode) && !entry.is_hard_link)
    return invalid_argument("cannot overwrite non-directory \"" + path.whole() + "\" with directory \"" + target +
                            "\"");
  return {};
}

Result<bool> Unpacker::make_room(FdRef parent, const EntryPath& path, const TarEntry& entry) {
  was_whiteout_ = false;
  auto status = sys::fstatat(parent, path.base, AT_SYMLINK_NOFOLLOW);
  if (status.is(Code::kNotFound)) return false;
  const struct stat old = TRY(std::move(status));
  if (S_ISDIR(old.st_mode) && S_ISDIR(entry.mode) && !entry.is_hard_link) return true;
  if (options_.replace == Replace::kSameKind) TRY(check_kind(path, old, entry));
  was_whiteout_ = overlay() && is_overlay_whiteout(old);
  stale_ = true;
  TRY(remove_entry(parent, path.base));
  return false;
}

Result<void> Unpacker::add_directory(FdRef parent, const EntryPath& path, const TarEntry& entry) {
  if (!TRY(make_room(parent, path, entry))) {
    TRY(sys::mkdirat(parent, path.base, 0700));
    if (was_whiteout_) {  // the layer removes the old directory and makes a new one
      const UniqueFd made = TRY(sys::openat(parent, path.base, kDirectory | O_NOFOLLOW));
      TRY(write_xattr(made, {std::string(kOverlayOpaque), "y"}));
    }
  } else if (is_layer()) {
    TRY(drop_xattrs(parent, path.base));
  }
  TRY(set_metadata(parent, path.base, entry));
  times_.push_back({inside(path.whole()), entry.mtime});
  return {};
}

Result<void> Unpacker::add_file(FdRef parent, const EntryPath& path, const TarEntry& entry, TarReader& reader) {
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  auto opened = sys::openat(parent, path.base, kNew, 0600);
  if (opened.is(Code::kAlreadyExists)) {
    TRY(make_room(parent, path, entry));
    opened = sys::openat(parent, path.base, kNew, 0600);
  }
  const UniqueFd file = TRY(std::move(opened));
  TRY(write_content(file, entry, reader, counts_.bytes).context("write " + path.whole()));
  const Owner owner = owner_of(entry);
  TRY(sys::fchown(file, owner.uid, owner.gid));
  TRY(sys::fchmod(file, entry.mode & 07777));  // after chown, which clears setuid
  if (!entry.xattrs.empty()) TRY(set_xattrs(parent, path.base, entry));
  const timespec times[2] = {entry.mtime, entry.mtime};
  if (::futimens(file.get(), times) != 0) return Error::from_errno(errno, "set times of " + path.whole());
  return {};
}

Result<void> Unpacker::add_hard_link(FdRef parent, const EntryPath& path, const TarEntry& entry) {
  const EntryPath target = TRY(EntryPath::parse(entry.link));
  if (target.base.empty()) return invalid_argument("tar entry \"" + entry.name + "\" is a link to the root");
  if (target.whole() == path.whole()) return {};
  TRY(make_room(parent, path, entry));
  auto from = root_.open(inside(target.parent), kDirectory);
  auto linked = from.ok() ? sys::linkat(*from, target.base, parent, path.base, 0) : Result<void>(from.error());
  if (linked.is(Code::kNotFound) && overlay()) return copy_from_lower(parent, path, target);
  return std::move(linked).context("link " + path.whole() + " to " + target.whole());
}

Result<void> Unpacker::copy_from_lower(FdRef parent, const EntryPath& path, const EntryPath& target) {
  for (const RootDir& lower : lowers_) {
    auto from = lower.open_without_links(target.whole(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!from.ok()) continue;
    const auto status = TRY(sys::fstat(*from));
    if (!S_ISREG(status.st_mode)) break;
    const UniqueFd file = TRY(sys::openat(parent, path.base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    FileSource source(TRY(sys::dup(*from)));
    FdSink sink(file);
    TRY(copy(source, sink));
    TRY(sys::fchown(file, status.st_uid, status.st_gid));
    TRY(sys::fchmod(file, status.st_mode & 07777));
    for (const Xattr& xattr : TRY(read_xattrs(*from)))
      if (!xattr.name.starts_with(kOverlayPrefix)) TRY(write_xattr(file, xattr));
    return set_times(parent, path.base, status.st_mtim);
  }
  return not_found("link " + path.whole() + " to " + target.whole() + ": no such file");
}

Result<void> Unpacker::add_special(FdRef parent, const EntryPath& path, const TarEntry& entry) {
  if (S_ISSOCK(entry.mode)) return {};  // a socket's name is of no use without its process
  TRY(make_room(parent, path, entry));
  if (S_ISLNK(entry.mode)) {
    TRY(sys::symlinkat(entry.link, parent, path.base));
  } else if (S_ISCHR(entry.mode) || S_ISBLK(entry.mode) || S_ISFIFO(entry.mode)) {
    const dev_t device = S_ISFIFO(entry.mode) ? 0 : makedev(entry.device_major, entry.device_minor);
    if (::mknodat(parent.get(), path.base.c_str(), (entry.mode & S_IFMT) | 0600, device) != 0)
      return Error::from_errno(errno, "make device " + path.whole());
  } else {
    return invalid_argument("tar entry \"" + entry.name + "\" is of an unknown kind");
  }
  TRY(set_metadata(parent, path.base, entry));
  return set_times(parent, path.base, entry.mtime);
}

/// By one descriptor: whoever works in the tree meanwhile must not put a link in the entry's place between two steps.
Result<void> Unpacker::set_metadata(FdRef parent, const std::string& base, const TarEntry& entry) {
  const UniqueFd member = TRY(sys::openat(parent, base, O_PATH | O_NOFOLLOW));
  const Owner owner = owner_of(entry);
  TRY(sys::fchownat(member, "", owner.uid, owner.gid, AT_EMPTY_PATH));
  const bool is_link = S_ISLNK(TRY(sys::fstat(member)).st_mode);
  if (!is_link && !S_ISLNK(entry.mode)) TRY(sys::chmod(proc_path(member), entry.mode & 07777).context(base));
  if (!entry.xattrs.empty()) TRY(set_xattrs(parent, base, entry));
  return {};
}

Result<void> Unpacker::set_xattrs(FdRef parent, const std::string& base, const TarEntry& entry) {
  if (entry.xattrs.empty()) return {};
  const UniqueFd target = TRY(sys::openat(parent, base, O_PATH | O_NOFOLLOW));
  for (const Xattr& xattr : entry.xattrs) {
    // A layer does not steer overlayfs: redirects and metacopies would show other layers' files.
    if (xattr.name.starts_with(kOverlayPrefix) || xattr.name.starts_with("user.overlay.")) continue;
    TRY(write_xattr(target, xattr).context(entry.name));
  }
  return {};
}

/// A directory that was there has the entry's attributes alone, as it would in an upper directory of its own.
Result<void> Unpacker::drop_xattrs(FdRef parent, const std::string& base) {
  const UniqueFd target = TRY(sys::openat(parent, base, O_PATH | O_NOFOLLOW));
  for (const Xattr& xattr : TRY(read_xattrs(target)))
    if (!belongs_to_host(xattr.name)) TRY(remove_xattr(target, xattr.name).context(base));
  return {};
}

Result<void> Unpacker::finish() {
  for (const auto& [path, mtime] : times_) {
    // A later entry may have put something else there; its own time was set then.
    auto dir = is_layer() ? root_.open_without_links(path, kDirectory) : root_.open(path, kDirectory);
    if (dir.ok()) TRY(set_times(FdRef(AT_FDCWD), proc_path(*dir) + "/.", mtime));
  }
  return {};
}

}  // namespace hull::archive
