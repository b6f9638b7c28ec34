#include "programs/hulld/flags.h"

#include <CLI/CLI.hpp>
#include <list>

namespace hull::daemon {
namespace {

struct Bound {
  const Setting* setting;
  CLI::Option* option;
  std::vector<std::string> values;
  bool on = false;
};

std::string names_of(const Setting& setting) {
  const std::string name = "--" + std::string(setting.flag);
  return setting.short_flag.empty() ? name : "-" + std::string(setting.short_flag) + "," + name;
}

void bind(CLI::App& app, const Setting& setting, std::list<Bound>& all) {
  Bound& bound = all.emplace_back(Bound{.setting = &setting, .option = nullptr, .values = {}, .on = false});
  const std::string help(setting.help);
  if (setting.kind == Setting::Kind::kSwitch) {
    bound.option = app.add_flag(names_of(setting), bound.on, help);
    return;
  }
  bound.option = app.add_option(names_of(setting), bound.values, help);
  bound.option->type_size(1)->allow_extra_args(false);
  bound.option->multi_option_policy(setting.kind == Setting::Kind::kList ? CLI::MultiOptionPolicy::TakeAll
                                                                         : CLI::MultiOptionPolicy::TakeLast);
  bound.option->type_name(setting.kind == Setting::Kind::kNumber ? "NUMBER" : "TEXT");
  if (setting.kind != Setting::Kind::kList) bound.option->expected(1);
}

}  // namespace

Result<Flags> parse_flags(int argc, const char* const* argv) {
  CLI::App app("The Engine API daemon of Hull, a container engine.", "hulld");
  bool version = false;
  bool validate = false;
  std::list<Bound> all;
  Flags flags;
  app.footer(
      "Command:\n"
      "  purge    Remove all containers, images, volumes and networks, the supervisor, and both roots; takes the "
      "flags\n"
      "           with which the daemon was run");
  try {
    app.add_flag("-v,--version", version, "Print the version and quit");
    app.add_flag("--validate", validate, "Check flags and configuration file, and quit");
    for (const Setting& setting : settings()) bind(app, setting, all);
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    flags.wish = CommandLine::Wish::kHelp;
    flags.help = app.help();
    return flags;
  } catch (const CLI::Error& error) {
    return invalid_argument(error.what());
  }
  if (version) flags.wish = CommandLine::Wish::kVersion;
  if (validate) flags.wish = CommandLine::Wish::kValidate;
  for (Bound& bound : all) {
    if (bound.option->count() == 0) continue;
    if (bound.setting->kind == Setting::Kind::kSwitch) bound.values = {bound.on ? "true" : "false"};
    flags.values[std::string(bound.setting->flag)] = std::move(bound.values);
  }
  return flags;
}

}  // namespace hull::daemon
