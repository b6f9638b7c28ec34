#include "cli/version.h"

#include "base/text.h"
#include "cli/commands/filter_flag.h"
#include "cli/commands/system/system.h"
#include "cli/format/template.h"

namespace hull::cli {

namespace {

struct VersionOptions {
  std::string format;
};
void define_version(Flags& flags, VersionOptions& options) { define_object_format(flags, "f,format", options.format); }

constexpr std::string_view kArchitecture =
#if defined(__aarch64__)
    "arm64";
#else
    "amd64";
#endif

/// "2026-05-07T21:09:36.000000000+00:00" as docker shows a build time.
std::string build_time(const std::string& text) {
  const auto time = parse_rfc3339(text);
  if (!time.ok() || !*time) return text;
  const time_t seconds = std::chrono::floor<std::chrono::seconds>(**time).time_since_epoch().count();
  tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[64];
  return std::string(buffer, std::strftime(buffer, sizeof buffer, "%a %b %e %H:%M:%S %Y", &parts));
}

/// Keys as docker's, so that `--format '{{.Client.Version}}'` works on both.
boost::json::object client_part(const std::string& api) {
  return {{"Version", kVersion},
          {"ApiVersion", api},
          {"DefaultAPIVersion", kNewestApi},
          {"GitCommit", kRevision},
          {"GoVersion", ""},
          {"Os", "linux"},
          {"Arch", kArchitecture},
          {"BuildTime", build_time(std::string(kRevisionTime))},
          {"Context", "default"}};
}

void row(std::string& out, int indent, std::string_view label, const std::string& value) {
  const std::string head = std::string(static_cast<size_t>(indent), ' ') + std::string(label) + ":";
  out += head + std::string(head.size() < 20 ? 20 - head.size() : 1, ' ') + value + "\n";
}

std::string client_text(const std::string& api) {
  std::string out = "Client:\n";
  row(out, 1, "Version", std::string(kVersion));
  const bool older = !api.empty() && api != kNewestApi;
  row(out, 1, "API version",
      older ? api + " (downgraded from " + std::string(kNewestApi) + ")" : std::string(kNewestApi));
  row(out, 1, "Git commit", std::string(kRevision));
  row(out, 1, "Built", build_time(std::string(kRevisionTime)));
  row(out, 1, "OS/Arch", "linux/" + std::string(kArchitecture));
  row(out, 1, "Context", "default");
  return out;
}

void engine_rows(std::string& out, const json::Value& details) {
  row(out, 2, "API version",
      text_at(details, "ApiVersion") + " (minimum version " + text_at(details, "MinAPIVersion") + ")");
  row(out, 2, "Go version", text_at(details, "GoVersion"));
  row(out, 2, "Git commit", text_at(details, "GitCommit"));
  row(out, 2, "Built", build_time(text_at(details, "BuildTime")));
  row(out, 2, "OS/Arch", text_at(details, "Os") + "/" + text_at(details, "Arch"));
  row(out, 2, "Experimental", text_at(details, "Experimental"));
}

std::string server_text(const json::Value& server) {
  const std::string platform = text_at(member_at(server, "Platform"), "Name");
  std::string out = platform.empty() ? "\nServer:\n" : "\nServer: " + platform + "\n";
  for (const json::Value& component : entries_of(member_at(server, "Components"))) {
    const std::string name = text_at(component, "Name");
    const json::Value& details = member_at(component, "Details");
    out += " " + name + ":\n";
    row(out, 2, "Version", text_at(component, "Version"));
    if (name == "Engine") {
      engine_rows(out, details);
    } else if (details.is_object()) {
      for (const auto& detail : details.get_object())
        row(out, 2, std::string_view(detail.key()), text_at(details, detail.key()));
    }
  }
  return out;
}

Result<json::Value> ask(Cli& cli, std::string& api) {
  Daemon& daemon = *TRY(cli.daemon());
  json::Value server = TRY(daemon.get("/version"));
  api = TRY(daemon.client().api_version());
  return server;
}

Result<int> run_version(Cli& cli, const VersionOptions& options, const Invocation&) {
  std::string api;
  const auto server = ask(cli, api);
  if (options.format.empty()) {
    cli.print(client_text(api));
    if (server.ok()) cli.print(server_text(*server));
  } else {
    const auto pattern = Template::parse(options.format == "json" ? "{{json .}}" : options.format);
    if (!pattern.ok()) {
      cli.complain("template parsing error: " + pattern.error().message());
      return 64;
    }
    const json::Value both =
        boost::json::object{{"Client", client_part(api)}, {"Server", server.ok() ? *server : json::Value()}};
    std::string text;
    TRY(pattern->execute(Value::of(both), text));
    cli.print_line(text);
  }
  if (!server.ok()) return server.error();
  return 0;
}

}  // namespace

constinit const Command kVersionCommand = {.names = {"version"},
                                           .synopsis = "[OPTIONS]",
                                           .summary = "Show the versions of hull and the engine",
                                           .most = 0,
                                           .make = make_task<VersionOptions, define_version, run_version>,
                                           .common = true};

}  // namespace hull::cli
