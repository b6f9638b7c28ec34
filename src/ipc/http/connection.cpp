#include "ipc/http/connection.h"

#include <sys/socket.h>

#include "base/log.h"
#include "base/sys.h"
#include "ipc/http/target.h"

namespace hull::http {

Connection::Connection(uint64_t id, std::unique_ptr<Stream> stream, std::string remote, FdRef epoll,
                       const HeadLimits& head)
    : id_(id), epoll_(epoll), remote_(std::move(remote)), stream_(std::move(stream)), reader_(Side::kRequest, head) {
  idle_.since = Clock::now();
}

bool Connection::on_event(uint32_t events) {
  std::stop_source stop{std::nostopstate};
  {
    std::lock_guard lock(mutex_);
    if (!busy_) return busy_ = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) stop = stop_;
  }
  stop.request_stop();  // outside the lock: it runs the handler's callbacks
  return false;
}

void Connection::request_stop() {
  std::stop_source stop{std::nostopstate};
  {
    std::lock_guard lock(mutex_);
    stop = stop_;
  }
  stop.request_stop();
}

std::optional<Connection::Idle> Connection::idle() const {
  std::lock_guard lock(mutex_);
  return busy_ ? std::nullopt : std::optional(idle_);
}

Result<void> Connection::park() {
  // Armed under the lock: an idle connection is another thread's to serve or close, and a descriptor that was closed
  // may be another connection's by then.
  std::lock_guard lock(mutex_);
  busy_ = false;
  if (!idle_.in_head || !reader_.in_head()) idle_.since = Clock::now();
  idle_.in_head = reader_.in_head();
  reader_.release_buffer();
  return sys::epoll_modify(epoll_, stream_->fd(), EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, id_);
}

void Connection::watch_for_close() {
  if (auto armed = sys::epoll_modify(epoll_, stream_->fd(), EPOLLRDHUP | EPOLLONESHOT, id_); !armed.ok())
    logging::debug("watch connection", {{"error", armed.error().message()}});
}

void Connection::forget() {
  if (auto removed = sys::epoll_remove(epoll_, stream_->fd()); !removed.ok())
    logging::debug("forget connection", {{"error", removed.error().message()}});
}

Result<Request> Connection::make_request() const {
  const MessageHead& head = reader_.head();
  if (!head.method) return unimplemented("request method is not supported");
  if (head.minor_version >= 1 && head.headers.count("host") == 0)
    return invalid_argument("missing required Host header");
  auto target = TRY(parse_target(head.target));
  return Request{.method = *head.method,
                 .path = std::move(target.path),
                 .query = std::move(target.query),
                 .headers = head.headers,
                 .remote = remote_};
}

void Connection::refuse(const Error& error) {
  int status = 400;
  if (error.code() == Code::kResourceExhausted) status = 431;
  if (error.code() == Code::kUnimplemented) status = 405;
  const bool answerable = status != 400 || error.code() == Code::kInvalidArgument;
  if (answerable) (void)stream_->write_all(plain_error(status, error.message()), Call::within(std::chrono::seconds(1)));
}

Connection::Next Connection::serve(const RequestHandler& handler, const ServerOptions& options,
                                   std::stop_token shutdown) {
  for (;;) {
    // What is here now is read at once; a slow client waits in the epoll, not on a thread.
    const auto head = reader_.read_head(*stream_, Call::within(std::chrono::milliseconds(0), shutdown));
    if (head.is(Code::kDeadlineExceeded)) return Next::kPark;
    if (!head.ok()) {
      refuse(head.error());
      return Next::kClose;
    }
    if (serve_one(handler, options, shutdown) == Next::kClose) return Next::kClose;
    if (!reader_.has_input() && !stream_->buffered()) return Next::kPark;
  }
}

Connection::Next Connection::serve_one(const RequestHandler& handler, const ServerOptions& options,
                                       const std::stop_token& shutdown) {
  auto request = make_request();
  if (!request.ok()) {
    refuse(request.error());
    return Next::kClose;
  }
  std::stop_source stop;
  {
    std::lock_guard lock(mutex_);
    stop_ = stop;
  }
  const std::stop_callback on_shutdown(shutdown, [stop]() mutable { stop.request_stop(); });
  ServerExchange exchange(*stream_, reader_, *this, std::move(request).value(), stop.get_token(), shutdown,
                          options.body_timeout);
  handler(exchange);
  if (!exchange.answered()) {
    logging::error("request was left without an answer", {{"path", exchange.request().path}});
    (void)exchange.send(500, "application/json", "{\"message\":\"request was left without an answer\"}\n");
  }
  const bool reusable = exchange.finish();
  {
    std::lock_guard lock(mutex_);
    stop_ = std::stop_source(std::nostopstate);
  }
  if (exchange.hijacked()) stream_.reset();
  return reusable ? Next::kPark : Next::kClose;
}

void Connection::close_gently() {
  // A unix socket's peer still reads what was sent before a close.
  if (!stream_ || remote_ == "@") return stream_.reset();
  // A close with unread bytes sends RST, which can destroy the answer on its way to the client.
  ::shutdown(stream_->fd().get(), SHUT_WR);
  char scratch[16 * 1024];
  const Call call = Call::within(std::chrono::milliseconds(500));
  for (size_t dropped = 0; dropped < 1024 * 1024;) {
    const auto count = stream_->read_some(scratch, call);
    if (!count.ok() || *count == 0) break;
    dropped += *count;
  }
  stream_.reset();
}

}  // namespace hull::http
