#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/call.h"
#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"
#include "engine/logs/json_file.h"
#include "engine/stdio/client_queue.h"
#include "engine/stdio/pump.h"

namespace hull::engine::stdio {

/// The FIFOs of one process; an empty path where it has no such stream.
struct Fifos {
  std::string in;
  std::string out;
  std::string err;
};

/// Makes the FIFOs that a process needs, in a directory that is made, too. prefix: "" or "<exec id>-".
enum class Stdin { kNo, kYes };
enum class Terminal { kNo, kYes };
Result<Fifos> make_fifos(const std::string& directory, const std::string& prefix, Stdin in, Terminal terminal);
void remove_fifos(const Fifos& fifos);

/// Where the streams of one container's (or exec's) process meet its log and its clients. Clients may come before the
/// process runs. Lives through several runs, one after the other. Thread-safe.
class Hub : public std::enable_shared_from_this<Hub> {
 public:
  static std::shared_ptr<Hub> create(Pump& pump) { return std::shared_ptr<Hub>(new Hub(pump.pick())); }

  /// A run begins: opens the FIFOs, so that what is written to them waits. The driver is used by the pump's thread
  /// only, and goes at the run's end.
  Result<void> begin(const Fifos& fifos, std::unique_ptr<logs::Driver> driver);
  /// The process has started: what comes out of it goes to the log and to the clients, and input reaches it. Before,
  /// the FIFOs may hold a runtime's own complaints, which close() then drops; and input would be lost with the last
  /// opener.
  void flow();
  bool is_open() const;
  /// Moves what is in the FIFOs at this moment, and returns when that is done. Clients that are behind get it, too.
  void drain_now();
  /// Waits until the process and its children closed their output, or the call ends.
  void wait_drained(const Call& call);
  /// The run is over: what is still in the FIFOs is moved, then everything is closed. Returns when it is done.
  void close();
  /// Tells the clients that no more comes; they are forgotten.
  void end_clients();

  void add(const std::shared_ptr<ClientQueue>& client);
  /// The same between two pieces of output. `at_cut` is called first, on the pump's thread, with the run's driver (null
  /// where nothing runs): what the log holds then, and the unfinished lines that it does not, is all that the client
  /// does not get.
  void add_at_cut(const std::shared_ptr<ClientQueue>& client, const std::function<void(const logs::Driver*)>& at_cut);
  void remove(const std::shared_ptr<ClientQueue>& client);

  /// The process's input, non-blocking; invalid where the process does not run or has none, or it was closed.
  Result<UniqueFd> input() const;
  /// There is no more input in this run, or in the next one where none goes on.
  void close_input();
  bool input_closed() const;

 private:
  struct Stream {
    logs::Stream name;
    UniqueFd fd;
    bool paused = false;
  };
  struct Run {
    std::unique_ptr<logs::Driver> driver;
    std::vector<Stream> streams;
  };

  explicit Hub(EventLoop& loop) : loop_(loop) {}
  void watch(size_t index);
  void on_readable(size_t index);
  Result<std::optional<size_t>> take(Stream& stream, size_t most = SIZE_MAX);
  bool deliver(logs::Stream stream, std::string_view bytes);
  void drain_stream(size_t index);
  void end_stream(size_t index);
  void resume();
  enum class Rest { kDeliver, kDrop };
  void close_on_loop(Rest rest);

  EventLoop& loop_;
  Run run_;  // only on the loop's thread, once begun

  mutable std::mutex mutex_;
  std::condition_variable_any drained_;
  int open_streams_ = 0;                               // guarded by mutex_
  std::vector<std::shared_ptr<ClientQueue>> clients_;  // guarded by mutex_
  UniqueFd input_;                                     // guarded by mutex_
  bool input_closed_ = false;                          // guarded by mutex_
  bool running_ = false;                               // guarded by mutex_
  bool flowing_ = false;                               // guarded by mutex_
};

}  // namespace hull::engine::stdio
