#include "ipc/grpc/call_metrics.h"

#include <cstdio>

namespace hull::ipc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

/// Go's names of the codes.
std::string_view code_name(grpc::StatusCode code) {
  static constexpr std::string_view kNames[] = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "Unknown";
}

const char* type_name(ServerRpcInfo::Type type) {
  switch (type) {
    case ServerRpcInfo::Type::UNARY: return "unary";
    case ServerRpcInfo::Type::CLIENT_STREAMING: return "client_stream";
    case ServerRpcInfo::Type::SERVER_STREAMING: return "server_stream";
    case ServerRpcInfo::Type::BIDI_STREAMING: return "bidi_stream";
  }
  return "unary";
}

/// With what labels may hold.
std::string clean(std::string_view name) {
  std::string out(name.substr(0, 200));
  for (char& c : out)
    if (c != '.' && c != '_' && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z')) c = '_';
  return out;
}

/// "/package.Service/Method"
CallMetrics::Method method_of(const ServerRpcInfo& info) {
  const std::string_view path = info.method();
  const size_t slash = path.rfind('/');
  if (slash == path.npos || slash == 0) return {"unknown", clean(path), type_name(info.type())};
  return {clean(path.substr(1, slash - 1)), clean(path.substr(slash + 1)), type_name(info.type())};
}

class CallCounter final : public grpc::experimental::Interceptor {
 public:
  CallCounter(CallMetrics& metrics, const ServerRpcInfo& info)
      : metrics_(metrics), method_(method_of(info)), begin_(std::chrono::steady_clock::now()) {
    metrics_.started(method_);
  }
  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) metrics_.received(method_);
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) metrics_.sent(method_);
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS))
      metrics_.handled(method_, methods->GetSendStatus().error_code(), std::chrono::steady_clock::now() - begin_);
    methods->Proceed();
  }

 private:
  CallMetrics& metrics_;
  const CallMetrics::Method method_;
  const std::chrono::steady_clock::time_point begin_;
};

class CallCounters final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallCounters(CallMetrics& metrics) : metrics_(metrics) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new CallCounter(metrics_, *info);
  }

 private:
  CallMetrics& metrics_;
};

std::string labels_of(const CallMetrics::Method& method, const std::string& more = "") {
  return "{" + more + "grpc_method=\"" + method.name + "\",grpc_service=\"" + method.service + "\",grpc_type=\"" +
         method.type + "\"";
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

void begin(std::string& out, const std::string& name, const char* help, const char* kind) {
  out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n";
}

}  // namespace

CallMetrics::Counts& CallMetrics::of(All& all, const Method& method) {
  constexpr size_t kMaxMethods = 512;
  if (all.size() < kMaxMethods || all.contains(method)) return all[method];
  return all[Method{"other", "other", "unary"}];
}

void CallMetrics::started(const Method& method) {
  counts_.with([&](auto& all) { ++of(all, method).started; });
}
void CallMetrics::received(const Method& method) {
  counts_.with([&](auto& all) { ++of(all, method).received; });
}
void CallMetrics::sent(const Method& method) {
  counts_.with([&](auto& all) { ++of(all, method).sent; });
}

void CallMetrics::handled(const Method& method, grpc::StatusCode code, std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  counts_.with([&](auto& all) {
    Counts& counts = of(all, method);
    ++counts.handled[code];
    ++counts.timed;
    counts.seconds += seconds;
    for (size_t i = 0; i < kBuckets.size(); ++i)
      if (seconds <= kBuckets[i]) ++counts.within[i];
  });
}

std::string CallMetrics::format() const {
  const All all = counts_.with([](const auto& counts) { return counts; });
  std::string out;
  begin(out, "grpc_server_handled_total", "Total number of RPCs completed on the server, by code.", "counter");
  for (const auto& [method, counts] : all)
    for (const auto& [code, count] : counts.handled)
      out += "grpc_server_handled_total" + labels_of(method, "grpc_code=\"" + std::string(code_name(code)) + "\",") +
             "} " + std::to_string(count) + "\n";
  if (histogram_ == Histogram::kYes) format_histogram(all, out);
  struct Plain {
    const char* name;
    const char* help;
    uint64_t Counts::*count;
  };
  for (const Plain& plain :
       {Plain{"grpc_server_msg_received_total", "Total number of messages received.", &Counts::received},
        Plain{"grpc_server_msg_sent_total", "Total number of messages sent.", &Counts::sent},
        Plain{"grpc_server_started_total", "Total number of RPCs started on the server.", &Counts::started}}) {
    begin(out, plain.name, plain.help, "counter");
    for (const auto& [method, counts] : all)
      out += plain.name + labels_of(method) + "} " + std::to_string(counts.*plain.count) + "\n";
  }
  return out;
}

void CallMetrics::format_histogram(const All& all, std::string& out) {
  const std::string name = "grpc_server_handling_seconds";
  begin(out, name, "How long RPCs took until they were answered.", "histogram");
  for (const auto& [method, counts] : all) {
    for (size_t i = 0; i < kBuckets.size(); ++i)
      out += name + "_bucket" + labels_of(method) + ",le=\"" + number(kBuckets[i]) + "\"} " +
             std::to_string(counts.within[i]) + "\n";
    out += name + "_bucket" + labels_of(method) + ",le=\"+Inf\"} " + std::to_string(counts.timed) + "\n";
    out += name + "_sum" + labels_of(method) + "} " + number(counts.seconds) + "\n";
    out += name + "_count" + labels_of(method) + "} " + std::to_string(counts.timed) + "\n";
  }
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> make_call_counter(CallMetrics& metrics) {
  return std::make_unique<CallCounters>(metrics);
}

}  // namespace hull::ipc
