#include "engine/stdio/session.h"

#include <poll.h>

#include <array>

#include "base/sys.h"
#include "engine/stdio/detach_keys.h"
#include "engine/stdio/read_receipt.h"

namespace hull::engine::stdio {
namespace {

using namespace std::chrono_literals;

constexpr size_t kInputBlock = 32 * 1024;
// A client that does not even read the answer's head by then gets the output with it.
constexpr auto kHeadTime = std::chrono::seconds(1);

class Session {
 public:
  Session(http::Hijacked connection, const std::shared_ptr<Hub>& hub, const std::shared_ptr<ClientQueue>& queue,
          const SessionOptions& options, const std::stop_token& stop)
      : client_(std::move(connection.fd)),
        hub_(hub),
        queue_(queue),
        options_(options),
        stop_(stop),
        detach_(options.detach_keys) {
    if (options_.input && detach_.feed(connection.early, to_process_)) end_ = SessionEnd::kDetached;
  }

  SessionEnd run() {
    if (auto set = sys::set_blocking(client_, sys::Blocking::kNo); !set.ok()) return SessionEnd::kClientGone;
    const auto woken = sys::eventfd(0);
    if (!woken.ok()) return SessionEnd::kStopped;
    // Not the queue's own: it is left alone while the client is behind.
    stopped_ = *woken;
    const std::stop_callback wake(stop_,
                                  [this] { (void)sys::write(stopped_, std::string_view("\1\0\0\0\0\0\0\0", 8)); });
    while (!end_) {
      if (stop_.stop_requested()) return SessionEnd::kStopped;
      if (options_.input && !input_.valid()) input_ = hub_->input().value_or(UniqueFd());
      step();
    }
    return *end_;
  }

 private:
  struct Polled {
    std::array<pollfd, 5> fds{};
    pollfd& client() { return fds[0]; }
    pollfd& queue() { return fds[1]; }
    pollfd& input() { return fds[2]; }
    pollfd& receipt() { return fds[3]; }
    pollfd& stop() { return fds[4]; }
  };

  Polled wishes() const {
    Polled polled;
    const bool reads = client_open_ && to_process_.size() < kInputBlock;
    polled.client() = {client_.get(), 0, 0};
    if (reads) polled.client().events |= POLLIN;
    if (!to_client_.empty()) polled.client().events |= POLLOUT;
    // While the client is behind, the queue is left to fill up: that is what slows the process down.
    polled.queue() = {head_read_ && to_client_.empty() && more_ ? queue_->signal().get() : -1, POLLIN, 0};
    polled.receipt() = {head_read_ ? -1 : receipt_signal_.get(), POLLIN, 0};
    polled.stop() = {stopped_.get(), POLLIN, 0};
    polled.input() = {!to_process_.empty() && input_.valid() ? input_.get() : -1, POLLOUT, 0};
    return polled;
  }

  void step() {
    if (to_client_.empty() && !more_) return finish(SessionEnd::kProcessEnded);
    if (!head_read_) look_for_receipt();
    Polled polled = wishes();
    if (::poll(polled.fds.data(), polled.fds.size(), head_read_ ? -1 : static_cast<int>(kHeadTime / 1ms)) < 0)
      return errno == EINTR ? void() : finish(SessionEnd::kStopped);
    if (polled.receipt().revents != 0) receipt_.consume();
    if (polled.queue().revents != 0) more_ = queue_->take(to_client_);
    if (!to_client_.empty()) write_client();
    if (end_) return;
    if (polled.client().revents & POLLIN) {
      read_client();
    } else if (polled.client().revents & (POLLHUP | POLLERR)) {
      return finish(SessionEnd::kClientGone);
    }
    if (polled.input().revents != 0) write_process();
    if (!client_open_ && to_process_.empty()) end_input();
  }

  /// Output waits in the queue until the client has read the answer's head.
  void look_for_receipt() {
    head_read_ = receipt_.read();
    if (head_read_) return;
    const auto signal = receipt_.signal();
    // Once more: a read before there was a signal has left none.
    head_read_ = !signal.ok() || receipt_.read() || std::chrono::steady_clock::now() >= head_deadline_;
    if (signal.ok()) receipt_signal_ = *signal;
  }

  void write_client() {
    const auto written = sys::try_write(client_, std::string_view(to_client_).substr(sent_));
    if (!written.ok()) return finish(SessionEnd::kClientGone);
    if (!*written) return;
    sent_ += **written;
    if (sent_ < to_client_.size()) return;
    to_client_.clear();
    sent_ = 0;
  }

  void read_client() {
    std::array<char, kInputBlock> buffer;
    const auto got = sys::try_read(client_, buffer);
    if (!got.ok()) return finish(SessionEnd::kClientGone);
    if (!*got) return;
    if (**got == 0) {
      client_open_ = false;
    } else if (options_.input && detach_.feed({buffer.data(), **got}, to_process_)) {
      finish(SessionEnd::kDetached);
    }
  }

  void write_process() {
    const auto written = sys::try_write(input_, to_process_);
    if (!written.ok()) return to_process_.clear();
    if (*written) to_process_.erase(0, **written);
  }

  void end_input() {
    if (std::exchange(input_ended_, true) || !options_.input) return;
    input_.reset();
    if (options_.input_ended) options_.input_ended();
  }

  void finish(SessionEnd end) {
    if (!end_) end_ = end;
  }

  const UniqueFd client_;
  const std::shared_ptr<Hub> hub_;
  const std::shared_ptr<ClientQueue> queue_;
  const SessionOptions& options_;
  const std::stop_token& stop_;
  DetachWatch detach_;
  ReadReceipt receipt_{client_};
  FdRef receipt_signal_{-1};
  FdRef stopped_{-1};
  const std::chrono::steady_clock::time_point head_deadline_ = std::chrono::steady_clock::now() + kHeadTime;
  bool head_read_ = false;
  UniqueFd input_;
  std::string to_client_;
  size_t sent_ = 0;
  std::string to_process_;
  bool more_ = true;         // output may come
  bool client_open_ = true;  // its sending half
  bool input_ended_ = false;
  std::optional<SessionEnd> end_;
};

}  // namespace

SessionEnd serve(http::Hijacked connection, const std::shared_ptr<Hub>& hub, const std::shared_ptr<ClientQueue>& queue,
                 const SessionOptions& options, const std::stop_token& stop) {
  const SessionEnd end = Session(std::move(connection), hub, queue, options, stop).run();
  hub->remove(queue);
  return end;
}

}  // namespace hull::engine::stdio
