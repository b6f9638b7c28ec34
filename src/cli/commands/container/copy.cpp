#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/base64.h"
#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/archive/extract.h"
#include "cli/archive/pack.h"
#include "cli/commands/container/container.h"
#include "cli/commands/container/copy_paths.h"
#include "cli/commands/objects.h"
#include "cli/commands/streams_to_file.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

struct CopyOptions {
  bool archive = false;
  bool follow_link = false;
  bool quiet = false;
};

void define_copy(Flags& flags, CopyOptions& options) {
  flags.boolean("a,archive", options.archive, "Keep user and group of the files");
  flags.boolean("L,follow-link", options.follow_link, "Copy what a link leads to, where SRC_PATH is one");
  flags.boolean("q,quiet", options.quiet, "Don't tell what was copied (it is told on terminals only)");
}

// Bits of Go's os.FileMode, which the engine sends.
constexpr int64_t kGoDirectory = int64_t{1} << 31;
constexpr int64_t kGoSymlink = int64_t{1} << 27;
constexpr int64_t kGoDevice = int64_t{1} << 26;
constexpr int kMostLinks = 10;

/// What the engine tells about a path in a container.
struct PathInfo {
  int64_t mode = 0;
  std::string link_target;
};

Result<PathInfo> parse_info(const http::Response& response) {
  const auto text = base64_decode(response.head().header("x-docker-container-path-stat").value_or(""));
  if (!text.ok()) return data_loss("unable to decode container path stat header");
  const json::Value info = TRY(json::parse_value(*text));
  return PathInfo{number_at(info, "mode"), text_at(info, "linkTarget")};
}

std::string archive_path(const std::string& container) { return "/containers/" + path_of(container) + "/archive"; }

Result<PathInfo> path_info(Daemon& daemon, const CopyArgument& end) {
  auto response = TRY(daemon.open(Method::kHead, archive_path(end.container), Query().add("path", end.path)));
  return parse_info(response);
}

Error system_problem(std::string_view call, const std::string& path, const Error& error) {
  return Error(error.code(), std::string(call) + " " + path + ": " + to_lower(std::strerror(error.number())));
}

/// Absolute; a trailing "/" or "/." keeps its meaning.
Result<std::string> absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  char buffer[PATH_MAX];
  if (!getcwd(buffer, sizeof buffer)) return Error::from_errno(errno, "find working directory");
  return std::string(buffer) + "/" + path;
}

Result<CopyEnd> local_destination(std::string path) {
  for (int links = 0; links < kMostLinks; ++links) {
    const auto info = sys::lstat(path);
    if (info.is(Code::kNotFound)) return CopyEnd{path, false, false};
    if (!info.ok()) return info.error();
    if (!S_ISLNK(info->st_mode)) return CopyEnd{path, true, S_ISDIR(info->st_mode)};
    const std::string target = TRY(sys::readlink(path));
    path = target.starts_with('/') ? target : split_path(path).folder + "/" + target;
  }
  return failed_precondition("too many links from " + path);
}

Result<void> check_output_folder(const std::string& path) {
  const std::string folder = split_path(path).folder;
  if (!sys::stat(folder).ok()) return not_found("invalid output path: directory \"" + folder + "\" does not exist");
  const auto info = sys::stat(path);
  if (info.is(Code::kNotFound)) return {};
  if (!info.ok()) return system_problem("stat", path, info.error());
  if (S_ISDIR(info->st_mode) || S_ISREG(info->st_mode)) return {};
  // It would be replaced by a file: /dev/null of the whole machine, by root.
  const bool device = S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode);
  return invalid_argument("invalid output path: \"" + path + "\" must be a directory or a regular file: got " +
                          (device ? "a device" : "an irregular file"));
}

class Copy {
 public:
  Copy(Cli& cli, Daemon& daemon, const CopyOptions& options) : cli_(cli), daemon_(daemon), options_(options) {}

  Result<int> from_container(CopyArgument source, const std::string& destination) {
    const bool to_output = destination == "-";
    const std::string path = to_output ? "" : TRY(absolute_path(destination));
    if (!to_output) TRY(check_output_folder(path));
    const std::string asked = source.path;
    if (options_.follow_link) TRY(follow(source));
    auto response = TRY(daemon_.open(Method::kGet, archive_path(source.container), Query().add("path", source.path)));
    if (to_output) {
      TRY(save_answer(cli_, response, ""));
      return 0;
    }
    const PathInfo info = TRY(parse_info(response));
    const CopyEnd from{source.path, true, (info.mode & kGoDirectory) != 0};
    const CopyEnd to = TRY(local_destination(path));
    CopyPlan plan = TRY(plan_copy(from, to));
    if (plan.rename_from.empty() && source.path != asked) {  // a followed link's target takes the link's name
      plan.rename_from = split_path(source.path).base;
      plan.rename_to = split_path(asked).base;
    }
    TarReader reader([&](std::span<char> buffer) { return response.read_some(buffer, {}); });
    // As cp(1) and tar(1): only root can give files away, for others they become their own.
    const bool keep_owner = options_.archive && geteuid() == 0;
    const int64_t bytes = TRY(extract(reader, {.directory = plan.directory,
                                               .rename_from = plan.rename_from,
                                               .rename_to = plan.rename_to,
                                               .keep_owner = keep_owner}));
    tell(bytes, destination);
    return 0;
  }

  Result<int> to_container(const std::string& source, CopyArgument destination) {
    const std::string shown = destination.container + ":" + destination.path;
    CopyEnd to{destination.path, false, false};
    auto info = path_info(daemon_, destination);
    if (info.ok() && (info->mode & kGoSymlink)) {
      resolve(destination.path, info->link_target);
      to.path = destination.path;
      info = path_info(daemon_, destination);
    }
    if (info.ok() && (info->mode & kGoDevice))
      return failed_precondition("destination \"" + shown + "\" must be a directory or a regular file");
    // Where it isn't there, its folder may be; the engine tells otherwise.
    if (info.ok()) to.exists = true, to.is_directory = (info->mode & kGoDirectory) != 0;
    if (source == "-") {
      if (!to.is_directory) return failed_precondition("destination \"" + shown + "\" must be a directory");
      return send(destination.container, to.path, read_from(cli_.input()));
    }
    return pack_and_send(TRY(absolute_path(source)), destination, to, shown);
  }

 private:
  static void resolve(std::string& path, const std::string& link_target) {
    path = link_target.starts_with('/') ? link_target : split_path(path).folder + "/" + link_target;
  }

  Result<void> follow(CopyArgument& source) {
    const auto info = path_info(daemon_, source);
    if (info.ok() && (info->mode & kGoSymlink)) resolve(source.path, info->link_target);
    return {};
  }

  Result<int> pack_and_send(std::string path, const CopyArgument& destination, const CopyEnd& to,
                            const std::string& shown) {
    const std::string name = split_path(path).base;
    if (options_.follow_link) {
      char* const resolved = ::realpath(path.c_str(), nullptr);
      if (!resolved) {
        const auto problem = Error::from_errno(errno, "");
        if (const auto target = sys::readlink(path); target.ok()) resolve(path, *target);
        return system_problem("lstat", path, problem);
      }
      path = resolved;
      std::free(resolved);
    }
    const auto info = asserts_directory(path) ? sys::stat(path) : sys::lstat(path);
    if (!info.ok()) return system_problem("lstat", path, info.error());
    const CopyPlan plan = TRY(plan_copy({path, true, S_ISDIR(info->st_mode)}, to));
    const bool content_only = name == "." || name == "/";
    std::string packed_name = content_only ? "" : name;
    if (!plan.rename_from.empty()) packed_name = plan.rename_to;
    const auto packer = TRY(Packer::create(path, packed_name));
    const int status =
        TRY(send(destination.container, plan.directory, [&](std::span<char> buffer) { return packer->read(buffer); }));
    tell(packer->content_bytes(), shown);
    return status;
  }

  Result<int> send(const std::string& container, const std::string& folder, http::BodySource content) {
    Query query;
    query.add("path", folder).add("noOverwriteDirNonDir", "true");
    if (options_.archive) query.add("copyUIDGID", "true");
    auto response = TRY(
        daemon_.open(Method::kPut, archive_path(container), query,
                     api::RequestBody{.content_type = "application/x-tar", .data = {}, .source = std::move(content)}));
    TRY(response.read_all(1_MiB, {}));
    return 0;
  }

  void tell(int64_t bytes, const std::string& where) {
    if (!options_.quiet && cli_.output_is_terminal())
      cli_.complain("Successfully copied " + human_size(static_cast<double>(bytes), 3) + " to " + where);
  }

  Cli& cli_;
  Daemon& daemon_;
  const CopyOptions& options_;
};

Result<int> run_copy(Cli& cli, const CopyOptions& options, const Invocation& invocation) {
  if (invocation.arguments[0].empty()) return invalid_argument("source can not be empty");
  if (invocation.arguments[1].empty()) return invalid_argument("destination can not be empty");
  const CopyArgument source = parse_copy_argument(invocation.arguments[0]);
  const CopyArgument destination = parse_copy_argument(invocation.arguments[1]);
  if (!source.container.empty() && !destination.container.empty())
    return unimplemented("copying between containers is not supported");
  if (source.container.empty() && destination.container.empty())
    return invalid_argument("must specify at least one container source");
  Copy copy(cli, *TRY(cli.daemon()), options);
  return source.container.empty() ? copy.to_container(source.path, destination)
                                  : copy.from_container(source, destination.path);
}

}  // namespace

constinit const Command kCopy = {
    .names = {"container cp", "cp"},
    .synopsis = "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\t% [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
    .summary =
        "Copy files between a container and here\nUse \"-\" for an archive on standard "
        "input or output.",
    .least = 2,
    .most = 2,
    .make = make_task<CopyOptions, define_copy, run_copy>};

}  // namespace hull::cli
