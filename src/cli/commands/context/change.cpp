#include "cli/commands/context/context.h"
#include "cli/commands/context/endpoint_flag.h"

namespace hull::cli {

namespace {

struct CreateOptions {
  std::string description;
  std::string from;
  std::optional<EndpointFields> endpoint;
};

void define_create(Flags& flags, CreateOptions& options) {
  flags.text("description", options.description, "What the context is for");
  define_endpoint(flags, options.endpoint);
  flags.text("from", options.from, "Context to make a copy of");
}

/// The name on standard output, for scripts; the sentence for people.
int done(Cli& cli, const std::string& name, const std::string& sentence) {
  cli.print_line(name);
  cli.complain(sentence);
  return 0;
}

Result<TlsMaterial> tls_of(Cli& cli, const std::string& name) {
  return name == kDefaultContext ? Result<TlsMaterial>(TlsMaterial()) : cli.contexts().tls(name);
}

constexpr const char* kDefaultDescription = "Current DOCKER_HOST based configuration";

/// A copy of another context; of the default one where nothing else is asked for.
Result<Context> copy_of(Cli& cli, const std::string& from, TlsMaterial& material) {
  Context context = TRY(cli.context(from));
  if (from == kDefaultContext) context.set_description(kDefaultDescription);
  material = TRY(tls_of(cli, from));
  return context;
}

Result<int> run_create(Cli& cli, const CreateOptions& options, const Invocation& invocation) {
  const std::string& name = invocation.arguments[0];
  const ContextStore store = cli.contexts();
  TRY(check_context_name(name));
  if (store.has(name)) return already_exists("context \"" + name + "\" already exists");
  if (options.endpoint && !options.from.empty()) return invalid_argument("cannot use --docker flag when --from is set");
  Context context;
  TlsMaterial material;
  if (options.endpoint) {
    material = TRY(apply_endpoint(cli, *options.endpoint, context));
  } else {
    context = TRY(copy_of(cli, options.from.empty() ? std::string(kDefaultContext) : options.from, material));
  }
  context.name = name;
  if (!options.description.empty()) context.set_description(options.description);
  TRY(store.save(context));
  TRY(store.set_tls(name, material));
  return done(cli, name, "Successfully created context \"" + name + "\"");
}

struct UpdateOptions {
  std::string description;
  std::optional<EndpointFields> endpoint;
};

void define_update(Flags& flags, UpdateOptions& options) {
  flags.text("description", options.description, "What the context is for");
  define_endpoint(flags, options.endpoint);
}

Result<int> run_update(Cli& cli, const UpdateOptions& options, const Invocation& invocation) {
  const std::string& name = invocation.arguments[0];
  const ContextStore store = cli.contexts();
  TRY(check_context_name(name));
  Context context = TRY(store.get(name));
  if (!options.description.empty()) context.set_description(options.description);
  if (options.endpoint) {
    TlsMaterial material = TRY(store.tls(name));
    TlsMaterial given = TRY(apply_endpoint(cli, *options.endpoint, context));
    material.erase(std::string(kDockerEndpoint));
    material.merge(given);
    TRY(store.set_tls(name, material));
  }
  TRY(store.save(context));
  return done(cli, name, "Successfully updated context \"" + name + "\"");
}

Result<int> run_use(Cli& cli, const NoOptions&, const Invocation& invocation) {
  const std::string& name = invocation.arguments[0];
  const bool is_default = name == kDefaultContext;
  if (!is_default) TRY(cli.contexts().get(name));
  TRY(cli.config().set_text("currentContext", is_default ? "" : name));
  const int status = done(cli, name, "Current context is now \"" + name + "\"");
  if (const std::string variable = cli.overriding_variable(); !variable.empty() && !is_default)
    cli.complain("Warning: " + variable + " environment variable overrides the active context. To use \"" + name +
                 "\", either set the global --context flag, or unset " + variable + " environment variable.");
  return status;
}

struct RmOptions {
  bool force = false;
};
void define_rm(Flags& flags, RmOptions& options) {
  flags.boolean("f,force", options.force, "Also one in use, and no error where there is none");
}

Result<void> remove_one(Cli& cli, const std::string& name, bool force) {
  const std::string quoted = "context \"" + name + "\"";
  if (name == kDefaultContext) return invalid_argument(quoted + " cannot be removed");
  const ContextStore store = cli.contexts();
  if (!store.has(name) && !force) return not_found(quoted + " does not exist");
  if (cli.context_name() == name && !force)
    return failed_precondition(quoted + " is in use, set -f flag to force remove");
  if (cli.config().text("currentContext") == name) TRY(cli.config().set_text("currentContext", ""));
  return store.remove(name);
}

Result<int> run_rm(Cli& cli, const RmOptions& options, const Invocation& invocation) {
  std::string problems;
  for (const std::string& name : invocation.arguments) {
    if (const auto removed = remove_one(cli, name, options.force); removed.ok()) {
      cli.print_line(name);
    } else {
      problems.append(problems.empty() ? "" : "\n").append(removed.error().message());
    }
  }
  if (!problems.empty()) return Error(Code::kUnknown, problems);
  return 0;
}

}  // namespace

constinit const Command kContextCreate = {.names = {"context create"},
                                          .synopsis = "[OPTIONS] CONTEXT",
                                          .summary = "Make a context",
                                          .least = 1,
                                          .most = 1,
                                          .make = make_task<CreateOptions, define_create, run_create>};
constinit const Command kContextUpdate = {.names = {"context update"},
                                          .synopsis = "[OPTIONS] CONTEXT",
                                          .summary = "Change a context",
                                          .least = 1,
                                          .most = 1,
                                          .make = make_task<UpdateOptions, define_update, run_update>};
constinit const Command kContextUse = {.names = {"context use"},
                                       .synopsis = "CONTEXT",
                                       .summary = "Choose the context for the commands to come",
                                       .least = 1,
                                       .most = 1,
                                       .make = make_task<NoOptions, define_none, run_use>};
constinit const Command kContextRm = {.names = {"context rm", "context remove"},
                                      .synopsis = "CONTEXT [CONTEXT...]",
                                      .summary = "Remove contexts",
                                      .least = 1,
                                      .make = make_task<RmOptions, define_rm, run_rm>};

}  // namespace hull::cli
