#include "supervisor/services/images_service.h"

#include "ipc/proto/containerd/events/image_records.pb.h"
#include "supervisor/services/convert.h"

namespace hull::supervisor {
namespace {

void fill(const ImageRecord& record, images_api::Image& out) {
  out.set_name(record.name);
  to_proto(record.labels, *out.mutable_labels());
  to_proto(record.target, *out.mutable_target());
  to_proto(record.created, *out.mutable_created_at());
  to_proto(record.updated, *out.mutable_updated_at());
}

Result<ImageRecord> read(const images_api::Image& image) {
  ImageRecord record;
  record.name = image.name();
  record.labels = from_proto(image.labels());
  record.target = TRY(from_proto(image.target()));
  return record;
}

}  // namespace

Result<void> ImagesService::get(const grpc::ServerContext& context, const images_api::GetImageRequest& request,
                                images_api::GetImageResponse& response) {
  fill(TRY(store_.get(TRY(scope_of(context)), request.name())), *response.mutable_image());
  return {};
}

Result<void> ImagesService::list(const grpc::ServerContext& context, const images_api::ListImagesRequest& request,
                                 images_api::ListImagesResponse& response) {
  const auto filters = TRY(filters_from(request.filters()));
  for (const ImageRecord& record : TRY(store_.list(TRY(scope_of(context)), filters)))
    fill(record, *response.add_images());
  return {};
}

Result<void> ImagesService::create(const grpc::ServerContext& context, const images_api::CreateImageRequest& request,
                                   images_api::CreateImageResponse& response) {
  const Scope scope = TRY(scope_of(context));
  auto record = TRY(read(request.image()));
  if (request.has_source_date_epoch()) record.created = from_proto(request.source_date_epoch());
  record = TRY(store_.create(scope, std::move(record)));
  fill(record, *response.mutable_image());
  images_api::ImageCreate event;
  event.set_name(record.name);
  to_proto(record.labels, *event.mutable_labels());
  events_.publish(scope.ns, "/images/create", event);
  return {};
}

Result<void> ImagesService::update(const grpc::ServerContext& context, const images_api::UpdateImageRequest& request,
                                   images_api::UpdateImageResponse& response) {
  const Scope scope = TRY(scope_of(context));
  const auto record = TRY(store_.update(scope, TRY(read(request.image())), from_proto(request.update_mask())));
  fill(record, *response.mutable_image());
  images_api::ImageUpdate event;
  event.set_name(record.name);
  to_proto(record.labels, *event.mutable_labels());
  events_.publish(scope.ns, "/images/update", event);
  collector_.schedule();  // the former target may be of no use now
  return {};
}

Result<void> ImagesService::remove(const grpc::ServerContext& context, const images_api::DeleteImageRequest& request) {
  const Scope scope = TRY(scope_of(context));
  TRY(store_.remove(scope, request.name(), TRY(digest_from(request.target().digest()))));
  images_api::ImageDelete event;
  event.set_name(request.name());
  events_.publish(scope.ns, "/images/delete", event);
  if (request.sync())
    TRY(collector_.run());
  else
    collector_.schedule();
  return {};
}

}  // namespace hull::supervisor
