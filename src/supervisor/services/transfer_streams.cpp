#include "supervisor/services/transfer_streams.h"

#include "base/base64.h"
#include "base/text.h"
#include "ipc/proto/containerd/types/transfer.pb.h"
#include "supervisor/services/convert.h"

namespace hull::supervisor {
namespace {

namespace api = containerd::types::transfer;
using google::protobuf::Any;

constexpr int32_t kWindow = 1 << 20;
constexpr size_t kPiece = 32 * 1024;
constexpr std::chrono::seconds kShowTime(1);

Any pack(const google::protobuf::Message& message) {
  Any any;
  any.set_type_url(std::string(message.GetTypeName()));  // as containerd's clients know them
  any.set_value(message.SerializeAsString());
  return any;
}

template <class Message>
Result<Message> unpack(const Any& any) {
  Message message;
  const std::string expected(message.GetTypeName());
  const std::string type = any.type_url().substr(any.type_url().rfind('/') + 1);
  if (type != expected) return invalid_argument("stream: unexpected " + any.type_url() + ", expected " + expected);
  if (!message.ParseFromString(any.value())) return invalid_argument("stream: malformed " + expected);
  return message;
}

Result<registry::Credentials> credentials_from_header(const std::string& header) {
  const auto parts = cut(header, " ");
  if (parts && to_lower(parts->before) == "bearer")
    return registry::Credentials{.registry_token = std::string(parts->after)};
  if (parts && to_lower(parts->before) == "basic") {
    const auto decoded = TRY(base64_decode(trim(parts->after)).context("authorization header"));
    if (const auto pair = cut(decoded, ":"))
      return registry::Credentials{.username = std::string(pair->before), .password = std::string(pair->after)};
  }
  return invalid_argument("authorization header: expected a bearer token or basic credentials");
}

}  // namespace

Result<size_t> StreamSource::read(std::span<char> data) {
  while (offset_ == rest_.size()) {
    if (window_ < kWindow / 2) {
      api::WindowUpdate update;
      update.set_update(kWindow);
      // One that has sent all and gone needs none.
      if (stream_.send(call_, pack(update)).ok()) window_ += kWindow;
    }
    const auto message = TRY(stream_.receive(call_));
    if (!message) return size_t{0};
    rest_ = TRY(unpack<api::Data>(*message)).data();
    offset_ = 0;
    window_ -= static_cast<int64_t>(rest_.size());
  }
  const size_t count = rest_.copy(data.data(), data.size(), offset_);
  offset_ += count;
  return count;
}

Result<void> StreamSink::write(std::string_view data) {
  while (!data.empty()) {
    TRY(await_window());
    const size_t count = std::min({data.size(), kPiece, static_cast<size_t>(window_)});
    api::Data piece;
    piece.set_data(std::string(data.substr(0, count)));
    TRY(stream_.send(call_, pack(piece)));
    window_ -= static_cast<int64_t>(count);
    data.remove_prefix(count);
  }
  return {};
}

Result<void> StreamSink::await_window() {
  while (window_ <= 0) {
    const auto message = TRY(stream_.receive(call_));
    if (!message) return unavailable("write: the client has closed the stream");
    const int32_t update = TRY(unpack<api::WindowUpdate>(*message)).update();
    if (update < 0) return invalid_argument("stream: a window can't be taken back");
    window_ += update;
  }
  return {};
}

void send_progress(const Call& call, MessageStream& stream, const TransferProgress& progress) {
  api::Progress message;
  message.set_event(progress.event);
  message.set_name(progress.name);
  for (const auto& parent : progress.parents) message.add_parents(parent);
  message.set_progress(progress.progress);
  message.set_total(progress.total);
  if (progress.descriptor) to_proto(*progress.descriptor, *message.mutable_desc());
  (void)stream.send(Call::within(kShowTime, call.stop), pack(message)).ok();
}

Result<registry::Credentials> ask_for_credentials(const Call& call, MessageStream& stream, const std::string& host,
                                                  const std::string& reference) {
  api::AuthRequest request;
  request.set_host(host);
  request.set_reference(reference);
  TRY(stream.send(call, pack(request)));
  const auto message = TRY(stream.receive(call));
  if (!message) return registry::Credentials{};
  const auto answer = TRY(unpack<api::AuthResponse>(*message));
  switch (answer.authtype()) {
    case api::NONE: return registry::Credentials{};
    case api::CREDENTIALS: return registry::Credentials{.username = answer.username(), .password = answer.secret()};
    case api::REFRESH: return registry::Credentials{.identity_token = answer.secret()};
    case api::HEADER: return credentials_from_header(answer.secret());
    default: return invalid_argument("auth_stream: unknown kind of credentials");
  }
}

}  // namespace hull::supervisor
