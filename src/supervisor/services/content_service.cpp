#include "supervisor/services/content_service.h"

#include "base/daemon/memory.h"
#include "base/sys.h"
#include "ipc/proto/containerd/events/records.pb.h"
#include "supervisor/services/content_write.h"
#include "supervisor/services/convert.h"

namespace hull::supervisor {
namespace {

constexpr int kPage = 100;
constexpr int64_t kBlock = 1 << 20;

Result<image::Digest> digest_of(const std::string& text) {
  auto digest = image::Digest::parse(text);
  if (!digest.ok()) return invalid_argument("\"" + text.substr(0, 160) + "\" failed validation");
  return digest;
}

void fill(const ContentInfo& info, content_api::Info& out) {
  out.set_digest(info.digest.str());
  out.set_size(info.size);
  to_proto(info.created, *out.mutable_created_at());
  to_proto(info.updated, *out.mutable_updated_at());
  to_proto(info.labels, *out.mutable_labels());
}

void fill(const IngestStatus& status, content_api::Status& out) {
  to_proto(status.started_at, *out.mutable_started_at());
  to_proto(status.updated_at, *out.mutable_updated_at());
  out.set_ref(status.ref);
  out.set_offset(status.offset);
  out.set_total(status.total);
  out.set_expected(status.expected.str());
}

}  // namespace

Result<void> ContentService::info(const grpc::ServerContext& context, const content_api::InfoRequest& request,
                                  content_api::InfoResponse& response) {
  const auto digest = TRY(digest_of(request.digest()));
  fill(TRY(store_.info(TRY(scope_of(context)), digest)), *response.mutable_info());
  return {};
}

Result<void> ContentService::update(const grpc::ServerContext& context, const content_api::UpdateRequest& request,
                                    content_api::UpdateResponse& response) {
  ContentInfo wanted;
  wanted.digest = TRY(digest_of(request.info().digest()));
  wanted.labels = from_proto(request.info().labels());
  const auto info = TRY(store_.update(TRY(scope_of(context)), wanted, from_proto(request.update_mask())));
  fill(info, *response.mutable_info());
  return {};
}

Result<void> ContentService::list(const grpc::ServerContext& context, const content_api::ListContentRequest& request,
                                  grpc::ServerWriter<content_api::ListContentResponse>& writer) {
  const auto filters = TRY(filters_from(request.filters()));
  content_api::ListContentResponse page;
  for (const auto& info : TRY(store_.list(TRY(scope_of(context)), filters))) {
    fill(info, *page.add_info());
    if (page.info_size() < kPage) continue;
    if (!writer.Write(page)) return cancelled("the client went away");
    page.clear_info();
  }
  if (page.info_size() > 0) writer.Write(page);
  return {};
}

Result<void> ContentService::remove(const grpc::ServerContext& context,
                                    const content_api::DeleteContentRequest& request) {
  const Scope scope = TRY(scope_of(context));
  const auto digest = TRY(digest_of(request.digest()));
  TRY(store_.remove(scope, digest));
  containerd::events::ContentDelete event;
  event.set_digest(digest.str());
  events_.publish(scope.ns, "/content/delete", event);
  collector_.schedule();
  return {};
}

Result<void> ContentService::read(const grpc::ServerContext& context, const content_api::ReadContentRequest& request,
                                  grpc::ServerWriter<content_api::ReadContentResponse>& writer) {
  const Scope scope = TRY(scope_of(context));
  const auto digest = TRY(digest_of(request.digest()));
  const int64_t size = TRY(store_.info(scope, digest)).size;
  const UniqueFd blob = TRY(store_.open_blob(scope, digest));
  int64_t offset = std::max<int64_t>(request.offset(), 0);
  if (offset > size) return Error(Code::kOutOfRange, "read past object length " + std::to_string(size) + " bytes");
  const bool to_end = request.size() <= 0 || request.size() > size - offset;
  const int64_t end = to_end ? size : offset + request.size();
  content_api::ReadContentResponse block;
  while (offset < end) {
    std::string& data = *block.mutable_data();
    data.resize(static_cast<size_t>(std::min(kBlock, end - offset)));
    const size_t count = TRY(sys::pread(blob, data, offset));
    if (count == 0) return data_loss("content " + digest.str() + " is shorter than its record says");
    data.resize(count);
    block.set_offset(offset);
    if (!writer.Write(block)) return cancelled("the client went away");
    offset += static_cast<int64_t>(count);
  }
  return {};
}

Result<void> ContentService::status(const grpc::ServerContext& context, const content_api::StatusRequest& request,
                                    content_api::StatusResponse& response) {
  fill(TRY(store_.status(TRY(scope_of(context)), request.ref())), *response.mutable_status());
  return {};
}

Result<void> ContentService::list_statuses(const grpc::ServerContext& context,
                                           const content_api::ListStatusesRequest& request,
                                           content_api::ListStatusesResponse& response) {
  const auto filters = TRY(filters_from(request.filters()));
  for (const auto& status : TRY(store_.list_statuses(TRY(scope_of(context)), filters)))
    fill(status, *response.add_statuses());
  return {};
}

Result<void> ContentService::abort(const grpc::ServerContext& context, const content_api::AbortRequest& request) {
  return store_.abort(TRY(scope_of(context)), request.ref());
}

Result<void> ContentService::write(const grpc::ServerContext& context, WriteStream& stream) {
  const Scope scope = TRY(scope_of(context));
  content_api::WriteContentRequest request;
  if (!stream.Read(&request)) return invalid_argument("first message must have a reference");
  const std::string ref = request.ref();
  auto served = serve_write(scope, std::move(request), stream);
  release_heap();
  // The blob came from elsewhere meanwhile: nobody will go on with this write.
  if (served.is(Code::kAlreadyExists)) (void)store_.abort(scope, ref);
  return served;
}

Result<void> ContentService::serve_write(const Scope& scope, content_api::WriteContentRequest request,
                                         WriteStream& stream) {
  auto write = TRY(ContentWrite::begin(store_, scope, request));
  do {
    content_api::WriteContentResponse response;
    TRY(write.handle(request, response));
    if (!stream.Write(response)) return cancelled("the client went away");
    if (request.action() == content_api::COMMIT) {
      containerd::events::ContentCreate event;
      event.set_digest(response.digest());
      event.set_size(response.offset());
      events_.publish(scope.ns, "/content/create", event);
      return {};
    }
  } while (stream.Read(&request));
  return {};
}

}  // namespace hull::supervisor
