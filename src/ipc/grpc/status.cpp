#include "ipc/grpc/status.h"

#include <algorithm>

namespace hull::ipc {
namespace {

grpc::StatusCode to_code(Code code) {
  switch (code) {
    case Code::kCancelled: return grpc::StatusCode::CANCELLED;
    case Code::kUnknown: return grpc::StatusCode::UNKNOWN;
    case Code::kInvalidArgument: return grpc::StatusCode::INVALID_ARGUMENT;
    case Code::kDeadlineExceeded: return grpc::StatusCode::DEADLINE_EXCEEDED;
    case Code::kNotFound: return grpc::StatusCode::NOT_FOUND;
    case Code::kAlreadyExists: return grpc::StatusCode::ALREADY_EXISTS;
    case Code::kPermissionDenied: return grpc::StatusCode::PERMISSION_DENIED;
    case Code::kResourceExhausted: return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Code::kFailedPrecondition: return grpc::StatusCode::FAILED_PRECONDITION;
    case Code::kAborted: return grpc::StatusCode::ABORTED;
    case Code::kOutOfRange: return grpc::StatusCode::OUT_OF_RANGE;
    case Code::kUnimplemented: return grpc::StatusCode::UNIMPLEMENTED;
    case Code::kInternal: return grpc::StatusCode::INTERNAL;
    case Code::kUnavailable: return grpc::StatusCode::UNAVAILABLE;
    case Code::kDataLoss: return grpc::StatusCode::DATA_LOSS;
    case Code::kUnauthenticated: return grpc::StatusCode::UNAUTHENTICATED;
    // gRPC does not tell these apart from a state that forbids the call.
    case Code::kNotModified:
    case Code::kConflict: return grpc::StatusCode::FAILED_PRECONDITION;
  }
  return grpc::StatusCode::UNKNOWN;
}

Code from_code(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::CANCELLED: return Code::kCancelled;
    case grpc::StatusCode::INVALID_ARGUMENT: return Code::kInvalidArgument;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return Code::kDeadlineExceeded;
    case grpc::StatusCode::NOT_FOUND: return Code::kNotFound;
    case grpc::StatusCode::ALREADY_EXISTS: return Code::kAlreadyExists;
    case grpc::StatusCode::PERMISSION_DENIED: return Code::kPermissionDenied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return Code::kResourceExhausted;
    case grpc::StatusCode::FAILED_PRECONDITION: return Code::kFailedPrecondition;
    case grpc::StatusCode::ABORTED: return Code::kAborted;
    case grpc::StatusCode::OUT_OF_RANGE: return Code::kOutOfRange;
    case grpc::StatusCode::UNIMPLEMENTED: return Code::kUnimplemented;
    case grpc::StatusCode::INTERNAL: return Code::kInternal;
    case grpc::StatusCode::UNAVAILABLE: return Code::kUnavailable;
    case grpc::StatusCode::DATA_LOSS: return Code::kDataLoss;
    case grpc::StatusCode::UNAUTHENTICATED: return Code::kUnauthenticated;
    case grpc::StatusCode::OK:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DO_NOT_USE: break;
  }
  return Code::kUnknown;
}

/// containerd's errdefs: the kinds that it words.
std::string_view words(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT: return "invalid argument";
    case grpc::StatusCode::NOT_FOUND: return "not found";
    case grpc::StatusCode::ALREADY_EXISTS: return "already exists";
    case grpc::StatusCode::FAILED_PRECONDITION: return "failed precondition";
    case grpc::StatusCode::UNAVAILABLE: return "unavailable";
    case grpc::StatusCode::UNIMPLEMENTED: return "not implemented";
    default: return "";
  }
}

/// Messages travel in a header, of which clients take 8 KiB; all but printable ASCII is three bytes there. The end,
/// where the cause stands, is kept.
std::string shortened(std::string message) {
  constexpr size_t kMaxEncoded = 6000;
  constexpr size_t kHead = 1000;
  const auto width = [](char c) { return c >= ' ' && c <= '~' && c != '%' ? size_t{1} : size_t{3}; };
  size_t encoded = 0;
  for (const char c : message) encoded += width(c);
  if (encoded <= kMaxEncoded) return message;
  const auto is_inside = [&](size_t at) { return at < message.size() && (message[at] & 0xC0) == 0x80; };
  size_t head = std::min(kHead, message.size());
  while (head > 0 && is_inside(head)) --head;
  size_t tail = message.size();
  for (size_t left = kMaxEncoded - 3 * kHead - 16; tail > head && left >= width(message[tail - 1]);)
    left -= width(message[--tail]);
  while (is_inside(tail)) ++tail;
  return message.substr(0, head) + " ... " + message.substr(tail);
}

}  // namespace

grpc::Status to_status(const Error& error) {
  const auto code = to_code(error.code());
  const std::string_view kind = words(code);
  std::string message = error.message();
  if (!kind.empty() && !message.ends_with(kind)) message += (message.empty() ? "" : ": ") + std::string(kind);
  return grpc::Status(code, shortened(std::move(message)));
}

Error from_status(const grpc::Status& status) {
  const std::string ending = ": " + std::string(words(status.error_code()));
  std::string message = status.error_message();
  if (ending.size() > 2 && message.ends_with(ending)) message.resize(message.size() - ending.size());
  return {from_code(status.error_code()), std::move(message)};
}

}  // namespace hull::ipc
