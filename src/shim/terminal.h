#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"
#include "shim/stdio.h"

namespace hull::shim {

/// A process with a terminal: the runtime sends the pty's master through the console socket, and bytes are carried
/// between it and the FIFOs. Of each direction at most one read's worth is held: while the output FIFO is full, the pty
/// is not read, so that the process waits and nothing is lost.
class Terminal : public std::enable_shared_from_this<Terminal> {
 public:
  /// socket_path: a free name for the console socket, short enough for one.
  static Result<std::shared_ptr<Terminal>> create(EventLoop& loop, const StdioPaths& paths, Owner owner,
                                                  OutputEnd output, std::string socket_path);
  ~Terminal();

  const std::string& socket_path() const { return socket_path_; }
  /// Takes the master, which the runtime has sent before it ended, and starts to carry.
  Result<void> attach();
  Result<void> resize(uint32_t width, uint32_t height);
  void close_stdin();
  /// Runs once all output was handed on: at once, or when the last process has closed the terminal and the FIFO took
  /// everything.
  void when_drained(std::function<void()> handler);
  /// Ends everything, whatever is under way.
  void close();

 private:
  explicit Terminal(EventLoop& loop) : loop_(loop) {}
  Result<UniqueFd> receive_master();
  void remove_socket();
  void on_master(uint32_t events);
  void carry_output();
  void carry_input();
  bool flush_output();
  bool flush_input();
  void finish_output();
  void finish_input();

  EventLoop& loop_;
  std::string socket_path_;
  UniqueFd listener_;
  UniqueFd master_;
  InputEnd input_;
  OutputEnd output_;
  bool output_watched_ = false;
  bool drained_ = false;
  std::string pending_output_;
  std::string pending_input_;
  std::vector<std::function<void()>> on_drained_;
};

}  // namespace hull::shim
