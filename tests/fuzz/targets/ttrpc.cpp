// A peer's bytes on a shim's socket: frames in any pieces, then a server's connection, down to the task API's requests.
#include <google/protobuf/stubs/logging.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "../target.h"
#include "base/log.h"
#include "base/sys.h"
#include "ipc/proto/shim/task.pb.h"
#include "ipc/ttrpc/frame.h"
#include "ipc/ttrpc/typed.h"
#include "shim/create_options.h"
#include "shim/stdio_uri.h"

namespace {

using namespace hull;
namespace api = containerd::task::v2;
using Empty = google::protobuf::Empty;

bool same(const ttrpc::Frame& a, const ttrpc::Frame& b) {
  return a.stream == b.stream && a.type == b.type && a.flags == b.flags && a.length == b.length &&
         a.message == b.message;
}

/// However the bytes come, the frames are the same.
void check_frames(std::string_view bytes) {
  std::vector<ttrpc::Frame> whole, pieces;
  ttrpc::FrameReader one, many;
  one.feed(bytes, whole);
  for (size_t at = 0, size = 1; at < bytes.size(); at += size, size = size % 7 + 1)
    many.feed(bytes.substr(at, size), pieces);
  CHECK(whole.size() == pieces.size());
  for (size_t i = 0; i < whole.size(); ++i) CHECK(same(whole[i], pieces[i]));
}

/// What was read and written again reads the same.
void check_request(std::string_view message) {
  const auto request = ttrpc::decode_request(message);
  (void)ttrpc::decode_response(message).ok();
  if (!request.ok()) return;
  const std::string again = ttrpc::encode(*request);
  const auto reread = MUST(ttrpc::decode_request(again));
  CHECK(reread.service == request->service && reread.method == request->method && reread.payload == request->payload);
  CHECK(reread.timeout == request->timeout && reread.metadata == request->metadata);
}

/// Refusals are logged, thousands of them.
class Silence final : public logging::Sink {
 public:
  void write(logging::Level, std::string_view, logging::Fields) override {}
};

/// A shim's service that does nothing but read what it is asked.
class Peer {
 public:
  Peer() : loop_(MUST(EventLoop::create())), path_("/tmp/hull-fuzz-ttrpc-" + std::to_string(::getpid())) {
    server_.emplace(*loop_, MUST(sys::listen_unix(path_, 0600)),
                    ttrpc::Server::Options{.max_calls = 4, .on_connect = {}});
    add<api::StateRequest>("State");
    add<api::ExecProcessRequest>("Exec");
    add<api::KillRequest>("Kill");
    add<api::PidsRequest>("Pids");
    ttrpc::serve<api::CreateTaskRequest, Empty>(
        *server_, "containerd.task.v2.Task", "Create",
        [](const api::CreateTaskRequest& request, const ttrpc::Reply<Empty>& reply) {
          (void)shim::parse_stdio_uri(request.stdout()).ok();
          auto options = shim::parse_options(request, "test");
          if (!options.ok()) return reply(std::move(options).error());
          reply(Empty());
        });
    ttrpc::serve<api::CheckpointTaskRequest, Empty>(
        *server_, "containerd.task.v2.Task", "Checkpoint",
        [](const api::CheckpointTaskRequest& request, const ttrpc::Reply<Empty>& reply) {
          auto settings = shim::parse_checkpoint_options(request);
          if (!settings.ok()) return reply(std::move(settings).error());
          reply(Empty());
        });
    MUST(server_->start());
  }
  ~Peer() { (void)sys::unlink(path_).ok(); }

  /// To the end of the connection. Returns how many bytes were answered.
  size_t talk(std::string_view bytes) {
    const auto client = MUST(sys::connect_unix(path_, SOCK_NONBLOCK));
    size_t answered = 0;
    bool shut = false;
    MUST(loop_->watch(client, EPOLLIN | EPOLLOUT, [&](uint32_t) {
      if (!bytes.empty()) {
        const auto sent = sys::try_write(client, bytes);
        if (!sent.ok()) bytes = {};
        if (sent.ok() && *sent) bytes.remove_prefix(**sent);
      }
      if (bytes.empty() && !std::exchange(shut, true)) ::shutdown(client.get(), SHUT_WR);
      if (shut) loop_->change(client, EPOLLIN);
      char buffer[4096];
      const auto count = sys::try_read(client, buffer);
      if (!count.ok() || (*count && **count == 0)) return loop_->stop();
      if (*count) answered += **count;
    }));
    MUST(loop_->run());
    loop_->unwatch(client);
    return answered;
  }

 private:
  template <class Request>
  void add(const char* method) {
    ttrpc::serve<Request, Empty>(*server_, "containerd.task.v2.Task", method,
                                 [](const Request& request, const ttrpc::Reply<Empty>& reply) {
                                   if (request.id().empty()) return reply(invalid_argument("id"));
                                   reply(Empty());
                                 });
  }

  std::unique_ptr<EventLoop> loop_;
  std::string path_;
  std::optional<ttrpc::Server> server_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool silent = [] {
    logging::install(std::make_unique<Silence>(), logging::Level::kError);
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  CHECK(silent);
  const std::string_view bytes = fuzz::text_of(data, size);
  check_frames(bytes);
  check_request(bytes.substr(std::min(bytes.size(), ttrpc::kHeaderSize)));
  Peer peer;  // a loop runs once
  return peer.talk(bytes) > 0 ? 0 : -1;
}
