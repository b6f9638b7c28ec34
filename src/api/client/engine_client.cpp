#include "api/client/engine_client.h"

#include <cerrno>

#include "api/client/engine_dialer.h"
#include "api/client/engine_host.h"
#include "api/system/api_version.h"
#include "base/text.h"

namespace hull::api {
namespace {

using http::Method;

constexpr Bytes kLargestAnswer = 256_MiB;
constexpr Bytes kLargestError = 1_MiB;

std::optional<ApiVersion> parse_version(std::string_view text) {
  const auto parts = cut(text, ".");
  if (!parts) return std::nullopt;
  const auto major = parse_integer<int>(parts->before);
  const auto minor = parse_integer<int>(parts->after);
  if (!major || !minor) return std::nullopt;
  return ApiVersion{*major, *minor};
}

struct ErrorBody {
  std::string message;
};
template <class V>
void describe(V& json, ErrorBody& body) {
  json.field("message", body.message);
}

/// The engine's own words, or its raw answer where it sent no JSON (a proxy in between).
std::string error_text(const http::ResponseHead& head, const std::string& body) {
  if (auto parsed = json::parse<ErrorBody>(body); parsed.ok() && !parsed->message.empty())
    return std::string(trim(parsed->message));  // some of dockerd's end in a space
  const std::string_view plain = trim(body);
  if (!plain.empty()) return std::string(plain);
  return "engine answered " + std::to_string(head.status) + " " + head.reason;
}

Result<http::ClientRequest> make_request(const EngineOptions& options, Method method, std::string target,
                                         std::optional<RequestBody> body) {
  http::ClientRequest request{
      .method = method, .target = std::move(target), .headers = {}, .body = {}, .body_source = {}};
  request.headers.emplace_back("User-Agent", options.user_agent);
  for (const auto& header : options.headers) request.headers.push_back(header);
  if (body) {
    request.headers.emplace_back("Content-Type", body->content_type);
    if (body->source)
      request.body_source = std::move(body->source);
    else
      request.body = std::move(body->data);
  }
  return request;
}

}  // namespace

Query& Query::add(std::string_view name, std::string_view value) {
  text_ += text_.empty() ? '?' : '&';
  text_ += http::percent_encode(name) + "=" + http::percent_encode(value);
  return *this;
}
Query& Query::add_flag(std::string_view name, bool value) { return value ? add(name, "1") : *this; }
Query& Query::add_unless_empty(std::string_view name, std::string_view value) {
  return value.empty() ? *this : add(name, value);
}

std::optional<Code> code_of_status(int status) {
  if (status == 304) return Code::kNotModified;
  if (status < 400) return std::nullopt;
  switch (status) {
    case 400: return Code::kInvalidArgument;
    case 401: return Code::kUnauthenticated;
    case 403: return Code::kPermissionDenied;
    case 404: return Code::kNotFound;
    case 409: return Code::kConflict;
    case 412: return Code::kFailedPrecondition;
    case 413: return Code::kResourceExhausted;
    case 501: return Code::kUnimplemented;
    case 503: return Code::kUnavailable;
    default: return status < 500 ? Code::kInvalidArgument : Code::kInternal;
  }
}

EngineClient::EngineClient(EngineOptions options, http::Dialer dial, std::string host_header)
    : options_(std::move(options)), http_(std::move(dial), std::move(host_header)) {}

Result<std::unique_ptr<EngineClient>> EngineClient::create(EngineOptions options) {
  const auto host = TRY(parse_engine_host(options.host, Tls::kNo));
  if (options.api_version && !parse_version(*options.api_version))
    return invalid_argument("API version \"" + *options.api_version + "\" is malformed");
  auto dial = TRY(engine_dialer(options, host));
  const bool is_tcp = host.kind == EngineHost::Kind::kTcp;
  const std::string header = is_tcp ? host.name + ":" + std::to_string(host.port) : "api.moby.localhost";
  return std::unique_ptr<EngineClient>(new EngineClient(std::move(options), std::move(dial), header));
}

Error EngineClient::explain(Error error) const {
  switch (error.number()) {
    case EACCES:
    case EPERM:
      return Error(Code::kPermissionDenied,
                   "permission denied while trying to connect to the Docker daemon socket at " + options_.host);
    case ENOENT:
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return unavailable("Cannot connect to the Docker daemon at " + options_.host + ". Is the docker daemon running?");
    default: break;
  }
  if (error.code() != Code::kUnavailable) return error;
  return std::move(error).context("error during connect to " + options_.host);
}

Result<Ping> EngineClient::ping(const Call& call) {
  const auto request = TRY(make_request(options_, Method::kGet, "/_ping", {}));
  auto response = http_.send(request, call);
  if (!response.ok()) return explain(std::move(response).error());
  const auto body = TRY(response->read_all(kLargestError, call));
  const auto& head = response->head();
  if (const auto code = code_of_status(head.status)) return Error(*code, error_text(head, body));
  return Ping{.api_version = head.header("api-version").value_or(""),
              .os_type = head.header("ostype").value_or(""),
              .builder_version = head.header("builder-version").value_or(""),
              .experimental = head.header("docker-experimental") == "true",
              .swarm = head.header("swarm").value_or("")};
}

Result<std::string> EngineClient::api_version(const Call& call) {
  if (options_.api_version) return *options_.api_version;
  {
    std::lock_guard lock(version_mutex_);
    if (!version_.empty()) return version_;
  }
  const Ping pong = TRY(ping(call));
  // An engine that names none is older than the header (docker's own rule).
  const ApiVersion theirs = parse_version(pong.api_version).value_or(kOldestApi);
  if (theirs < kOldestApi)
    return failed_precondition("engine at " + options_.host + " is too old: API version " + theirs.text() +
                               ", at least " + kOldestApi.text() + " is needed");
  std::lock_guard lock(version_mutex_);
  version_ = std::min(theirs, kNewestApi).text();
  return version_;
}

Result<http::Response> EngineClient::open(Method method, std::string_view path, const Query& query,
                                          std::optional<RequestBody> body, const Call& call,
                                          const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string target = "/v" + TRY(api_version(call));
  target.append(path).append(query.text());
  auto request = TRY(make_request(options_, method, std::move(target), std::move(body)));
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  auto response = http_.send(request, call);
  if (!response.ok()) return explain(std::move(response).error());
  const auto code = code_of_status(response->head().status);
  if (!code) return response;
  const auto text = TRY(response->read_all(kLargestError, call));
  return Error(*code, error_text(response->head(), text));
}

Result<std::string> EngineClient::request(Method method, std::string_view path, const Query& query,
                                          std::optional<RequestBody> body, const Call& call,
                                          const std::vector<std::pair<std::string, std::string>>& headers) {
  auto response = TRY(open(method, path, query, std::move(body), call, headers));
  return response.read_all(kLargestAnswer, call);
}

Result<http::Hijacked> EngineClient::hijack(std::string_view path, const Query& query, std::optional<RequestBody> body,
                                            const Call& call) {
  auto response =
      TRY(open(Method::kPost, path, query, std::move(body), call, {{"Connection", "Upgrade"}, {"Upgrade", "tcp"}}));
  return std::move(response).hijack();
}

}  // namespace hull::api
