#include "ipc/ttrpc/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/sys.h"
#include "ipc/ttrpc/connection.h"
#include "ipc/ttrpc/frame.h"

namespace hull::ttrpc {
namespace {

/// Until the next attempt to accept, where one failed.
constexpr std::chrono::milliseconds kRest(50);

/// The socket's directory is closed to others already; this holds where somebody opened it.
bool may_connect(FdRef fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

}  // namespace

void Responder::reply(std::string_view payload) const {
  if (payload.size() + 16 > kMaxMessage)
    return fail(Error(Code::kResourceExhausted, "the answer exceeds the limit of 4 MiB"));
  call_->answer(encode_reply(payload));
}

void Responder::fail(const Error& error) const { call_->answer(encode_error(error)); }

bool Responder::awaited() const { return call_->awaited(); }

Server::Server(EventLoop& loop, UniqueFd listener, Options options)
    : loop_(loop), listener_(std::move(listener)), options_(std::move(options)) {}

Server::~Server() {
  stop_accepting();
  while (!connections_.empty()) connections_.begin()->second->close();
}

void Server::handle(const std::string& service, const std::string& method, Handler handler) {
  services_[service][method] = std::move(handler);
}

Result<void> Server::start() {
  TRY(sys::set_blocking(listener_, sys::Blocking::kNo));
  return loop_.watch(listener_, EPOLLIN, [this](uint32_t) { accept_one(); });
}

/// Without a free descriptor (EMFILE) the peer stays in the queue, and the listener would wake us for ever.
void Server::rest() {
  loop_.change(listener_, 0);
  resting_ = loop_.after(kRest, [this] {
    resting_.reset();
    loop_.change(listener_, EPOLLIN);
  });
}

void Server::stop_accepting() {
  if (!listener_.valid()) return;
  if (resting_) loop_.cancel(*std::exchange(resting_, std::nullopt));
  loop_.unwatch(listener_);
  listener_.reset();
}

void Server::accept_one() {
  auto fd = sys::accept(listener_, SOCK_NONBLOCK);
  if (!fd.ok()) {
    if (fd.is(Code::kUnavailable)) return;
    logging::warn("accept a ttrpc connection", {{"error", fd.error().message()}});
    return rest();
  }
  if (!may_connect(*fd) || connections_.size() >= options_.max_connections) {
    logging::warn("refuse a ttrpc connection", {{"connections", connections_.size()}});
    return;
  }
  auto connection = std::make_shared<Connection>(*this, std::move(*fd));
  if (auto started = connection->start(); !started.ok()) {
    logging::warn("watch a ttrpc connection", {{"error", started.error().message()}});
    return;
  }
  connections_.emplace(connection.get(), connection);
  if (options_.on_connect) options_.on_connect();
}

const Server::Handler* Server::find(std::string_view service, std::string_view method, Error& error) const {
  const auto methods = services_.find(service);
  if (methods == services_.end()) {
    error = unimplemented("service " + std::string(service));
    return nullptr;
  }
  const auto handler = methods->second.find(method);
  if (handler == methods->second.end()) {
    error = unimplemented("method " + std::string(method));
    return nullptr;
  }
  return &handler->second;
}

}  // namespace hull::ttrpc
