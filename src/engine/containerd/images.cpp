#include "engine/containerd/images.h"

#include "engine/containerd/channel.h"
#include "engine/containerd/convert.h"
#include "ipc/proto/containerd/services/images.grpc.pb.h"

namespace hull::engine::containerd {
namespace pb = ::containerd::services::images::v1;

namespace {

Result<ImageRecord> record_from(const pb::Image& image) {
  auto target = TRY(descriptor_from(image.target()));
  return ImageRecord{.name = image.name(),
                     .labels = {image.labels().begin(), image.labels().end()},
                     .target = std::move(target),
                     .created_at = time_from(image.created_at()),
                     .updated_at = time_from(image.updated_at())};
}

pb::Image image_from(const ImageRecord& record) {
  pb::Image out;
  out.set_name(record.name);
  out.mutable_labels()->insert(record.labels.begin(), record.labels.end());
  *out.mutable_target() = to_proto(record.target);
  return out;
}

}  // namespace

struct Images::Impl {
  Connection connection;
  std::unique_ptr<pb::Images::Stub> stub;
};

Images::Images(const Connection& connection)
    : impl_(new Impl{connection, pb::Images::NewStub(connection.channel().grpc())}) {}
Images::~Images() = default;
Images::Images(Images&&) noexcept = default;

Result<ImageRecord> Images::get(const hull::Call& call, const std::string& name) const {
  pb::GetImageRequest request;
  request.set_name(name);
  const auto answer = TRY(unary(impl_->connection.channel(), call, *impl_->stub, &pb::Images::Stub::Get, request));
  return record_from(answer.image());
}

Result<std::vector<ImageRecord>> Images::list(const hull::Call& call) const {
  const auto answer =
      TRY(unary(impl_->connection.channel(), call, *impl_->stub, &pb::Images::Stub::List, pb::ListImagesRequest()));
  std::vector<ImageRecord> out;
  for (const auto& image : answer.images())
    if (auto record = record_from(image); record.ok()) out.push_back(std::move(*record));
  return out;
}

Result<void> Images::put(const hull::Call& call, const ImageRecord& record) const {
  pb::CreateImageRequest create;
  *create.mutable_image() = image_from(record);
  auto created = unary(impl_->connection.channel(), call, *impl_->stub, &pb::Images::Stub::Create, create);
  if (created.ok()) return {};
  if (!created.is(Code::kAlreadyExists)) return std::move(created).error();
  pb::UpdateImageRequest update;
  *update.mutable_image() = image_from(record);
  update.mutable_update_mask()->add_paths("target");
  update.mutable_update_mask()->add_paths("labels");
  TRY(unary(impl_->connection.channel(), call, *impl_->stub, &pb::Images::Stub::Update, update));
  return {};
}

Result<void> Images::remove(const hull::Call& call, const std::string& name, Collect collect) const {
  pb::DeleteImageRequest request;
  request.set_name(name);
  request.set_sync(collect == Collect::kNow);
  TRY(unary(impl_->connection.channel(), call, *impl_->stub, &pb::Images::Stub::Delete, request));
  return {};
}

}  // namespace hull::engine::containerd
