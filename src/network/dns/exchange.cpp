#include "network/dns/exchange.h"

#include <netinet/in.h>
#include <sched.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/log.h"
#include "base/sys.h"
#include "network/dns/message.h"
#include "network/dns/sockets.h"

namespace hull::network::dns {
namespace {

constexpr int kRounds = 3;  // through all servers: datagrams get lost
constexpr size_t kLargestDatagram = 65'535;

bool is_good(std::string_view answer) { return status_of(answer) == Status::kOk; }

/// "No such name" is an answer; a failure says nothing.
bool is_better(std::string_view answer, const std::optional<std::string>& than) {
  return !than || (status_of(*than) != Status::kNoSuchName && status_of(answer) == Status::kNoSuchName);
}

}  // namespace

Exchange::Exchange(EventLoop& loop, Request request, Done done)
    : loop_(loop), request_(std::move(request)), done_(std::move(done)), attempts_(request_.servers.size()) {
  CHECK(request_.query.size() >= kHeaderSize);
}

Exchange::~Exchange() {
  for (Attempt& attempt : attempts_) end(attempt);
  if (patience_) loop_.cancel(*patience_);
  if (deadline_) loop_.cancel(*deadline_);
}

void Exchange::start() {
  deadline_ = loop_.after(kDeadline, [this] {
    deadline_.reset();
    finish(second_best_);
  });
  patience_ = loop_.after({}, [this] { ask_next(); });
}

/// The next server that can be asked at all; after the last one the first again, until the rounds are over.
void Exchange::ask_next() {
  if (patience_) loop_.cancel(*patience_);
  patience_.reset();
  const int rounds = request_.transport == Transport::kTcp ? 1 : kRounds;
  for (; round_ < rounds; ++round_, asked_ = 0) {
    while (asked_ < attempts_.size()) {
      const size_t index = asked_++;
      if (auto asked = ask(index); asked.ok()) {
        patience_ = loop_.after(kPatience, [this] { ask_next(); });
        return;
      } else {
        logging::debug("ask name server",
                       {{"server", request_.servers[index].address.text()}, {"error", asked.error().message()}});
      }
    }
  }
  if (std::ranges::none_of(attempts_, [](const Attempt& attempt) { return attempt.socket.valid(); }))
    finish(second_best_);
}

/// For the first time, or, where the server stays silent, again: datagrams get lost.
Result<void> Exchange::ask(size_t index) {
  Attempt& attempt = attempts_[index];
  const bool tcp = request_.transport == Transport::kTcp;
  if (attempt.over) return unavailable("it has said no");
  if (!attempt.socket.valid()) TRY(open(index));
  if (!tcp && !TRY(sys::try_send(attempt.socket, attempt.query))) return unavailable("send queue is full");
  return {};
}

Result<void> Exchange::open(size_t index) {
  Attempt& attempt = attempts_[index];
  const Server& server = request_.servers[index];
  const bool tcp = request_.transport == Transport::kTcp;
  // Of its own: port and id together are what keeps others from guessing an answer (RFC 5452).
  attempt.query = request_.query;
  set_id(attempt.query, static_cast<uint16_t>(::arc4random()));
  UniqueFd socket = TRY(connect_in(server.from_host ? request_.host : request_.sandbox, tcp ? SOCK_STREAM : SOCK_DGRAM,
                                   server.address, server.port));
  TRY(loop_.watch(socket, tcp ? EPOLLOUT : EPOLLIN, [this, &attempt](uint32_t events) { on_ready(attempt, events); }));
  attempt.socket = std::move(socket);
  return {};
}

void Exchange::on_ready(Attempt& attempt, uint32_t events) {
  if (request_.transport == Transport::kUdp)
    on_datagram(attempt);
  else
    on_stream(attempt, events);
}

void Exchange::on_datagram(Attempt& attempt) {
  std::array<char, kLargestDatagram> buffer;
  const auto size = sys::try_receive(attempt.socket, buffer);
  if (!size.ok()) return give_up(attempt);  // nobody listens there: the kernel tells at once
  if (!*size) return;
  const std::string_view answer(buffer.data(), **size);
  // Anything else is not from the server, or late; the true one may still come.
  if (answers(answer, attempt.query)) take(attempt, std::string(answer));
}

void Exchange::on_stream(Attempt& attempt, uint32_t events) {
  if (attempt.sent < attempt.query.size() + kFrameHeaderSize) {
    const std::string frame = framed(attempt.query);
    const auto sent = sys::try_send(attempt.socket, std::string_view(frame).substr(attempt.sent));
    if (!sent.ok()) return give_up(attempt);
    attempt.sent += sent->value_or(0);
    if (attempt.sent == frame.size()) loop_.change(attempt.socket, EPOLLIN);
    return;
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  std::array<char, 16 * 1024> buffer;
  const auto size = sys::try_receive(attempt.socket, buffer);
  if (!size.ok() || (*size && **size == 0)) return give_up(attempt);
  if (!*size) return;
  attempt.received.append(buffer.data(), **size);
  const auto length = framed_length(attempt.received);
  if (!length || attempt.received.size() < kFrameHeaderSize + *length) return;
  std::string answer = attempt.received.substr(kFrameHeaderSize, *length);
  if (!answers(answer, attempt.query)) return give_up(attempt);
  take(attempt, std::move(answer));
}

void Exchange::take(Attempt& attempt, std::string answer) {
  set_id(answer, id_of(request_.query));
  if (is_good(answer)) return finish(std::move(answer));
  if (is_better(answer, second_best_)) second_best_ = std::move(answer);
  give_up(attempt);
}

void Exchange::give_up(Attempt& attempt) {
  end(attempt);
  ask_next();
}

void Exchange::end(Attempt& attempt) {
  attempt.over = true;
  if (!attempt.socket.valid()) return;
  loop_.unwatch(attempt.socket);
  attempt.socket.reset();
}

void Exchange::finish(std::optional<std::string> answer) {
  for (Attempt& attempt : attempts_) end(attempt);
  if (patience_) loop_.cancel(*patience_);
  if (deadline_) loop_.cancel(*deadline_);
  patience_.reset();
  deadline_.reset();
  if (auto done = std::exchange(done_, nullptr)) done(std::move(answer));
}

}  // namespace hull::network::dns
