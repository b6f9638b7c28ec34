#include "archive/diff.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "archive/apply.h"
#include "archive/entry_writer.h"
#include "archive/tree.h"
#include "base/daemon/thread.h"
#include "base/sys.h"

namespace hull::archive {
namespace {

/// A running container removed it, or put a link in its place.
bool vanished(const Error& error) {
  return error.code() == Code::kNotFound || error.number() == ELOOP || error.number() == ENOTDIR;
}

/// Writes a tree, parents before members, in the order of names. No recursion: depth is the tree's, not the stack's.
template <class Each>
Result<void> walk(const TreeRoot& tree, const std::string& top, const Each& each) {
  std::vector<std::string> left{top};
  const auto visit = [&](const std::string& path) -> Result<void> {
    const struct stat found = TRY(tree.stat(path));
    TRY(each(path, found));
    if (!S_ISDIR(found.st_mode)) return {};
    auto names = TRY(tree.names(path));
    std::for_each(names.rbegin(), names.rend(), [&](const auto& name) { left.push_back(join_path(path, name)); });
    return {};
  };
  while (!left.empty()) {
    const std::string path = std::move(left.back());
    left.pop_back();
    auto visited = visit(path);
    if (!visited.ok() && (path == top || !vanished(visited.error()))) return visited;
  }
  return {};
}

std::string whiteout_of(const std::string& path) {
  const size_t base = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  return path.substr(0, base) + std::string(kWhiteoutPrefix) + path.substr(base);
}

Result<bool> is_opaque(const TreeRoot& tree, const std::string& path) {
  const UniqueFd dir = TRY(tree.open(path, O_PATH | O_DIRECTORY));
  const auto xattrs = TRY(read_xattrs(dir));
  return std::any_of(xattrs.begin(), xattrs.end(),
                     [](const Xattr& xattr) { return xattr.name == kOverlayOpaque && xattr.value == "y"; });
}

/// Compares two trees name by name and writes what differs.
class Comparison {
 public:
  Comparison(FdRef left, FdRef right, TarWriter& tar) : left_(left), right_(right), entries_(right_, tar) {}

  Result<void> run() {
    std::vector<std::string> folders{""};
    while (!folders.empty()) {
      const std::string folder = std::move(folders.back());
      folders.pop_back();
      TRY(compare_folder(folder, folders));
    }
    return {};
  }

 private:
  Result<void> compare_folder(const std::string& folder, std::vector<std::string>& folders) {
    if (!TRY(same(folder))) TRY(write_parents(folder + "/"));
    const auto before = TRY(left_.names(folder));
    const auto after = TRY(right_.names(folder));
    for (const std::string& name : before) {
      if (std::binary_search(after.begin(), after.end(), name)) continue;
      TRY(write_parents(join_path(folder, name)));
      TRY(entries_.add_marker(whiteout_of(join_path(folder, name))));
    }
    for (const std::string& name : after) {
      const std::string path = join_path(folder, name);
      const bool was_there = std::binary_search(before.begin(), before.end(), name);
      const bool both_folders = was_there && TRY(is_folder(left_, path)) && TRY(is_folder(right_, path));
      if (both_folders)
        folders.push_back(path);
      else if (!was_there || !TRY(same(path)))
        TRY(write_all(path));
    }
    return {};
  }

  static Result<bool> is_folder(const TreeRoot& tree, const std::string& path) {
    const auto status = TRY(tree.stat(path));
    return S_ISDIR(status.st_mode);
  }

  Result<void> write_all(const std::string& path) {
    TRY(write_parents(path));
    return walk(right_, path,
                [&](const std::string& at, const struct stat& status) { return entries_.add(at, status); });
  }

  /// A layer without an entry for a directory would lose the directory's mode where it is unpacked.
  Result<void> write_parents(const std::string& path) {
    if (written_.insert("").second) TRY(entries_.add("", TRY(right_.stat(""))));
    for (size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
      const std::string parent = path.substr(0, end);
      if (written_.insert(parent).second) TRY(entries_.add(parent, TRY(right_.stat(parent))));
    }
    return {};
  }

  Result<bool> same(const std::string& path) const {
    const auto a = TRY(left_.stat(path));
    const auto b = TRY(right_.stat(path));
    const bool alike = a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid &&
                       a.st_rdev == b.st_rdev && a.st_mtim.tv_sec == b.st_mtim.tv_sec;
    if (!alike || (!S_ISDIR(a.st_mode) && a.st_size != b.st_size)) return false;
    const UniqueFd one = TRY(left_.open(path, O_PATH));
    const UniqueFd two = TRY(right_.open(path, O_PATH));
    if (TRY(layer_xattrs(one)) != TRY(layer_xattrs(two))) return false;
    if (S_ISLNK(a.st_mode)) return TRY(sys::readlinkat(one, "")) == TRY(sys::readlinkat(two, ""));
    if (!S_ISREG(a.st_mode)) return true;
    const bool exact = a.st_mtim.tv_nsec != 0 && b.st_mtim.tv_nsec != 0;
    return exact ? a.st_mtim.tv_nsec == b.st_mtim.tv_nsec : same_content(path);
  }

  Result<bool> same_content(const std::string& path) const {
    FileSource one(TRY(left_.open(path, O_RDONLY | O_NONBLOCK)));
    FileSource two(TRY(right_.open(path, O_RDONLY | O_NONBLOCK)));
    std::vector<char> a(64 * 1024);
    std::vector<char> b(a.size());
    for (;;) {
      const size_t count = TRY(one.read(a));
      if (count != TRY(two.read({b.data(), std::max<size_t>(count, 1)}))) return false;
      if (count == 0) return true;
      if (std::memcmp(a.data(), b.data(), count) != 0) return false;
    }
  }

  TreeRoot left_;
  TreeRoot right_;
  EntryWriter entries_;
  std::set<std::string> written_;
};

/// The writing end of copy_tree's tar.
class TreeSource : public Source {
 public:
  explicit TreeSource(UniqueFd pipe) : pipe_(std::move(pipe)) {}
  Result<size_t> read(std::span<char> data) override { return sys::read(pipe_, data); }

 private:
  UniqueFd pipe_;
};

}  // namespace

Result<void> write_upper(FdRef upper, Sink& sink) {
  TarWriter tar(sink);
  const TreeRoot tree(upper);
  EntryWriter entries(tree, tar);
  TRY(walk(tree, "", [&](const std::string& path, const struct stat& status) -> Result<void> {
    if (is_overlay_whiteout(status)) return entries.add_marker(whiteout_of(path));
    TRY(entries.add(path, status));
    if (S_ISDIR(status.st_mode) && TRY(is_opaque(tree, path)))
      return entries.add_marker(join_path(path, std::string(kOpaqueMarker)));
    return {};
  }));
  return tar.finish();
}

Result<void> write_tree(FdRef root, Sink& sink) { return write_named_tree(root, "", sink); }

Result<void> write_named_tree(FdRef root, const std::string& name, Sink& sink) {
  TarWriter tar(sink);
  const TreeRoot tree(root);
  EntryWriter entries(tree, tar, name);
  TRY(walk(tree, "", [&](const std::string& path, const struct stat& status) { return entries.add(path, status); }));
  return tar.finish();
}

Result<void> write_member(FdRef directory, const std::string& member, Sink& sink) {
  TarWriter tar(sink);
  const TreeRoot tree(directory);
  TRY(EntryWriter(tree, tar).add(member, TRY(tree.stat(member))));
  return tar.finish();
}

Result<void> write_changes(FdRef left, FdRef right, Sink& sink) {
  TarWriter tar(sink);
  TRY(Comparison(left, right, tar).run());
  return tar.finish();
}

Result<void> copy_tree(FdRef from, FdRef to) {
  auto pipe = TRY(sys::pipe());
  // The writer runs beside; a reader that gives up closes the pipe, which ends the writer (SIGPIPE is ignored).
  Result<void> written;
  auto writer = TRY(Thread::start("copy-tree", [&] {
    FdSink sink(pipe.write);
    written = write_tree(from, sink);
    pipe.write.reset();
  }));
  auto applied = [&] {
    TreeSource source(std::move(pipe.read));
    auto result = apply_layer(to, source);
    if (result.ok()) return drain(source);
    return Result<void>(std::move(result).error());
  }();
  writer.join();
  TRY(std::move(applied));
  return written;
}

}  // namespace hull::archive
