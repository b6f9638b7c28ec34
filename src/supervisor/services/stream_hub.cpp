#include "supervisor/services/stream_hub.h"

namespace hull::supervisor {
namespace {

constexpr size_t kMaxStreams = 4096;
constexpr size_t kMaxId = 1024;

}  // namespace

Result<void> StreamHub::add(const std::string& ns, const std::string& id,
                            const std::shared_ptr<MessageStream>& stream) {
  if (id.empty() || id.size() > kMaxId) return invalid_argument("stream id: expected 1 to 1024 bytes");
  return streams_.with([&](auto& streams) -> Result<void> {
    if (streams.size() >= kMaxStreams) return Error(Code::kResourceExhausted, "too many streams are open");
    if (!streams.try_emplace({ns, id}, stream).second) return already_exists("stream \"" + id + "\"");
    return {};
  });
}

void StreamHub::remove(const std::string& ns, const std::string& id, const MessageStream& stream) {
  streams_.with([&](auto& streams) {
    const auto found = streams.find({ns, id});
    if (found != streams.end() && found->second.lock().get() == &stream) streams.erase(found);
  });
}

Result<std::shared_ptr<MessageStream>> StreamHub::take(const std::string& ns, const std::string& id) {
  auto stream = streams_.with([&](auto& streams) -> std::shared_ptr<MessageStream> {
    const auto node = streams.extract({ns, id});
    return node ? node.mapped().lock() : nullptr;
  });
  if (!stream) return not_found("stream \"" + id + "\"");
  return stream;
}

}  // namespace hull::supervisor
