#include "cli/commands/container/create_container.h"

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/commands/image/pull_image.h"
#include "cli/terminal/raw_mode.h"
#include "cli/values/environment.h"
#include "spec/image/reference.h"

namespace hull::cli {

namespace {

/// Holds the file that gets the container's id; a container that was not made leaves none.
class IdFile {
 public:
  static Result<IdFile> create(const std::string& path) {
    if (path.empty()) return IdFile("", UniqueFd());
    if (exists(path)) {
      return already_exists("container ID file found, make sure the other container isn't running or delete " + path);
    }
    auto file = sys::open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!file.ok()) return std::move(file).error().context("failed to create the container ID file");
    return IdFile(path, std::move(file).value());
  }
  IdFile(IdFile&& other) noexcept : path_(std::exchange(other.path_, "")), file_(std::move(other.file_)) {}
  ~IdFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Result<void> write(const std::string& id) {
    if (!file_.valid()) return {};
    TRY(sys::write_all(file_, id).context("failed to write the container ID to the file"));
    path_.clear();
    return {};
  }

 private:
  IdFile(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  UniqueFd file_;
};

void add_proxies(Cli& cli, const std::string& host, api::Config& config) {
  std::map<std::string, std::string> given = to_map(config.env.value_or(std::vector<std::string>()));
  for (const std::string& variable : cli.config().proxy_environment(host)) {
    const std::string name(cut(variable, "=")->before);
    if (given.contains(name)) continue;
    if (!config.env) config.env.emplace();
    config.env->push_back(variable);
  }
}

/// An image's name or id. Errors: kInvalidArgument in Docker's words.
Result<void> check_image(std::string_view image) {
  const bool is_id = image.size() == 64 && image.find_first_not_of("0123456789abcdef") == image.npos;
  if (!is_id) TRY(image::Reference::parse(image));
  return {};
}

Query make_query(const CreateOptions& options) {
  Query query;
  query.add_unless_empty("name", options.name).add_unless_empty("platform", options.platform);
  return query;
}

/// Older engines get the network settings in the shape that they know, so that none is lost on them.
Result<void> adapt_to_engine(Daemon& daemon, api::CreateContainer& request) {
  if (TRY(daemon.speaks(44))) return {};
  if (!request.networking_config) return {};
  auto& endpoints = request.networking_config->endpoints;
  // Before API 1.44 an engine took one network only, and the MAC address from the configuration.
  for (auto& [name, endpoint] : endpoints)
    if (request.config.mac_address == endpoint.mac_address) endpoint.mac_address.clear();
  if (endpoints.size() == 1 && endpoints.begin()->second == api::EndpointConfig{}) request.networking_config.reset();
  return {};
}

}  // namespace

Result<NewContainer> create_container(Cli& cli, const CreateOptions& options, const Invocation& invocation) {
  if (options.pull != "always" && options.pull != "missing" && options.pull != "never" && !options.pull.empty()) {
    return invalid_argument("invalid pull option: '" + options.pull +
                            "': must be one of \"always\", \"missing\" or \"never\"");
  }
  NewContainer made;
  made.request = TRY(make_request(options, invocation));
  // So that the terminal has its size before the first process looks.
  if (const auto size = terminal_size(cli.output()))
    made.request.host_config->console_size = {.height = size->rows, .width = size->columns};
  TRY(check_image(made.request.config.image));
  IdFile id_file = TRY(IdFile::create(options.cid_file));
  Daemon& daemon = *TRY(cli.daemon());
  add_proxies(cli, daemon.client().host(), made.request.config);
  TRY(adapt_to_engine(daemon, made.request));
  const std::string& image = made.request.config.image;
  const PullWish wish{.platform = options.platform, .quiet = options.quiet};
  if (options.pull == "always") TRY(pull_for_run(cli, image, wish));

  const std::string body = json::format(made.request);
  auto answer = daemon.post("/containers/create", make_query(options), body);
  const bool missing = answer.is(Code::kNotFound) && options.pull != "never" && options.pull != "always";
  if (missing && answer.error().message().find("o such image") != std::string::npos) {
    const auto reference = image::Reference::parse(image);
    cli.complain("Unable to find image '" + (reference.ok() ? reference->with_default_tag().familiar() : image) +
                 "' locally");
    TRY(pull_for_run(cli, image, wish));
    answer = daemon.post("/containers/create", make_query(options), body);
  }
  const json::Value created = TRY(std::move(answer));
  for (const json::Value& warning : entries_of(member_at(created, "Warnings")))
    if (warning.is_string()) cli.complain("WARNING: " + std::string(std::string_view(warning.get_string())));
  made.id = text_at(created, "Id");
  TRY(id_file.write(made.id));
  return made;
}

int start_failure_status(std::string_view message) {
  const auto has = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (has("executable file not found") || has("no such file or directory") ||
      has("system cannot find the file specified"))
    return 127;
  if (has("permission denied") || has("is a directory")) return 126;
  return 125;
}

int report_failure(Cli& cli, const std::string& path, const Error& error, int status) {
  cli.complain("hull: " + error.message() + "\n\nRun '" + path + " --help' for more information");
  return status;
}

}  // namespace hull::cli
