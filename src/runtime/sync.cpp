#include "runtime/sync.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/sys.h"

namespace hull::runtime {
namespace {

constexpr size_t kLongest = 8192;

}  // namespace

Result<void> SyncSocket::send(Sync kind, std::string_view text) const {
  std::string packet(1, static_cast<char>(kind));
  packet += text.substr(0, kLongest - 1);
  if (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) == -1)
    return Error::from_errno(errno, "write to the other process");
  return {};
}

Result<std::optional<SyncMessage>> SyncSocket::receive() const {
  char packet[kLongest];
  auto size = sys::read(socket_, packet);
  if (!size.ok() && size.error().number() == ECONNRESET) return std::optional<SyncMessage>();
  const size_t length = TRY(std::move(size));
  if (length == 0) return std::optional<SyncMessage>();
  return std::optional(SyncMessage{static_cast<Sync>(packet[0]), std::string(packet + 1, length - 1)});
}

Result<std::string> SyncSocket::expect(Sync kind) const {
  auto message = TRY(receive());
  if (!message) return Error(Code::kAborted, "the other process ended unexpectedly");
  if (message->kind == Sync::kFailed) return Error(Code::kUnknown, std::move(message->text));
  if (message->kind != kind) return internal_error("unexpected message of the other process");
  return std::move(message->text);
}

Result<void> SyncSocket::expect_end() const {
  auto message = TRY(receive());
  if (!message) return {};
  if (message->kind == Sync::kFailed) return Error(Code::kUnknown, std::move(message->text));
  return internal_error("unexpected message of the other process");
}

Result<SyncPair> make_sync_pair() {
  auto pair = TRY(sys::socketpair(SOCK_SEQPACKET));
  return SyncPair{SyncSocket(std::move(pair.first)), SyncSocket(std::move(pair.second))};
}

Result<Gate> Gate::make() { return Gate(TRY(sys::pipe())); }

void Gate::pass() {
  pipe_.write.reset();
  char none = 0;
  (void)sys::read(pipe_.read, std::span(&none, 1));
  pipe_.read.reset();
}

}  // namespace hull::runtime
