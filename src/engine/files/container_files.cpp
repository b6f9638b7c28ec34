#include "engine/files/container_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "archive/apply.h"
#include "archive/compression.h"
#include "archive/diff.h"
#include "base/sys.h"
#include "engine/containers/oci/rootfs_view.h"
#include "engine/containers/oci/user.h"
#include "engine/files/container_view.h"
#include "engine/files/layer_changes.h"
#include "engine/files/path_stat.h"

namespace hull::engine {
namespace {

Error no_such_file(const std::string& container, const std::string& path) {
  return not_found("Could not find the file " + path + " in container " + container);
}

Result<ContainerPath> parse_path(const std::string& path) {
  if (path.empty()) return invalid_argument("bad parameter: path cannot be empty");
  if (path.find('\0') != std::string::npos) return invalid_argument("bad parameter: path has a zero byte");
  return ContainerPath::parse(path);
}

Result<api::PathStat> stat_in(const ContainerView& view, const std::string& container, const std::string& path) {
  auto stat = stat_path(view.root(), TRY(parse_path(path)));
  if (stat.is(Code::kNotFound)) return no_such_file(container, path);
  return stat;
}

/// Stops where the client is gone.
class GuardedSource final : public archive::Source {
 public:
  GuardedSource(archive::Source& inner, const Call& call) : inner_(inner), call_(call) {}
  Result<size_t> read(std::span<char> data) override {
    if (call_.stop.stop_requested()) return cancelled("the client is gone");
    return inner_.read(data);
  }

 private:
  archive::Source& inner_;
  const Call& call_;
};

Result<void> write_path(const ContainerView& view, const ContainerPath& path, archive::Sink& sink) {
  const std::string at = path.base == "/" || path.base == "." ? path.parent : path.parent + "/" + path.base;
  const UniqueFd parent = TRY(view.root().open(path.parent, O_PATH | O_DIRECTORY));
  const bool follows = path.directory;
  if (!follows && !S_ISDIR(TRY(sys::fstatat(parent, path.base, AT_SYMLINK_NOFOLLOW)).st_mode))
    return archive::write_member(parent, path.base, sink);
  const UniqueFd directory = TRY(view.root().open(at, O_RDONLY | O_DIRECTORY | (follows ? 0 : O_NOFOLLOW)));
  return archive::write_named_tree(directory, path.base, sink);
}

Result<void> check_writable(const ContainerView& view, FdRef directory) {
  switch (TRY(view.read_only(directory))) {
    case ContainerView::ReadOnly::kNo: return {};
    case ContainerView::ReadOnly::kRoot: return invalid_argument("container rootfs is marked read-only");
    case ContainerView::ReadOnly::kMount: return invalid_argument("mounted volume is marked read-only");
  }
  return {};
}

Result<archive::Owner> owner_of(const ContainerView& view, const std::string& user) {
  const oci::AccountFiles accounts = TRY(oci::read_accounts(view.root()));
  const auto resolved = TRY(oci::resolve_user(user, {}, accounts));
  return archive::Owner{resolved.user.uid, resolved.user.gid};
}

}  // namespace

Result<api::PathStat> ContainerFiles::stat(const Call& call, const std::string& container, const std::string& path) {
  TRY(parse_path(path));
  const auto found = TRY(registry_.index().find(container));
  const auto view = TRY(ContainerView::open(call, registry_, *found, ContainerView::Mounts::kVolumes));
  return stat_in(view, container, path);
}

Result<void> ContainerFiles::read(const Call& call, const std::string& container, const std::string& path,
                                  const Begin& begin) {
  const ContainerPath parsed = TRY(parse_path(path));
  const auto found = TRY(registry_.index().find(container));
  auto view = TRY(ContainerView::open(call, registry_, *found, ContainerView::Mounts::kVolumes));
  view.end_turn();
  archive::Sink* sink = TRY(begin(TRY(stat_in(view, container, path))));
  TRY(write_path(view, parsed, *sink));
  registry_.announce(*found->record(), "archive-path");
  return {};
}

Result<void> ContainerFiles::write(const Call& call, const std::string& container, const std::string& path,
                                   archive::Source& tar, const WriteOptions& options) {
  const ContainerPath parsed = TRY(parse_path(path));
  const auto found = TRY(registry_.index().find(container));
  const auto view = TRY(ContainerView::open(call, registry_, *found, ContainerView::Mounts::kVolumes));
  const std::string at = parsed.base == "/" || parsed.base == "." ? parsed.parent : parsed.parent + "/" + parsed.base;
  auto directory = view.root().open(at, O_RDONLY | O_DIRECTORY);
  if (directory.is(Code::kNotFound)) return no_such_file(container, path);
  if (!directory.ok() && directory.error().number() == ENOTDIR)
    return invalid_argument("extraction point is not a directory");
  TRY(check_writable(view, TRY(std::move(directory))));
  archive::ApplyOptions apply{.whiteouts = archive::Whiteouts::kNone};
  apply.below = at == "/" ? "" : at.substr(1);
  apply.replace = options.keep_kinds ? archive::Replace::kSameKind : archive::Replace::kAll;
  const std::string user = found->record()->config.user;
  if (options.as_user && !user.empty()) apply.owner = TRY(owner_of(view, user));
  GuardedSource guarded(tar, call);
  const auto plain = TRY(archive::decompress(guarded));
  TRY(archive::apply_layer(view.root().fd(), *plain, apply));
  registry_.announce(*found->record(), "extract-to-dir");
  return {};
}

Result<void> ContainerFiles::export_all(const Call& call, const std::string& container,
                                        const std::function<Result<archive::Sink*>()>& begin) {
  const auto found = TRY(registry_.index().find(container));
  auto view = TRY(ContainerView::open(call, registry_, *found, ContainerView::Mounts::kNone));
  view.end_turn();
  const UniqueFd root = TRY(view.root().open("/", O_RDONLY | O_DIRECTORY));
  registry_.announce(*found->record(), "export");
  return archive::write_named_tree(root, "", *TRY(begin()));
}

Result<std::vector<api::FilesystemChange>> ContainerFiles::changes(const Call&, const std::string& container) {
  const auto found = TRY(registry_.index().find(container));
  return changes_of(found->record()->rootfs);
}

}  // namespace hull::engine
