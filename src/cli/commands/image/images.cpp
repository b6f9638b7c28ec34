#include <algorithm>
#include <map>

#include "base/text.h"
#include "cli/commands/filter_flag.h"
#include "cli/commands/image/image.h"
#include "cli/commands/image/image_row.h"
#include "cli/format/listing.h"

namespace hull::cli {

namespace {

struct ImagesOptions {
  bool all = false;
  bool digests = false;
  bool no_truncate = false;
  bool quiet = false;
  std::string format;
  std::vector<std::string> filters;
};

void define_images(Flags& flags, ImagesOptions& options) {
  flags.boolean("a,all", options.all, "Intermediate images, too");
  flags.boolean("digests", options.digests, "Show digests");
  define_filter(flags, "f,filter", options.filters);
  define_list_format(flags, "format", options.format);
  flags.boolean("no-trunc", options.no_truncate, "Don't shorten anything");
  flags.boolean("q,quiet", options.quiet, "Ids only");
}

using Names = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// "repo:tag" or "repo@digest" by repository, in the order in which the engine gives them.
Names by_repository(const json::Value& names, char separator) {
  Names out;
  for (const json::Value& entry : entries_of(names)) {
    if (!entry.is_string()) continue;
    const std::string_view name = entry.get_string();
    const size_t end = name.rfind(separator);
    if (end == std::string_view::npos) continue;
    const std::string repository(name.substr(0, end));
    auto found = std::find_if(out.begin(), out.end(), [&](const auto& known) { return known.first == repository; });
    if (found == out.end()) found = out.insert(out.end(), {repository, {}});
    found->second.emplace_back(name.substr(end + 1));
  }
  return out;
}

bool is_dangling(const Names& tags, const Names& digests) {
  const auto nothing = [](const Names& names) {
    return names.empty() || (names.size() == 1 && names[0].first == kNone);
  };
  return nothing(tags) && nothing(digests);
}

void add_rows(std::vector<ImageRow>& rows, const json::Value& image, bool truncate, bool with_digests) {
  const Names tags = by_repository(member_at(image, "RepoTags"), ':');
  const Names digests = by_repository(member_at(image, "RepoDigests"), '@');
  const auto add = [&](std::string_view repository, std::string_view tag, std::string_view digest) {
    rows.push_back({image, truncate, std::string(repository), std::string(tag), std::string(digest)});
  };
  if (is_dangling(tags, digests)) return add(kNone, kNone, kNone);
  const auto digests_of = [&](const std::string& repository) {
    for (const auto& [name, values] : digests)
      if (name == repository) return values;
    return std::vector<std::string>();
  };
  for (const auto& [repository, names] : tags) {
    const auto known = with_digests ? digests_of(repository) : std::vector<std::string>();
    for (const std::string& tag : names) {
      if (known.empty()) add(repository, tag, kNone);
      for (const std::string& digest : known) add(repository, tag, digest);
    }
  }
  for (const auto& [repository, values] : digests) {
    const auto tagged = [&repository = repository](const auto& entry) { return entry.first == repository; };
    if (std::any_of(tags.begin(), tags.end(), tagged)) continue;
    if (!with_digests) add(repository, kNone, kNone);
    for (const std::string& digest : values)
      if (with_digests) add(repository, kNone, digest);
  }
}

Format make_format(Cli& cli, const ImagesOptions& options) {
  std::string format = options.format;
  if (format.empty() && !options.quiet) format = cli.config().text("imagesFormat");
  if (format.empty()) format = "table";
  if (format == "table" && options.quiet) return Format::of("{{.ID}}", "");
  if (format == "raw" && options.quiet) return Format::of("image_id: {{.ID}}", "");
  if (format == "raw") {
    return Format::of(std::string("repository: {{.Repository}}\\ntag: {{.Tag}}\\n") +
                          (options.digests ? "digest: {{.Digest}}\\n" : "") +
                          "image_id: {{.ID}}\\ncreated_at: {{.CreatedAt}}\\nvirtual_size: {{.Size}}\\n",
                      "");
  }
  const std::string digest = options.digests ? "\\t{{.Digest}}" : "";
  return Format::of(format, "{{.Repository}}\\t{{.Tag}}" + digest +
                                "\\t{{.ID}}\\t{{if .CreatedSince}}{{.CreatedSince}}{{else}}N/A{{end}}\\t{{.Size}}");
}

Result<int> run_images(Cli& cli, const ImagesOptions& options, const Invocation& invocation) {
  const Format format = make_format(cli, options);
  std::vector<std::string> filters = options.filters;
  if (!invocation.arguments.empty()) filters.push_back("reference=" + invocation.arguments[0]);
  Query query;
  query.add_flag("all", options.all);
  query.add_unless_empty("filters", encode_filters(filters));
  const json::Value answer = TRY(TRY(cli.daemon())->get("/images/json", query));
  const bool with_digests = options.digests || format.source.find(".Digest") != std::string::npos;
  std::vector<ImageRow> rows;
  for (const json::Value& image : entries_of(answer)) {
    if (options.quiet && options.format.empty()) {
      rows.push_back({image, !options.no_truncate, "", "", ""});  // an image's id once, however many names it has
    } else {
      add_rows(rows, image, !options.no_truncate, with_digests);
    }
  }
  cli.print(TRY(list_rows<ImageRow>(format, image_columns(), rows, "*formatter.imageContext")));
  return 0;
}

}  // namespace

constinit const Command kImages = {.names = {"image ls", "image list", "images"},
                                   .synopsis = "[OPTIONS] [REPOSITORY[:TAG]]",
                                   .summary = "List images",
                                   .most = 1,
                                   .make = make_task<ImagesOptions, define_images, run_images>,
                                   .common = true};

}  // namespace hull::cli
