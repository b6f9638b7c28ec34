#include "engine/stdio/read_receipt.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/sys.h"

namespace hull::engine::stdio {

bool ReadReceipt::read() const {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) == -1 || domain != AF_UNIX) return true;
  int unread = 0;
  return ::ioctl(socket_.get(), SIOCOUTQ, &unread) == -1 || unread == 0;
}

Result<FdRef> ReadReceipt::signal() {
  if (edges_.valid()) return FdRef(edges_);
  UniqueFd epoll = TRY(sys::epoll_create());
  // The socket is writable all the time; its edges are the reads of the other side.
  TRY(sys::epoll_add(epoll, socket_, EPOLLOUT | EPOLLET, 0));
  edges_ = std::move(epoll);
  consume();
  return FdRef(edges_);
}

void ReadReceipt::consume() {
  epoll_event event;
  (void)sys::epoll_wait(edges_, {&event, 1}, std::chrono::milliseconds(0)).ok();
}

}  // namespace hull::engine::stdio
