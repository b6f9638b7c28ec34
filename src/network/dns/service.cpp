#include "network/dns/service.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"
#include "base/sys.h"

namespace hull::network::dns {
namespace {

constexpr size_t kCacheEntries = 512;
constexpr size_t kLargestQuery = 4096;      // bytes; a question with every extension is far shorter
constexpr size_t kMostExchanges = 1024;     // docker's limit a sandbox
constexpr size_t kMostClients = 64;         // connections a sandbox
constexpr size_t kMostUnsent = 256 * 1024;  // bytes that a client leaves unread
constexpr int kDatagramsInARow = 64;        // before others get their turn
constexpr auto kClientIdle = std::chrono::seconds(10);

}  // namespace

Resolver::Service::Service(EventLoop& loop, const Directory& directory, FdRef host, Setup setup)
    : loop_(loop), directory_(directory), host_(host), setup_(std::move(setup)), cache_(kCacheEntries) {}

Resolver::Service::~Service() {
  *alive_ = nullptr;
  loop_.unwatch(setup_.listeners.udp);
  loop_.unwatch(setup_.listeners.tcp);
  for (const auto& [id, client] : clients_) {
    loop_.unwatch(client->socket);
    loop_.cancel(client->idle);
  }
}

Result<void> Resolver::Service::start() {
  TRY(loop_.watch(setup_.listeners.udp, EPOLLIN, [this](uint32_t) { on_datagrams(); }));
  return loop_.watch(setup_.listeners.tcp, EPOLLIN, [this](uint32_t) { on_connection(); });
}

void Resolver::Service::on_datagrams() {
  std::array<char, kLargestQuery> buffer;
  for (int i = 0; i < kDatagramsInARow; ++i) {
    SocketAddress client;
    const ssize_t size =
        ::recvfrom(setup_.listeners.udp.get(), buffer.data(), buffer.size(), 0, client.get(), &client.size);
    if (size < 0) return;
    handle({buffer.data(), static_cast<size_t>(size)}, Transport::kUdp, [this, client](const std::string& answer) {
      // A client that is gone, or a full queue, is like a datagram that got lost.
      (void)::sendto(setup_.listeners.udp.get(), answer.data(), answer.size(), MSG_NOSIGNAL, client.get(), client.size);
    });
  }
}

void Resolver::Service::on_connection() {
  auto socket = sys::accept(setup_.listeners.tcp, SOCK_NONBLOCK);
  if (!socket.ok() || clients_.size() >= kMostClients) return;  // closed
  const uint64_t id = next_id_++;
  auto client = std::make_unique<Client>();
  client->socket = std::move(socket).value();
  if (!loop_.watch(client->socket, EPOLLIN, [this, id](uint32_t events) { on_client(id, events); }).ok()) return;
  client->idle = loop_.after(kClientIdle, [this, id] { drop_client(id); });
  clients_.emplace(id, std::move(client));
}

void Resolver::Service::on_client(uint64_t id, uint32_t events) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  if ((events & EPOLLOUT) != 0 && !flush(client)) return drop_client(id);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  if (!read_questions(id, client)) drop_client(id);
}

/// False where the connection has ended. Replies are never given within (handle() may answer at once), so that the
/// client stays where it is: see send().
bool Resolver::Service::read_questions(uint64_t id, Client& client) {
  std::array<char, kLargestQuery> buffer;
  const auto size = sys::try_receive(client.socket, buffer);
  if (!size.ok() || (*size && **size == 0)) return false;
  if (!*size) return true;
  client.received.append(buffer.data(), **size);
  rest(id, client);
  while (const auto length = framed_length(client.received)) {
    if (*length > kLargestQuery) return false;
    if (client.received.size() < kFrameHeaderSize + *length) break;
    const std::string question = client.received.substr(kFrameHeaderSize, *length);
    client.received.erase(0, kFrameHeaderSize + *length);
    handle(question, Transport::kTcp, [this, id](std::string answer) {
      loop_.post([alive = alive_, id, answer = std::move(answer)] {
        if (*alive) (*alive)->send(id, answer);
      });
    });
  }
  return true;
}

void Resolver::Service::send(uint64_t id, std::string answer) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  client.unsent += framed(answer);
  if (client.unsent.size() > kMostUnsent || !flush(client)) return drop_client(id);
  rest(id, client);
}

bool Resolver::Service::flush(Client& client) {
  const auto sent = sys::try_send(client.socket, client.unsent);
  if (!sent.ok()) return false;
  client.unsent.erase(0, sent->value_or(0));
  loop_.change(client.socket, client.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  return true;
}

/// Something happened: the connection may rest for a while again.
void Resolver::Service::rest(uint64_t id, Client& client) {
  loop_.cancel(client.idle);
  client.idle = loop_.after(kClientIdle, [this, id] { drop_client(id); });
}

void Resolver::Service::drop_client(uint64_t id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  loop_.unwatch(found->second->socket);
  loop_.cancel(found->second->idle);
  clients_.erase(found);
}

void Resolver::Service::handle(std::string_view wire, Transport transport, Reply reply) {
  auto query = parse_query(wire);
  if (!query.ok()) {
    const auto status = query.is(Code::kUnimplemented) ? Status::kNotImplemented : Status::kFormat;
    if (auto answer = answer_unparsed(wire, status)) reply(*std::move(answer));
    return;
  }
  if (transport == Transport::kTcp) query->udp_limit = UINT16_MAX;
  if (auto answer = answer_locally(*query)) return reply(*std::move(answer));
  auto kept = cache_.find(*query, Cache::Clock::now());
  if (kept && kept->size() <= query->udp_limit) return reply(*std::move(kept));
  forward(wire, transport, std::move(query).value(), std::move(reply));
}

std::optional<std::string> Resolver::Service::answer_locally(const Query& query) const {
  if (query.is(Type::kPtr)) {
    const auto address = reverse_address(query.name);
    const auto name = address ? directory_.find_name(setup_.container, *address) : std::nullopt;
    return name ? std::optional(answer_name(query, *name)) : std::nullopt;
  }
  auto addresses = directory_.find(setup_.container, query.name);
  if (!addresses) return std::nullopt;
  // A container's name is ours alone, whatever is asked about it: an empty answer, and nobody else hears of it.
  std::erase_if(*addresses, [&](const Address& a) { return !query.is(a.is_ipv4() ? Type::kA : Type::kAaaa); });
  return answer_addresses(query, *addresses);
}

std::vector<Server> Resolver::Service::servers() const {
  std::vector<Server> servers = setup_.servers;
  if (setup_.internal) std::erase_if(servers, [](const Server& server) { return server.from_host; });
  return servers;
}

void Resolver::Service::forward(std::string_view wire, Transport transport, Query query, Reply reply) {
  auto servers = this->servers();
  if (servers.empty()) return reply(answer_nothing(query, Status::kServerFailure));
  if (exchanges_.size() >= kMostExchanges) return reply(answer_nothing(query, Status::kRefused));
  const uint64_t id = next_id_++;
  // Shared, since a function's captures must be copyable.
  const auto question = std::make_shared<Query>(std::move(query));
  auto done = [this, id, question, reply = std::move(reply)](std::optional<std::string> answer) {
    if (answer) cache_.put(*question, *answer, Cache::Clock::now());
    reply(answer ? *std::move(answer) : answer_nothing(*question, Status::kServerFailure));
    // Not now: the exchange is still at work.
    loop_.post([alive = alive_, id] {
      if (*alive) (*alive)->exchanges_.erase(id);
    });
  };
  Exchange::Request request{transport, std::string(wire), std::move(servers), setup_.network_namespace, host_};
  auto& exchange = exchanges_[id];
  exchange = std::make_unique<Exchange>(loop_, std::move(request), std::move(done));
  exchange->start();
}

}  // namespace hull::network::dns
