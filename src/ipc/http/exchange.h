#pragma once

#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"

namespace hull::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };
std::string_view to_string(Method method);

/// The head of a request, parsed and checked. Header names are lower case.
struct Request {
  Method method = Method::kGet;
  std::string path;                                        ///< percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded, in order
  std::multimap<std::string, std::string> headers;
  std::string remote;  ///< "@" for a unix socket, else address:port
  std::optional<std::string> header(std::string_view name) const;
};

/// The raw connection after an upgrade: always a plain descriptor that can be polled (over TLS, one end of a socket
/// pair). Bytes the client sent early come first from `early`.
struct Hijacked {
  UniqueFd fd;
  std::string early;
};

/// One request and its answer, used by one thread. A handler sends exactly one of: send(), begin_stream() … end,
/// hijack(), abandon().
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Request& request() const = 0;

  /// The whole body. Errors: kResourceExhausted past the limit (HTTP 413), kCancelled where the client went away.
  virtual Result<std::string> read_body(Bytes limit) = 0;
  /// The next bytes of the body, 0 at its end; for bodies of any length (tars). Errors: kCancelled.
  virtual Result<size_t> read_some(std::span<char> buffer) = 0;

  /// Extra headers of the answer; before it begins.
  virtual void set_header(std::string_view name, std::string_view value) = 0;
  virtual Result<void> send(int status, std::string_view content_type, std::string_view body) = 0;
  /// A chunked answer: each write() reaches the client at once. Errors of write(): kCancelled where the client went
  /// away.
  virtual Result<void> begin_stream(int status, std::string_view content_type) = 0;
  virtual Result<void> write(std::string_view data) = 0;
  virtual Result<void> end_stream() = 0;
  /// Sends "101 UPGRADED" where the client asked `Connection: Upgrade` (with its Upgrade protocol), else "200 OK", with
  /// the content type, and gives up the connection. Source: Docker's attach and exec start.
  virtual Result<Hijacked> hijack(std::string_view content_type) = 0;

  /// In place of an answer, where nobody reads it any more: the connection is closed.
  virtual void abandon() = 0;

  /// Whether the status line is out; after that an error can only be shown within the stream.
  virtual bool answered() const = 0;
  /// Requested when the client closes its connection while a handler works, or the server shuts down.
  virtual std::stop_token stop_token() const = 0;
};

}  // namespace hull::http
