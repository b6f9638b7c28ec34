#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/system/api_version.h"
#include "base/json.h"
#include "base/result.h"
#include "ipc/http/exchange.h"

namespace hull::engine::routes {

using api::ApiVersion;

/// Docker's filters: {"name": ["a", "b"]}, or the old {"name": {"a": true}}.
using Filters = std::map<std::string, std::vector<std::string>>;

/// What a handler is given: the exchange, and readers for path, query and body whose errors name the parameter.
class Call {
 public:
  Call(http::Exchange& exchange, ApiVersion version, std::map<std::string, std::string, std::less<>> parameters)
      : exchange_(exchange), version_(version), parameters_(std::move(parameters)) {}

  http::Exchange& http() { return exchange_; }
  ApiVersion version() const { return version_; }
  /// A part of the path: "id" for "/containers/{id}/start". Always present.
  const std::string& path(std::string_view name) const;
  std::optional<std::string> query(std::string_view name) const;
  std::vector<std::string> query_all(std::string_view name) const;
  /// Docker's truth: absent, "", "0", "no", "false" and "none" are false, all else true.
  bool query_bool(std::string_view name, bool otherwise = false) const;
  /// Errors: kInvalidArgument names the parameter and the value.
  Result<std::optional<int64_t>> query_integer(std::string_view name) const;
  Result<Filters> filters() const;

  /// The JSON body. Errors: kInvalidArgument (also for a wrong Content-Type or an empty body); kResourceExhausted.
  template <class T>
  Result<T> body() {
    return json::parse<T>(TRY(body_text()));
  }
  /// As body(), but nullopt for an empty one.
  template <class T>
  Result<std::optional<T>> optional_body() {
    const auto text = TRY(optional_body_text());
    if (!text) return std::optional<T>();
    return std::optional<T>(TRY(json::parse<T>(*text)));
  }

  template <class T>
  Result<void> reply(int status, const T& value) {
    return exchange_.send(status, "application/json", json::format(value) + "\n");
  }
  Result<void> reply_empty(int status) { return exchange_.send(status, "", ""); }

 private:
  Result<std::string> body_text();
  Result<std::optional<std::string>> optional_body_text();

  http::Exchange& exchange_;
  const ApiVersion version_;
  const std::map<std::string, std::string, std::less<>> parameters_;
};

/// An error returned before the answer began becomes {"message": …} with the status of its code.
using Handler = std::function<Result<void>(Call&)>;

/// One row of the API. Pattern: "/containers/{id}/start"; "{name...}" matches slashes, too ("/images/{name...}/json").
struct Route {
  http::Method method;
  std::string_view pattern;
  Handler handle;
  ApiVersion since = api::kOldestApi;
};

/// The one place where error kinds become HTTP statuses.
int http_status(Code code);

}  // namespace hull::engine::routes
