#include "engine/stdio/hub.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <future>

#include "base/files.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/sys.h"

namespace hull::engine::stdio {
namespace {

// What a process may write before it waits for us: a pump's thread may be busy for a while.
constexpr int kPipeBytes = 1024 * 1024;
// A process that writes without end must not keep its loop from the others.
constexpr int kReadsPerTurn = 4;

Result<UniqueFd> open_output(const std::string& path) {
  UniqueFd fd = TRY(sys::open(path, O_RDONLY | O_NONBLOCK));
  // Smaller where the limit of the user's pipes is reached: that costs speed only.
  (void)::fcntl(fd.get(), F_SETPIPE_SZ, kPipeBytes);
  return fd;
}

/// What waits in a FIFO at this moment.
size_t bytes_in(FdRef fifo) {
  int count = 0;
  return ::ioctl(fifo.get(), FIONREAD, &count) == 0 && count > 0 ? static_cast<size_t>(count) : 0;
}

}  // namespace

Result<Fifos> make_fifos(const std::string& directory, const std::string& prefix, Stdin in, Terminal terminal) {
  TRY(make_directories(directory, 0700));
  const auto path = [&](const char* name) { return directory + "/" + prefix + name; };
  Fifos fifos{in == Stdin::kYes ? path("0") : "", path("1"), terminal == Terminal::kYes ? "" : path("2")};
  for (const std::string& fifo : {fifos.in, fifos.out, fifos.err}) {
    if (fifo.empty()) continue;
    auto made = sys::mkfifo(fifo, 0600);
    if (made.is(Code::kAlreadyExists)) {
      // Of a run that ended in a crash: what it holds was meant for that one.
      TRY(sys::unlink(fifo));
      made = sys::mkfifo(fifo, 0600);
    }
    TRY(std::move(made));
  }
  return fifos;
}

void remove_fifos(const Fifos& fifos) {
  for (const std::string& fifo : {fifos.in, fifos.out, fifos.err})
    if (!fifo.empty()) (void)sys::unlink(fifo).ok();
}

Result<void> Hub::begin(const Fifos& fifos, std::unique_ptr<logs::Driver> driver) {
  Run run{std::move(driver), {}};
  UniqueFd input;
  const std::pair<logs::Stream, const std::string&> outputs[] = {{logs::Stream::kStdout, fifos.out},
                                                                 {logs::Stream::kStderr, fifos.err}};
  for (const auto& [stream, path] : outputs) {
    if (path.empty()) continue;
    auto output = TRY(open_output(path));
    run.streams.push_back({stream, std::move(output)});
  }
  // For reading, too: opening does not wait for the process, and writing never raises SIGPIPE.
  if (!fifos.in.empty()) input = TRY(sys::open(fifos.in, O_RDWR | O_NONBLOCK));
  {
    std::lock_guard lock(mutex_);
    CHECK(!running_);
    running_ = true;
    open_streams_ = static_cast<int>(run.streams.size());
    input_ = std::move(input);
  }
  // Handed over in a holder, since the loop's work is copied about.
  auto holder = std::make_shared<Run>(std::move(run));
  loop_.post([self = shared_from_this(), holder] { self->run_ = std::move(*holder); });
  return {};
}

void Hub::flow() {
  std::vector<std::shared_ptr<ClientQueue>> waiting;
  {
    std::lock_guard lock(mutex_);
    if (!running_ || std::exchange(flowing_, true)) return;
    if (input_closed_) input_.reset();
    waiting = clients_;
  }
  loop_.post([self = shared_from_this()] {
    for (size_t i = 0; i < self->run_.streams.size(); ++i)
      if (self->run_.streams[i].fd.valid()) self->watch(i);
  });
  for (const auto& client : waiting) client->wake();  // there is an input now
}

void Hub::watch(size_t index) {
  Stream& stream = run_.streams[index];
  // The loop keeps the hub alive while a FIFO is watched.
  auto watched =
      loop_.watch(stream.fd, EPOLLIN, [self = shared_from_this(), index](uint32_t) { self->on_readable(index); });
  if (watched.ok()) return;
  logging::error("watch container output", {{"error", watched.error().message()}});
  end_stream(index);
}

void Hub::on_readable(size_t index) {
  Stream& stream = run_.streams[index];
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const auto got = take(stream);
    if (!got.ok() || (*got && **got == 0)) return end_stream(index);
    if (!*got) return;
    if (!deliver(stream.name, {Pump::buffer().data(), **got})) {
      // A hang-up would be reported again and again if the descriptor stayed watched.
      stream.paused = true;
      return loop_.unwatch(stream.fd);
    }
  }
}

Result<std::optional<size_t>> Hub::take(Stream& stream, size_t most) {
  const auto buffer = Pump::buffer().first(std::min(most, Pump::buffer().size()));
  return run_.driver ? run_.driver->take(stream.name, stream.fd, buffer) : sys::try_read(stream.fd, buffer);
}

/// False where a client is behind.
bool Hub::deliver(logs::Stream stream, std::string_view bytes) {
  if (run_.driver) run_.driver->write(stream, bytes);
  std::vector<std::shared_ptr<ClientQueue>> clients;
  {
    std::lock_guard lock(mutex_);
    if (clients_.empty()) return true;
    clients = clients_;
  }
  bool room = true;
  for (const auto& client : clients) room = client->push(stream, bytes) && room;
  return room;
}

void Hub::end_stream(size_t index) {
  Stream& stream = run_.streams[index];
  if (!stream.fd.valid()) return;
  loop_.unwatch(stream.fd);
  stream.fd.reset();
  if (run_.driver) run_.driver->finish(stream.name);
  std::lock_guard lock(mutex_);
  --open_streams_;
  drained_.notify_all();
}

void Hub::resume() {
  loop_.post([self = shared_from_this()] {
    for (size_t i = 0; i < self->run_.streams.size(); ++i)
      if (std::exchange(self->run_.streams[i].paused, false) && self->run_.streams[i].fd.valid()) self->watch(i);
  });
}

void Hub::drain_now() {
  std::promise<void> done;
  loop_.post([this, &done] {
    for (size_t i = 0; i < run_.streams.size(); ++i) drain_stream(i);
    done.set_value();
  });
  done.get_future().wait();
}

/// Whatever its clients do: what a FIFO holds is bounded. What is written meanwhile is left, or it might never end.
void Hub::drain_stream(size_t index) {
  Stream& stream = run_.streams[index];
  if (!stream.fd.valid()) return;
  // One byte more tells whether the end was reached.
  for (size_t left = bytes_in(stream.fd) + 1; left > 0;) {
    const auto got = take(stream, left);
    if (!got.ok() || (*got && **got == 0)) return end_stream(index);
    if (!*got) return;
    (void)deliver(stream.name, {Pump::buffer().data(), **got});
    left -= **got;
  }
}

void Hub::wait_drained(const Call& call) {
  // A FIFO that had no writer since we opened it never reports its end; reading it does.
  drain_now();
  std::unique_lock lock(mutex_);
  drained_.wait_until(lock, call.stop, call.deadline, [this] { return open_streams_ <= 0; });
}

bool Hub::is_open() const {
  std::lock_guard lock(mutex_);
  return running_;
}

void Hub::close() {
  Rest rest = Rest::kDrop;
  {
    std::lock_guard lock(mutex_);
    if (!running_) return;
    running_ = false;
    if (std::exchange(flowing_, false)) rest = Rest::kDeliver;
    input_closed_ = false;
    input_.reset();
  }
  std::promise<void> done;
  loop_.post([this, rest, &done] {
    close_on_loop(rest);
    done.set_value();
  });
  done.get_future().wait();
}

void Hub::close_on_loop(Rest rest) {
  for (size_t i = 0; i < run_.streams.size(); ++i) {
    if (rest == Rest::kDeliver) drain_stream(i);
    end_stream(i);
  }
  run_ = Run();
}

void Hub::end_clients() {
  std::vector<std::shared_ptr<ClientQueue>> clients;
  {
    std::lock_guard lock(mutex_);
    clients.swap(clients_);
  }
  for (const auto& client : clients) client->end();
}

void Hub::add(const std::shared_ptr<ClientQueue>& client) {
  client->on_room([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->resume();
  });
  std::lock_guard lock(mutex_);
  clients_.push_back(client);
}

void Hub::add_at_cut(const std::shared_ptr<ClientQueue>& client,
                     const std::function<void(const logs::Driver*)>& at_cut) {
  std::promise<void> done;
  loop_.post([&] {
    at_cut(run_.driver.get());
    add(client);
    done.set_value();
  });
  done.get_future().wait();
}

void Hub::remove(const std::shared_ptr<ClientQueue>& client) {
  client->abandon();
  std::lock_guard lock(mutex_);
  std::erase(clients_, client);
}

Result<UniqueFd> Hub::input() const {
  std::lock_guard lock(mutex_);
  if (!input_.valid() || !flowing_) return UniqueFd();
  return sys::dup(input_);
}

void Hub::close_input() {
  std::lock_guard lock(mutex_);
  input_closed_ = true;
  if (flowing_) input_.reset();
}

bool Hub::input_closed() const {
  std::lock_guard lock(mutex_);
  return input_closed_;
}

}  // namespace hull::engine::stdio
