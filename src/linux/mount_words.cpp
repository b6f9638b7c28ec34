#include "linux/mount_words.h"

#include <sys/mount.h>

#include <optional>

#include "base/rollback.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/detached_mount.h"
#include "linux/mount_flags.h"

namespace hull::linux {
namespace {

constexpr std::string_view kLower = "lowerdir=";

/// The options, told apart by who understands them.
struct Options {
  unsigned long flags = 0;        // mount(2)'s
  MountAttributes attributes;     // the same for fsmount(2)
  std::vector<std::string> data;  // the file system's
  std::string uid_map;
  std::string gid_map;
  bool is_mapped() const { return !uid_map.empty(); }
};

Result<Options> parse(const std::vector<std::string>& words) {
  Options options;
  for (const std::string& word : words) {
    if (word == "bind" || word == "rbind") {
      options.flags |= word == "bind" ? MS_BIND : MS_BIND | MS_REC;
    } else if (const MountFlag* flag = find_mount_flag(word)) {
      options.flags = (options.flags & ~flag->legacy_clear) | flag->legacy_set;
      apply(options.attributes, *flag);
    } else if (word.starts_with("uidmap=")) {
      options.uid_map = word.substr(7);
    } else if (word.starts_with("gidmap=")) {
      options.gid_map = word.substr(7);
    } else if (word == "sync" || word == "dirsync" || word == "mand") {
      options.flags |= word == "sync" ? MS_SYNCHRONOUS : word == "dirsync" ? MS_DIRSYNC : MS_MANDLOCK;
    } else if (word != "defaults" && word != "async" && word != "nomand") {
      options.data.push_back(word);
    }
  }
  if (options.uid_map.empty() != options.gid_map.empty())
    return invalid_argument("mount options have a uidmap or a gidmap alone: both are needed");
  return options;
}

/// One option at a time, so that the list of lower directories may exceed mount(2)'s page. Errors: kUnimplemented where
/// the kernel does not know "lowerdir+" (before 6.7).
Result<DetachedMount> make_overlay(const Options& options) {
  auto context = TRY(FilesystemContext::open("overlay"));
  TRY(context.set("source", "overlay"));
  for (const std::string& option : options.data) {
    const auto pair = cut(option, "=");
    if (!pair) {
      TRY(context.set_flag(option).context(option));
    } else if (pair->before != "lowerdir") {
      TRY(context.set(std::string(pair->before), std::string(pair->after)).context(option));
    } else {
      for (const std::string_view lower : split(pair->after, ':')) {
        auto set = context.set("lowerdir+", std::string(lower));
        if (!set.ok() && set.error().number() == EINVAL) return unimplemented("lowerdir+");
        TRY(std::move(set).context("lowerdir " + std::string(lower)));
      }
    }
  }
  return std::move(context).create(options.attributes.set);
}

Result<void> attach(DetachedMount mount, const std::string& target) {
  const UniqueFd place = TRY(sys::open(target, O_PATH));
  TRY(std::move(mount).attach(place));
  return {};
}

Result<void> mount_classic(const MountWords& words, const Options& options, const std::string& target) {
  const std::string data = join(options.data, ",");
  if (::mount(words.source.c_str(), target.c_str(), words.type.c_str(), options.flags, data.c_str()) != 0)
    return Error::from_errno(errno, "mount " + words.type + " " + words.source);
  // A bind mount takes its source's flags; ours need a second step (mount(2)).
  const unsigned long restrictions = options.flags & ~static_cast<unsigned long>(MS_BIND | MS_REC);
  if ((options.flags & MS_BIND) != 0 && restrictions != 0 &&
      ::mount(nullptr, target.c_str(), nullptr, MS_REMOUNT | MS_BIND | restrictions, nullptr) != 0) {
    const int number = errno;
    ::umount2(target.c_str(), MNT_DETACH);
    return Error::from_errno(number, "set flags of the mount on " + target);
  }
  return {};
}

Result<void> mount_plain(const MountWords& words, const Options& options, const std::string& target) {
  // "\:" and "\," stand in names, which mount(2) alone reads.
  const bool escaped = join(options.data, ",").find('\\') != std::string::npos;
  if (words.type == "overlay" && !escaped) {
    auto made = make_overlay(options);
    if (made.ok()) return attach(std::move(made).value(), target);
    if (!made.is(Code::kUnimplemented)) return std::move(made).error();
  }
  return mount_classic(words, options, target);
}

Result<UniqueFd> namespace_of(const Options& options) {
  const auto uids = TRY(parse_id_ranges(options.uid_map));
  return make_user_namespace(uids, TRY(parse_id_ranges(options.gid_map)));
}

Result<DetachedMount> clone_mapped(const std::string& path, FdRef user_namespace, Recursive recursive) {
  auto clone = TRY(DetachedMount::clone(path, recursive));
  TRY(clone.change({.set = MOUNT_ATTR_IDMAP, .user_namespace = user_namespace}, recursive)
          .context("map ids of " + path));
  return clone;
}

/// overlayfs takes names, so that the mapped lower directories stand on a tmpfs on the target until it holds them.
Result<void> mount_mapped_overlay(const MountWords& words, Options options, const std::string& target) {
  const UniqueFd user_namespace = TRY(namespace_of(options));
  if (::mount("hull", target.c_str(), "tmpfs", MS_NODEV, "mode=700,size=4m") != 0)
    return Error::from_errno(errno, "mount a tmpfs on " + target);
  std::optional<DetachedMount> made;
  {
    const Defer unmount([&] { ::umount2(target.c_str(), MNT_DETACH); });
    int count = 0;
    for (std::string& option : options.data) {
      if (!option.starts_with(kLower)) continue;
      std::string mapped(kLower);
      for (const std::string_view lower : split(std::string_view(option).substr(kLower.size()), ':')) {
        const std::string place = target + "/" + std::to_string(count++);
        TRY(sys::mkdir(place, 0700));
        TRY(attach(TRY(clone_mapped(std::string(lower), user_namespace, Recursive::kNo)), place));
        mapped += (mapped.size() == kLower.size() ? "" : ":") + place;
      }
      option = mapped;
    }
    const std::string merged = target + "/merged";
    TRY(sys::mkdir(merged, 0700));
    TRY(mount_plain(words, options, merged));
    made = TRY(DetachedMount::clone(merged, Recursive::kNo));
  }
  return attach(*std::move(made), target);
}

Result<void> mount_mapped(const MountWords& words, const Options& options, const std::string& target) {
  const UniqueFd user_namespace = TRY(namespace_of(options));
  TRY(mount_plain(words, options, target));
  auto mapped = clone_mapped(target, user_namespace, Recursive::kYes);
  ::umount2(target.c_str(), MNT_DETACH);
  return attach(TRY(std::move(mapped)), target);
}

/// fuse_helper: "mount.fuse3".
Result<void> mount_by_helper(const MountWords& words, const std::string& helper, const std::string& name,
                             const std::string& target) {
  std::vector<std::string> command{helper, words.source, target};
  for (const std::string& option : words.options) {
    command.push_back("-o");
    command.push_back(option);
  }
  command.push_back("-t");
  command.push_back(name);
  const pid_t pid = TRY(spawn(command, {}));
  const auto ended = TRY(sys::waitpid(pid, 0));
  if (ended && ended->exit_code() == 0) return {};
  return unavailable(helper + " " + name + " on " + target + " ended with status " +
                     std::to_string(ended ? ended->exit_code() : -1));
}

}  // namespace

Result<std::vector<IdRange>> parse_id_ranges(std::string_view text) {
  std::vector<IdRange> ranges;
  for (const std::string_view part : split(text, ',')) {
    const auto fields = split(part, ':');
    const auto number = [&](size_t i) { return i < fields.size() ? parse_integer<uint32_t>(fields[i]) : std::nullopt; };
    const auto inside = number(0);
    const auto outside = number(1);
    const auto count = number(2);
    if (fields.size() != 3 || !inside || !outside || !count || *count == 0)
      return invalid_argument("id map \"" + std::string(text) + "\" is not INSIDE:OUTSIDE:COUNT[,…]");
    ranges.push_back({*inside, *outside, *count});
  }
  return ranges;
}

Result<void> mount_words(const MountWords& words, const std::string& target) {
  if (words.type.starts_with("fuse3.")) return mount_by_helper(words, "mount.fuse3", words.type.substr(6), target);
  if (words.type.starts_with("fuse.")) return mount_by_helper(words, "mount.fuse", words.type.substr(5), target);
  const Options options = TRY(parse(words.options));
  if (!options.is_mapped()) return mount_plain(words, options, target);
  if (words.type == "overlay") return mount_mapped_overlay(words, options, target);
  return mount_mapped(words, options, target);
}

}  // namespace hull::linux
