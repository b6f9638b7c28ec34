#include "ipc/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <unordered_map>

#include "base/daemon/thread_pool.h"
#include "base/log.h"
#include "base/sys.h"
#include "ipc/http/connection.h"

namespace hull::http {
namespace {

using std::chrono::milliseconds;
constexpr uint64_t kWake = 0;
constexpr auto kSweep = std::chrono::seconds(1);

std::string peer_name(FdRef socket, bool is_unix) {
  if (is_unix) return "@";
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == -1) return "?";
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address);
    ::inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(in6->sin6_port));
  }
  const auto* in = reinterpret_cast<const sockaddr_in*>(&address);
  ::inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(ntohs(in->sin_port));
}

}  // namespace

struct Server::State : std::enable_shared_from_this<Server::State> {
  State(RequestHandler handle, ServerOptions opts)
      : handler(std::move(handle)), options(opts), pool("http", opts.connections) {}

  const RequestHandler handler;
  const ServerOptions options;
  UniqueFd epoll;
  UniqueFd wake;
  std::stop_source shutdown;  // breaks reads and writes off

  std::mutex mutex;
  std::condition_variable changed;
  std::map<uint64_t, Listener> listeners;  // guarded by mutex, as all below
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections;
  uint64_t next_id = kWake + 1;
  size_t busy = 0;
  bool stopping = false;
  bool acceptor_ended = false;
  bool sweep_wanted = false;  // something waits for time to pass

  ThreadPool pool;  // last: its threads end before the rest goes

  void run();
  void on_event(uint64_t id, uint32_t events);
  void accept_all(uint64_t id, const Listener& listener);
  void add(UniqueFd socket, const Listener& listener);
  void start(std::shared_ptr<Connection> connection);
  void work(const std::shared_ptr<Connection>& connection);
  void close(const std::shared_ptr<Connection>& connection);
  void want_sweep();
  void sweep();
  void make_room();
};

void Server::State::run() {
  std::array<epoll_event, 64> events;
  std::array<char, 8> drained;
  auto next_sweep = std::chrono::steady_clock::now() + kSweep;
  for (;;) {
    bool timed;
    {
      std::lock_guard lock(mutex);
      if (stopping) break;
      timed = sweep_wanted;
    }
    const auto ready = sys::epoll_wait(epoll, events, timed ? milliseconds(kSweep) : milliseconds(-1));
    if (!ready.ok()) {
      logging::error("wait for connections", {{"error", ready.error().message()}});
      break;
    }
    for (const epoll_event& event : *ready) {
      if (event.data.u64 != kWake)
        on_event(event.data.u64, event.events);
      else
        (void)sys::read(wake, drained);
    }
    if (timed && std::chrono::steady_clock::now() >= next_sweep) {
      sweep();
      next_sweep = std::chrono::steady_clock::now() + kSweep;
    }
  }
  std::lock_guard lock(mutex);
  acceptor_ended = true;
  changed.notify_all();
}

void Server::State::on_event(uint64_t id, uint32_t events) {
  std::shared_ptr<Connection> connection;
  const Listener* listener = nullptr;
  {
    std::lock_guard lock(mutex);
    if (const auto found = connections.find(id); found != connections.end()) connection = found->second;
    // Listeners are only removed once this thread has ended.
    if (const auto found = listeners.find(id); found != listeners.end()) listener = &found->second;
  }
  if (listener) return accept_all(id, *listener);
  if (connection && connection->on_event(events)) start(std::move(connection));
}

void Server::State::accept_all(uint64_t id, const Listener& listener) {
  // Not for ever: connections that exist must have their turn.
  for (int i = 0; i < 64; ++i) {
    auto socket = sys::accept(listener.socket);
    if (socket.ok()) {
      add(std::move(socket).value(), listener);
      continue;
    }
    const int number = socket.error().number();
    if (number == EAGAIN || number == ECONNABORTED) return;
    logging::warn("accept connection", {{"listener", listener.name}, {"error", socket.error().message()}});
    // Out of descriptors: the sweep arms the listener again, so that this does not become a busy loop.
    (void)sys::epoll_modify(epoll, listener.socket, 0, id);
    want_sweep();
    return make_room();
  }
}

void Server::State::add(UniqueFd socket, const Listener& listener) {
  std::string remote = peer_name(socket, listener.is_unix);
  const FdRef fd = socket;
  auto stream = listener.wrap ? listener.wrap(std::move(socket)) : make_socket_stream(std::move(socket));
  if (!stream.ok()) return logging::warn("accept connection", {{"error", stream.error().message()}});
  bool full = false;
  std::shared_ptr<Connection> connection;
  {
    std::lock_guard lock(mutex);
    full = connections.size() >= options.connections;
    if (!full) {
      const uint64_t id = next_id++;
      connection = std::make_shared<Connection>(id, std::move(stream).value(), std::move(remote), epoll, options.head);
      connections.emplace(id, connection);
    }
  }
  if (full) return make_room();  // this one is closed; the client's next try finds room
  if (auto added = sys::epoll_add(epoll, fd, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, connection->id()); !added.ok()) {
    logging::warn("watch connection", {{"error", added.error().message()}});
    std::lock_guard lock(mutex);
    connections.erase(connection->id());
  }
}

void Server::State::start(std::shared_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex);
    ++busy;
  }
  pool.submit([this, connection = std::move(connection)] { work(connection); });
}

void Server::State::work(const std::shared_ptr<Connection>& connection) {
  const auto next = connection->serve(handler, options, shutdown.get_token());
  bool parks = next == Connection::Next::kPark;
  {
    std::lock_guard lock(mutex);
    if (stopping) parks = false;
  }
  const bool in_head = connection->in_head();
  if (!parks || !connection->park().ok())
    close(connection);
  else if (in_head)
    want_sweep();
  std::lock_guard lock(mutex);
  --busy;
  changed.notify_all();
}

void Server::State::close(const std::shared_ptr<Connection>& connection) {
  connection->close_gently();
  std::lock_guard lock(mutex);
  connections.erase(connection->id());
}

void Server::State::want_sweep() {
  std::lock_guard lock(mutex);
  if (!std::exchange(sweep_wanted, true)) (void)sys::write(wake, std::string_view("\1\0\0\0\0\0\0\0", 8));
}

/// Ends connections whose head does not come to its end, and lets listeners try again that ran out of descriptors.
void Server::State::sweep() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Connection>> late;
  std::lock_guard lock(mutex);
  sweep_wanted = false;
  for (const auto& [id, connection] : connections) {
    const auto idle = connection->idle();
    if (!idle || !idle->in_head) continue;
    if (now - idle->since > options.head_timeout)
      late.push_back(connection);
    else
      sweep_wanted = true;
  }
  for (const auto& connection : late) connections.erase(connection->id());
  for (const auto& [id, listener] : listeners) (void)sys::epoll_modify(epoll, listener.socket, EPOLLIN, id);
}

/// Closes the connection that is idle for the longest time.
void Server::State::make_room() {
  std::lock_guard lock(mutex);
  std::shared_ptr<Connection> oldest;
  Connection::Clock::time_point since = Connection::Clock::time_point::max();
  for (const auto& [id, connection] : connections) {
    const auto idle = connection->idle();
    if (!idle || idle->since >= since) continue;
    since = idle->since;
    oldest = connection;
  }
  if (oldest) connections.erase(oldest->id());
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::create(RequestHandler handler, ServerOptions options) {
  auto state = std::make_shared<State>(std::move(handler), options);
  state->epoll = TRY(sys::epoll_create());
  state->wake = TRY(sys::eventfd(0));
  TRY(sys::epoll_add(state->epoll, state->wake, EPOLLIN, kWake));
  TRY(start_thread("http-accept", [state] { state->run(); }));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() { stop(milliseconds(0)); }

Result<void> Server::listen(Listener listener) {
  std::lock_guard lock(state_->mutex);
  const uint64_t id = state_->next_id++;
  const FdRef fd = listener.socket;
  state_->listeners.emplace(id, std::move(listener));
  return sys::epoll_add(state_->epoll, fd, EPOLLIN, id);
}

void Server::stop(milliseconds grace) {
  constexpr auto kHardLimit = std::chrono::seconds(10);
  std::vector<std::shared_ptr<Connection>> all;
  std::unique_lock lock(state_->mutex);
  if (state_->stopping) return;
  state_->stopping = true;
  (void)sys::write(state_->wake, std::string_view("\1\0\0\0\0\0\0\0", 8));
  state_->changed.wait(lock, [&] { return state_->acceptor_ended; });
  for (const auto& [id, listener] : state_->listeners)
    if (listener.name.starts_with("unix://")) (void)sys::unlink(listener.name.substr(7));
  state_->listeners.clear();
  for (const auto& [id, connection] : state_->connections) all.push_back(connection);
  lock.unlock();
  for (const auto& connection : all) connection->request_stop();
  all.clear();
  lock.lock();
  const auto idle = [&] { return state_->busy == 0; };
  if (!state_->changed.wait_for(lock, grace, idle)) {
    state_->shutdown.request_stop();
    if (!state_->changed.wait_for(lock, kHardLimit, idle)) {
      // A handler that ignores its stop token still uses the state: it is left to it, the process ends anyway.
      logging::warn("requests still run after the server stopped", {{"count", state_->busy}});
      new std::shared_ptr<State>(state_);
    }
  }
  state_->connections.clear();
}

}  // namespace hull::http
