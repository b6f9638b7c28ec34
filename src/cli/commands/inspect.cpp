#include "cli/commands/inspect.h"

#include <algorithm>

#include "base/text.h"
#include "cli/commands/filter_flag.h"
#include "cli/commands/objects.h"
#include "cli/format/template.h"

namespace hull::cli {

namespace {

constexpr int kBadTemplate = 64;  // EX_USAGE, as docker has it

struct Shown {
  std::string text;
  std::string problems;

  void problem(const std::string& message) { problems.append(problems.empty() ? "" : "\n").append(message); }
};

enum class Layout { kIndented, kCompact };

void show_as_array(Shown& shown, const std::vector<std::string>& names, const Fetch& fetch, Layout layout) {
  std::string array = "[";
  for (const std::string& name : names) {
    const auto object = fetch(name);
    if (!object.ok()) {
      shown.problem(object.error().message());
      continue;
    }
    array.append(array.size() > 1 ? "," : "").append(trim(*object));
  }
  array += ']';
  const bool plain = array == "[]" || layout == Layout::kCompact;
  shown.text = (plain ? array : json::indent(array, "    ")) + "\n";
}

Result<void> show_by_template(std::string& out, const std::string& object, const Template& pattern) {
  const json::Value value = TRY(json::parse_value(object));
  std::string text;
  if (auto executed = pattern.execute(Value::of(value), text); !executed.ok())
    return std::move(executed).error().context("template parsing error");
  out += text + "\n";
  return {};
}

void show_each(Shown& shown, const std::vector<std::string>& names, const Fetch& fetch, const Template& pattern) {
  for (const std::string& name : names) {
    const auto object = fetch(name);
    const auto done = object.ok() ? show_by_template(shown.text, *object, pattern) : Result<void>(object.error());
    if (!done.ok()) shown.problem(done.error().message());
  }
  if (shown.text.empty()) shown.text = "\n";
}

struct InspectOptions {
  std::string format;
  std::string type;
  bool size = false;
};

void define_inspect(Flags& flags, InspectOptions& options) {
  define_object_format(flags, "f,format", options.format);
  flags.text("type", options.type, "Only objects of this type");
  flags.boolean("s,size", options.size, "Total file sizes, of containers");
}

struct Kind {
  std::string_view name;
  std::string_view before;
  std::string_view after;
  bool always;  ///< asked for without --type, too; the rest exists in a swarm only
};
constexpr Kind kKinds[] = {
    {"config", "/configs/", "", false},   {"container", "/containers/", "/json", true},
    {"image", "/images/", "/json", true}, {"network", "/networks/", "", true},
    {"node", "/nodes/", "", false},       {"plugin", "/plugins/", "/json", true},
    {"secret", "/secrets/", "", false},   {"service", "/services/", "", false},
    {"task", "/tasks/", "", false},       {"volume", "/volumes/", "", true},
};
/// In the order in which a name is looked for.
constexpr std::string_view kSearched[] = {"container", "image", "network", "volume", "plugin"};

Result<std::string> fetch_kind(Daemon& daemon, std::string_view kind_name, const std::string& name, bool size) {
  const auto kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.name == kind_name; });
  Query query;
  if (kind->name == "container") query.add_flag("size", size);
  return daemon.get_text(std::string(kind->before) + path_of(name) + std::string(kind->after), query);
}

Result<std::string> fetch_any(Daemon& daemon, const std::string& name, bool size) {
  for (const std::string_view kind : kSearched) {
    auto object = fetch_kind(daemon, kind, name, size);
    if (object.ok()) return object;
    const bool other_kind =
        object.is(Code::kNotFound) || object.is(Code::kInvalidArgument) || object.is(Code::kUnimplemented);
    if (!other_kind) return object;
  }
  return not_found("Error: No such object: " + name);
}

Result<int> run_inspect(Cli& cli, const InspectOptions& options, const Invocation& invocation) {
  const auto known = [&](const Kind& kind) { return kind.name == options.type; };
  if (invocation.flags.changed("type") && std::none_of(std::begin(kKinds), std::end(kKinds), known)) {
    std::string names;
    for (const Kind& kind : kKinds) names.append(names.empty() ? "\"" : ", \"").append(kind.name).append("\"");
    return invalid_argument("unknown type: \"" + options.type + "\": must be one of " + names);
  }
  Daemon& daemon = *TRY(cli.daemon());
  return inspect_objects(cli, invocation.arguments, options.format, [&](const std::string& name) {
    return options.type.empty() ? fetch_any(daemon, name, options.size)
                                : fetch_kind(daemon, options.type, name, options.size);
  });
}

}  // namespace

Result<int> inspect_objects(Cli& cli, const std::vector<std::string>& names, const std::string& format,
                            const Fetch& fetch) {
  Shown shown;
  if (format.empty() || format == "json") {
    show_as_array(shown, names, fetch, format.empty() ? Layout::kIndented : Layout::kCompact);
  } else {
    const auto pattern = Template::parse(format);
    if (!pattern.ok()) {
      cli.complain("template parsing error: " + pattern.error().message());
      return kBadTemplate;
    }
    show_each(shown, names, fetch, *pattern);
  }
  cli.print(shown.text);
  if (!shown.problems.empty()) return Error(Code::kUnknown, shown.problems);
  return 0;
}

Result<int> inspect_kind(Cli& cli, const std::vector<std::string>& names, const std::string& format,
                         const ObjectPath& path, const Query& query) {
  Daemon& daemon = *TRY(cli.daemon());
  return inspect_objects(cli, names, format, [&](const std::string& name) {
    return daemon.get_text(std::string(path.before) + path_of(name) + std::string(path.after), query);
  });
}

constinit const Command kInspect = {.names = {"inspect"},
                                    .synopsis = "[OPTIONS] NAME|ID [NAME|ID...]",
                                    .summary = "Show all that is known about objects",
                                    .least = 1,
                                    .make = make_task<InspectOptions, define_inspect, run_inspect>};

}  // namespace hull::cli
