#include "programs/hull-containerd/endpoints.h"

#include <unistd.h>

#include <cstdio>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "programs/hull-containerd/daemon.h"

namespace hull::supervisor {
namespace {

struct Usage {
  double cpu_seconds = 0;
  double start_time = 0;  ///< since 1970
  uint64_t resident = 0;  ///< bytes
  uint64_t virtual_size = 0;
  uint64_t threads = 0;
  uint64_t descriptors = 0;
};

double boot_time() {
  const std::string stat = read_file("/proc/stat", 1_MiB).value_or("");
  const auto found = cut(stat, "\nbtime ");
  return found ? static_cast<double>(parse_integer<int64_t>(split(found->after, '\n')[0]).value_or(0)) : 0;
}

/// Source: proc_pid_stat(5); fields are counted from the process's name, which may hold anything.
Result<Usage> measure() {
  const std::string stat = TRY(read_file("/proc/self/stat", 4_KiB));
  const auto fields = split(std::string_view(stat).substr(stat.rfind(')') + 2), ' ');
  const auto field = [&](size_t number) {
    return number - 3 < fields.size() ? parse_integer<uint64_t>(trim(fields[number - 3])).value_or(0) : 0;
  };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  Usage usage;
  usage.cpu_seconds = static_cast<double>(field(14) + field(15)) / ticks;
  usage.threads = field(20);
  usage.start_time = boot_time() + static_cast<double>(field(22)) / ticks;
  usage.virtual_size = field(23);
  usage.resident = field(24) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.descriptors = TRY(list_directory("/proc/self/fd")).size();
  return usage;
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

void gauge(std::string& out, const std::string& name, const char* help, const char* kind, const std::string& value) {
  out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n" + name + " " + value + "\n";
}

std::string format_metrics(const ipc::CallMetrics& calls, const Usage& usage) {
  std::string out =
      "# HELP containerd_build_info_total containerd build information\n# TYPE containerd_build_info_total counter\n"
      "containerd_build_info_total{revision=\"" +
      std::string(revision()) + "\",version=\"" + std::string(version()) + "\"} 1\n";
  out += calls.format();
  gauge(out, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", "counter",
        number(usage.cpu_seconds));
  gauge(out, "process_open_fds", "Number of open file descriptors.", "gauge", std::to_string(usage.descriptors));
  gauge(out, "process_resident_memory_bytes", "Resident memory size in bytes.", "gauge",
        std::to_string(usage.resident));
  gauge(out, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", "gauge",
        number(usage.start_time));
  gauge(out, "process_threads", "Number of threads.", "gauge", std::to_string(usage.threads));
  gauge(out, "process_virtual_memory_bytes", "Virtual memory size in bytes.", "gauge",
        std::to_string(usage.virtual_size));
  return out;
}

struct Vars {
  std::vector<std::string> cmdline;
  Usage usage;
};
template <class V>
void describe(V& json, Usage& usage) {
  json.field("CpuSeconds", usage.cpu_seconds);
  json.field("Resident", usage.resident);
  json.field("Threads", usage.threads);
  json.field("Descriptors", usage.descriptors);
}
template <class V>
void describe(V& json, Vars& vars) {
  json.field("cmdline", vars.cmdline);
  json.field("memstats", vars.usage);
}

std::string format_vars(const Usage& usage) {
  const std::string line = read_file("/proc/self/cmdline", 1_MiB).value_or("");
  Vars vars{{}, usage};
  for (const std::string_view word : split(line, '\0'))
    if (!word.empty()) vars.cmdline.emplace_back(word);
  return json::format(vars) + "\n";
}

/// One path that can be read, and nothing else.
http::RequestHandler page(std::string path, std::string type, std::function<std::string(const Usage&)> write) {
  return [=](http::Exchange& exchange) {
    const auto method = exchange.request().method;
    const auto answer = [&]() -> Result<void> {
      if (method != http::Method::kGet && method != http::Method::kHead)
        return exchange.send(405, "text/plain; charset=utf-8", "Method Not Allowed\n");
      if (exchange.request().path != path)
        return exchange.send(404, "text/plain; charset=utf-8", "404 page not found\n");
      return exchange.send(200, type, write(TRY(measure())));
    };
    if (const auto sent = answer(); !sent.ok() && !sent.is(Code::kCancelled))
      logging::warn("answer " + path, {{"error", sent.error().message()}});
  };
}

Result<std::unique_ptr<http::Server>> serve(const std::string& address, http::RequestHandler handler) {
  auto server = TRY(http::Server::create(std::move(handler), {.connections = 64}));
  // Numbers about the daemon, on an address that the configuration names.
  for (auto& listener : TRY(http::open_listeners(address, {.group = "", .allow_plain_tcp = true})))
    TRY(server->listen(std::move(listener)));
  return server;
}

}  // namespace

Result<std::unique_ptr<Endpoints>> Endpoints::start(const Config& config, const ipc::CallMetrics& metrics) {
  std::unique_ptr<Endpoints> endpoints(new Endpoints);
  if (!config.metrics_address.empty())
    endpoints->metrics_ = TRY(serve("tcp://" + config.metrics_address,
                                    page("/v1/metrics", "text/plain; version=0.0.4; charset=utf-8",
                                         [&metrics](const Usage& usage) { return format_metrics(metrics, usage); }))
                                  .context("metrics.address " + config.metrics_address));
  if (!config.debug_address.empty()) {
    endpoints->debug_ =
        TRY(serve("unix://" + config.debug_address, page("/debug/vars", "application/json; charset=utf-8", format_vars))
                .context("debug.address " + config.debug_address));
    TRY(sys::chown(config.debug_address, static_cast<uid_t>(config.debug_owner.uid),
                   static_cast<gid_t>(config.debug_owner.gid)));
  }
  return endpoints;
}

}  // namespace hull::supervisor
