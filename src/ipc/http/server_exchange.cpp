#include "ipc/http/server_exchange.h"

#include <ctime>

#include "base/json.h"
#include "base/text.h"

namespace hull::http {
namespace {

/// Larger writes are sent as several chunks, so that the copy stays small.
constexpr size_t kLargestChunk = 256 * 1024;
/// An unread body up to this size is read and dropped to keep the connection (Go's net/http does the same).
constexpr size_t kLargestLeftover = 256 * 1024;

/// RFC 7231 date, made once a second and thread.
std::string_view date_now() {
  thread_local time_t made = 0;
  thread_local char text[40];
  thread_local size_t length = 0;
  const time_t now = ::time(nullptr);
  if (now != made) {
    tm parts{};
    ::gmtime_r(&now, &parts);
    length = ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made = now;
  }
  return {text, length};
}

Error gone(const Error& error) {
  return error.code() == Code::kUnavailable ? cancelled("client went away: " + error.message()) : error;
}

bool has_token(const std::optional<std::string>& header, std::string_view token) {
  if (!header) return false;
  for (const std::string_view part : split(*header, ','))
    if (equals_ignoring_case(trim(part), token)) return true;
  return false;
}

}  // namespace

std::string_view reason_of(int status) {
  switch (status) {
    case 101: return "UPGRADED";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Request Entity Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

std::string plain_error(int status, std::string_view message) {
  std::string body = "{\"message\":";
  json::write_string(body, message);
  body += "}\n";
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_of(status)) +
         "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

ServerExchange::ServerExchange(Stream& stream, MessageReader& reader, ConnectionHooks& hooks, Request request,
                               std::stop_token stop, std::stop_token shutdown, std::chrono::milliseconds body_timeout)
    : stream_(stream),
      reader_(reader),
      hooks_(hooks),
      request_(std::move(request)),
      stop_(std::move(stop)),
      shutdown_(std::move(shutdown)),
      body_timeout_(body_timeout),
      keep_alive_(reader.head().keep_alive) {
  continue_expected_ = !reader_.done() && has_token(request_.header("expect"), "100-continue");
  if (reader_.done()) hooks_.watch_for_close();
}

Result<size_t> ServerExchange::read_part(std::span<char> buffer, const Call& call) {
  if (reader_.done()) return size_t{0};
  if (continue_expected_) {
    continue_expected_ = false;
    TRY(put("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  const auto count = reader_.read_body(stream_, buffer, call);
  if (!count.ok()) {
    keep_alive_ = false;
    return gone(count.error());
  }
  if (reader_.done()) hooks_.watch_for_close();
  return count;
}

Result<size_t> ServerExchange::read_some(std::span<char> buffer) { return read_part(buffer, call()); }

Result<std::string> ServerExchange::read_body(Bytes limit) {
  const auto most = static_cast<uint64_t>(limit.count);
  const Error too_large(Code::kResourceExhausted, "request body is larger than " + std::to_string(most) + " bytes");
  const auto declared = reader_.head().content_length;
  if (declared.value_or(0) > most) return too_large;
  std::string body;
  size_t length = 0;
  // For all of it: a client that sends a byte now and then would hold the thread for days.
  const Call call = Call::within(body_timeout_, shutdown_);
  while (!reader_.done()) {
    // The declared length is only believed as far as bytes arrive.
    constexpr size_t kStep = 64 * 1024;
    if (body.size() - length < kStep / 4)
      body.resize(length + (declared ? std::min<size_t>(*declared - length + 1, kStep) : kStep));
    const size_t count = TRY(read_part({body.data() + length, body.size() - length}, call));
    length += count;
    if (length > most) return too_large;
  }
  body.resize(length);
  return body;
}

void ServerExchange::set_header(std::string_view name, std::string_view value) {
  CHECK(state_ == State::kUnanswered);
  // What a value holds may come from outside; a line end in it must not begin another header.
  std::string clean(value);
  for (char& c : clean)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  headers_.emplace_back(name, std::move(clean));
}

std::string ServerExchange::format_head(int status, std::string_view content_type) {
  std::string head;
  head.reserve(384);
  head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_of(status)).append("\r\n");
  for (const auto& [name, value] : headers_) head.append(name).append(": ").append(value).append("\r\n");
  if (!content_type.empty()) head.append("Content-Type: ").append(content_type).append("\r\n");
  head.append("Date: ").append(date_now()).append("\r\n");
  return head;
}

Result<void> ServerExchange::put(std::string_view data) {
  const auto written = stream_.write_all(data, call());
  if (written.ok()) return {};
  state_ = State::kBroken;
  return gone(written.error());
}

Result<void> ServerExchange::send(int status, std::string_view content_type, std::string_view body) {
  CHECK(state_ == State::kUnanswered);
  state_ = State::kDone;
  // A body that the client still holds back after "Expect" would be taken for the next request.
  if (continue_expected_) keep_alive_ = false;
  std::string answer = format_head(status, content_type);
  if (status != 204 && status != 304)
    answer.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  if (!keep_alive_)
    answer += "Connection: close\r\n";
  else if (reader_.head().minor_version == 0)
    answer += "Connection: keep-alive\r\n";
  answer += "\r\n";
  const bool without_body = request_.method == Method::kHead || status == 204 || status == 304;
  if (without_body) return put(answer);
  if (body.size() <= kLargestChunk) return put(answer.append(body));
  TRY(put(answer));
  return put(body);
}

Result<void> ServerExchange::begin_stream(int status, std::string_view content_type) {
  CHECK(state_ == State::kUnanswered);
  state_ = State::kStreaming;
  if (continue_expected_) keep_alive_ = false;
  chunked_ = reader_.head().minor_version >= 1;
  if (!chunked_) keep_alive_ = false;
  std::string head = format_head(status, content_type);
  if (chunked_) head += "Transfer-Encoding: chunked\r\n";
  if (!keep_alive_) head += "Connection: close\r\n";
  return put(head + "\r\n");
}

Result<void> ServerExchange::write(std::string_view data) {
  if (state_ == State::kBroken) return cancelled("client went away");
  CHECK(state_ == State::kStreaming);
  if (request_.method == Method::kHead) return {};
  if (!chunked_) return data.empty() ? Result<void>() : put(data);
  while (!data.empty()) {
    const std::string_view part = data.substr(0, kLargestChunk);
    char size[20];
    chunk_.assign(size, std::to_chars(size, size + sizeof size, part.size(), 16).ptr);
    chunk_.append("\r\n").append(part).append("\r\n");
    TRY(put(chunk_));
    data.remove_prefix(part.size());
  }
  return {};
}

Result<void> ServerExchange::end_stream() {
  if (state_ == State::kBroken) return cancelled("client went away");
  CHECK(state_ == State::kStreaming);
  state_ = State::kDone;
  if (chunked_ && request_.method != Method::kHead) return put("0\r\n\r\n");
  return {};
}

Result<Hijacked> ServerExchange::hijack(std::string_view content_type) {
  CHECK(state_ == State::kUnanswered);
  TRY(drop_body());
  const auto protocol = request_.header("upgrade");
  std::string head;
  if (protocol && has_token(request_.header("connection"), "upgrade")) {
    headers_.emplace_back("Connection", "Upgrade");
    set_header("Upgrade", *protocol);
    head = format_head(101, content_type);
  } else {
    head = format_head(200, content_type);
  }
  hooks_.forget();
  TRY(put(head + "\r\n"));
  state_ = State::kHijacked;
  auto fd = TRY(stream_.detach());
  return Hijacked{.fd = std::move(fd), .early = reader_.take_input()};
}

Result<void> ServerExchange::drop_body() {
  char scratch[16 * 1024];
  size_t dropped = 0;
  const Call call = Call::within(std::chrono::seconds(1), shutdown_);
  while (!reader_.done()) {
    dropped += TRY(reader_.read_body(stream_, scratch, call));
    if (dropped > kLargestLeftover) return Error(Code::kResourceExhausted, "request body is too large");
  }
  return {};
}

bool ServerExchange::finish() {
  // A stream that the handler gave up has no last chunk, so that the client knows that it is not whole.
  if (state_ != State::kDone || !keep_alive_) return false;
  return drop_body().ok() && !shutdown_.stop_requested();
}

}  // namespace hull::http
