#include "engine/routes/router.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/text.h"

namespace hull::engine::routes {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }
bool takes_slashes(std::string_view segment) { return segment.ends_with("...}"); }
std::string_view name_of(std::string_view segment) {
  return segment.substr(1, segment.size() - (takes_slashes(segment) ? 5 : 2));
}

bool fits(std::string_view pattern, std::string_view segment, Parameters& parameters) {
  if (!is_parameter(pattern)) return pattern == segment;
  if (segment.empty()) return false;
  parameters.insert_or_assign(std::string(name_of(pattern)), std::string(segment));
  return true;
}

/// A pattern has at most one parameter that takes slashes; what stands behind it is matched from the end.
bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path,
          Parameters& parameters) {
  const auto wide = std::find_if(pattern.begin(), pattern.end(), takes_slashes);
  const size_t before = static_cast<size_t>(wide - pattern.begin());
  if (wide == pattern.end() ? path.size() != pattern.size() : path.size() < pattern.size()) return false;
  for (size_t i = 0; i < before; ++i)
    if (!fits(pattern[i], path[i], parameters)) return false;
  if (wide == pattern.end()) return true;
  const size_t after = pattern.size() - before - 1;
  for (size_t i = 0; i < after; ++i)
    if (!fits(pattern[before + 1 + i], path[path.size() - after + i], parameters)) return false;
  const char* begin = path[before].data();
  const std::string_view last = path[path.size() - after - 1];
  const std::string_view value(begin, static_cast<size_t>(last.data() + last.size() - begin));
  if (value.empty()) return false;
  parameters.insert_or_assign(std::string(name_of(*wide)), std::string(value));
  return true;
}

void finish(http::Exchange& exchange, const Result<void>& done) {
  if (done.ok()) {
    if (!exchange.answered()) (void)send_error(exchange, internal_error("request was left without an answer"));
    return;
  }
  const http::Request& request = exchange.request();
  const std::string what = std::string(to_string(request.method)) + " " + request.path;
  // After the status line the stream's end, which is missing, tells the client.
  if (exchange.answered() || done.code() == Code::kCancelled)
    logging::debug("request broke off", {{"request", what}, {"error", done.error().message()}});
  else if (http_status(done.code()) >= 500)
    logging::error("request", {{"request", what}, {"error", done.error().message()}});
  if (exchange.answered()) return;
  // Whoever closed the connection, or its sending half, waits for nothing.
  if (done.code() == Code::kCancelled && exchange.stop_token().stop_requested()) return exchange.abandon();
  (void)send_error(exchange, done.error());
}

}  // namespace

int http_status(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kOutOfRange: return 400;
    case Code::kUnauthenticated: return 401;
    case Code::kPermissionDenied: return 403;
    case Code::kNotFound: return 404;
    case Code::kAlreadyExists:
    case Code::kFailedPrecondition:
    case Code::kConflict: return 409;
    case Code::kNotModified: return 304;
    case Code::kCancelled: return 499;
    case Code::kUnimplemented: return 501;
    case Code::kUnavailable: return 503;
    // A full disk is no fault of the request; docker says 500, too. Too large a body is answered by Call.
    case Code::kResourceExhausted:
    case Code::kAborted:
    case Code::kDataLoss:
    case Code::kDeadlineExceeded:
    case Code::kInternal:
    case Code::kUnknown: return 500;
  }
  return 500;
}

std::string error_body(std::string_view message) {
  std::string body = "{\"message\":";
  json::write_string(body, message);
  return body + "}\n";
}

Result<void> send_error(http::Exchange& exchange, const Error& error) {
  const int status = http_status(error.code());
  if (status == 304) return exchange.send(status, "", "");
  return exchange.send(status, "application/json", error_body(error.message()));
}

Result<VersionedPath> split_version(std::string_view path) {
  if (!path.starts_with("/v")) return VersionedPath{api::kNewestApi, path};
  const size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view text = path.substr(2, end - 2);
  if (text.empty() || text.find_first_not_of("0123456789.") != text.npos) return VersionedPath{api::kNewestApi, path};
  const auto parts = cut(text, ".").value_or(Cut{text, "0"});
  const auto major = parse_integer<int>(parts.before);
  const auto minor = parse_integer<int>(parts.after);
  if (!major || !minor) return invalid_argument("API version " + std::string(text) + " is malformed");
  const ApiVersion version{*major, *minor};
  if (version < api::kOldestApi)
    return invalid_argument("client version " + std::string(text) + " is too old. Minimum supported API version is " +
                            api::kOldestApi.text() + ", please upgrade your client to a newer version");
  if (version > api::kNewestApi)
    return invalid_argument("client version " + std::string(text) + " is too new. Maximum supported API version is " +
                            api::kNewestApi.text());
  return VersionedPath{version, path.substr(end)};
}

void Router::add(std::vector<Route> routes) {
  for (Route& route : routes) {
    for (const Route& other : routes_) CHECK(other.method != route.method || other.pattern != route.pattern);
    auto& patterns = patterns_[route.method];
    Pattern pattern{.segments = split(route.pattern.substr(1), '/'), .route = routes_.size()};
    pattern.literals = std::count_if(pattern.segments.begin(), pattern.segments.end(),
                                     [](std::string_view segment) { return !is_parameter(segment); });
    const auto place = std::find_if(patterns.begin(), patterns.end(),
                                    [&](const Pattern& other) { return other.literals < pattern.literals; });
    patterns.insert(place, std::move(pattern));
    routes_.push_back(std::move(route));
  }
}

Router::Match Router::find(http::Method method, std::string_view path, ApiVersion version) const {
  const auto patterns = patterns_.find(method);
  if (patterns == patterns_.end() || !path.starts_with('/')) return {};
  const auto segments = split(path.substr(1), '/');
  for (const Pattern& pattern : patterns->second) {
    const Route& route = routes_[pattern.route];
    Match match{.route = &route, .parameters = {}};
    if (route.since <= version && fits(pattern.segments, segments, match.parameters)) return match;
  }
  return {};
}

void Router::set_headers(http::Exchange& exchange) const {
  exchange.set_header("Api-Version", api::kNewestApi.text());
  exchange.set_header("Docker-Experimental", "false");
  exchange.set_header("Ostype", "linux");
  exchange.set_header("Server", server_);
}

void Router::serve(http::Exchange& exchange) const {
  ++serving_;
  route(exchange);
  --serving_;
}

void Router::route(http::Exchange& exchange) const {
  const auto begin = std::chrono::steady_clock::now();
  const http::Request& request = exchange.request();
  set_headers(exchange);
  const auto versioned = split_version(request.path);
  if (!versioned.ok()) return (void)send_error(exchange, versioned.error());
  Match match = find(request.method, versioned->path, versioned->version);
  if (!match.route) return (void)send_error(exchange, not_found("page not found"));
  Call call(exchange, versioned->version, std::move(match.parameters));
  finish(exchange, match.route->handle(call));
  if (!logging::enabled(logging::Level::kDebug)) return;
  const auto took = std::chrono::steady_clock::now() - begin;
  logging::debug("request", {{"method", to_string(request.method)},
                             {"path", request.path},
                             {"remote", request.remote},
                             {"microseconds", std::chrono::duration_cast<std::chrono::microseconds>(took).count()}});
}

}  // namespace hull::engine::routes
