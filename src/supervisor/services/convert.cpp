#include "supervisor/services/convert.h"

#include <algorithm>
#include <limits>

#include "ipc/grpc/metadata.h"

namespace hull::supervisor {

Result<Scope> scope_of(const grpc::ServerContextBase& context) {
  Scope scope{ipc::header_of(context, ipc::kNamespaceHeader), ipc::header_of(context, ipc::kLeaseHeader)};
  if (scope.ns.empty()) return failed_precondition("namespace is required");
  TRY(validate_identifier(scope.ns).context("namespace validation"));
  return scope;
}

Labels from_proto(const ProtoLabels& labels) { return {labels.begin(), labels.end()}; }

void to_proto(const Labels& labels, ProtoLabels& out) {
  for (const auto& [key, value] : labels) out[key] = value;
}

Timestamp from_proto(const google::protobuf::Timestamp& time) {
  // Years 1678 to 2261 are what we can hold; whatever else a client says becomes the nearer end.
  constexpr int64_t kLimit = std::numeric_limits<int64_t>::max() / 1'000'000'000 - 1;
  const int64_t seconds = std::clamp(time.seconds(), -kLimit, kLimit);
  const int32_t nanos = std::clamp(time.nanos(), 0, 999'999'999);
  return Timestamp(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos));
}

void to_proto(Timestamp time, google::protobuf::Timestamp& out) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  out.set_seconds(seconds.time_since_epoch().count());
  out.set_nanos(static_cast<int32_t>((time - seconds).count()));
}

Result<image::Digest> digest_from(const std::string& text) {
  if (text.empty()) return image::Digest();
  return image::Digest::parse(text);
}

Result<image::Descriptor> from_proto(const containerd::types::Descriptor& descriptor) {
  image::Descriptor out;
  out.media_type = descriptor.media_type();
  out.digest = TRY(digest_from(descriptor.digest()));
  out.size = descriptor.size();
  out.annotations = from_proto(descriptor.annotations());
  return out;
}

void to_proto(const image::Descriptor& descriptor, containerd::types::Descriptor& out) {
  out.set_media_type(descriptor.media_type);
  out.set_digest(descriptor.digest.str());
  out.set_size(descriptor.size);
  to_proto(descriptor.annotations, *out.mutable_annotations());
}

std::vector<Mount> from_proto(const ProtoMounts& mounts) {
  std::vector<Mount> out;
  for (const auto& mount : mounts)
    out.push_back({mount.type(), mount.source(), mount.target(), {mount.options().begin(), mount.options().end()}});
  return out;
}

void to_proto(const std::vector<Mount>& mounts, ProtoMounts& out) {
  for (const Mount& mount : mounts) {
    auto& added = *out.Add();
    added.set_type(mount.type);
    added.set_source(mount.source);
    added.set_target(mount.target);
    for (const std::string& option : mount.options) added.add_options(option);
  }
}

Mask from_proto(const google::protobuf::FieldMask& mask) { return {{mask.paths().begin(), mask.paths().end()}}; }

Result<Filters> filters_from(const ProtoStrings& texts) {
  return Filters::parse(std::vector<std::string>(texts.begin(), texts.end()));
}

OpaqueValue from_proto(const google::protobuf::Any& any) { return {any.type_url(), any.value()}; }

void to_proto(const OpaqueValue& value, google::protobuf::Any& out) {
  out.set_type_url(value.type_url);
  out.set_value(value.value);
}

}  // namespace hull::supervisor
