#include "supervisor/services/transfer_service.h"

#include "base/rollback.h"
#include "ipc/proto/containerd/events/image_records.pb.h"
#include "ipc/proto/containerd/types/transfer.pb.h"
#include "registry/client/insecure.h"
#include "supervisor/services/convert.h"
#include "supervisor/services/task_call.h"
#include "supervisor/services/transfer_streams.h"
#include "supervisor/transfer/export.h"
#include "supervisor/transfer/import.h"
#include "supervisor/transfer/push.h"

namespace hull::supervisor {
namespace {

namespace api = containerd::types::transfer;
namespace image_events = containerd::services::images::v1;
using google::protobuf::Any;

enum class Kind { kStore, kRegistry, kImport, kExport, kOther };

Kind kind_of(const Any& any) {
  const std::string type = any.type_url().substr(any.type_url().rfind('/') + 1);
  if (type == "containerd.types.transfer.ImageStore") return Kind::kStore;
  if (type == "containerd.types.transfer.OCIRegistry") return Kind::kRegistry;
  if (type == "containerd.types.transfer.ImageImportStream") return Kind::kImport;
  if (type == "containerd.types.transfer.ImageExportStream") return Kind::kExport;
  return Kind::kOther;
}

template <class Message>
Result<Message> read(const Any& any) {
  Message message;
  if (!message.ParseFromString(any.value())) return invalid_argument("malformed " + any.type_url());
  return message;
}

image::Platform from_proto(const containerd::types::Platform& platform) {
  return image::Platform{.architecture = platform.architecture(),
                         .os = platform.os(),
                         .os_version = platform.os_version(),
                         .os_features = {},
                         .variant = platform.variant()}
      .normalized();
}

Result<ImageNames> names_from(const Any& any) {
  const auto store = TRY(read<api::ImageStore>(any));
  ImageNames names{.name = store.name(), .labels = supervisor::from_proto(store.labels())};
  if (store.manifest_limit() != 0) return unimplemented("manifest_limit: all manifests are taken");
  if (store.all_metadata()) names.others = OtherImages::kMetadata;
  for (const auto& platform : store.platforms()) names.platforms.push_back(from_proto(platform));
  for (const auto& rule : store.extra_references())
    names.rules.push_back(
        {rule.name(), rule.is_prefix(), rule.allow_overwrite(), rule.add_digest(), rule.skip_named_digest()});
  for (const auto& wish : store.unpacks())
    names.unpacks.push_back(
        {wish.has_platform() ? from_proto(wish.platform()) : image::Platform(), wish.snapshotter()});
  return names;
}

registry::Security security_of(const api::RegistryResolver& resolver, const std::string& domain) {
  if (resolver.default_scheme() == "http") return registry::Security::kPlain;
  return registry::InsecureRegistries().contains(domain) ? registry::Security::kInsecure
                                                         : registry::Security::kVerified;
}

Result<void> check(const api::RegistryResolver& resolver) {
  if (!resolver.host_dir().empty())
    return unimplemented("resolver.host_dir \"" + resolver.host_dir() + "\": not built");
  if (!resolver.headers().empty()) return unimplemented("resolver.headers: not built");
  if (resolver.http_debug() != api::DISABLED) return unimplemented("resolver.http_debug: not built");
  const std::string& scheme = resolver.default_scheme();
  if (!scheme.empty() && scheme != "http" && scheme != "https")
    return invalid_argument("resolver.default_scheme \"" + scheme + "\": expected http or https");
  return {};
}

}  // namespace

grpc::ServerUnaryReactor* TransferService::Transfer(grpc::CallbackServerContext* context,
                                                    const transfer_api::TransferRequest* request,
                                                    google::protobuf::Empty*) {
  return WorkedCall::begin(workers_, context->deadline(), [=, this](const Call& call) -> Result<void> {
    return transfer(call, TRY(scope_of(*context)), *request);
  });
}

Result<void> TransferService::transfer(const Call& call, const Scope& scope,
                                       const transfer_api::TransferRequest& request) {
  std::shared_ptr<MessageStream> shown;
  if (!request.options().progress_stream().empty())
    shown = TRY(hub_.take(scope.ns, request.options().progress_stream()));
  const Defer close([&] {
    if (shown) shown->close();
  });
  const auto report = [&](const TransferProgress& progress) {
    if (shown) send_progress(call, *shown, progress);
  };
  TransferJob job{.call = call, .stores = stores_, .scope = scope, .report = report};
  auto done = dispatch(job, request);
  collector_.schedule();  // what an image had before, or an archive did not name
  return done;
}

Result<void> TransferService::dispatch(TransferJob& job, const transfer_api::TransferRequest& request) {
  const Kind from = kind_of(request.source());
  const Kind to = kind_of(request.destination());
  if (from == Kind::kImport && to == Kind::kStore)
    return import_from(job, request.source(), TRY(names_from(request.destination())));
  if (from == Kind::kStore && to == Kind::kExport)
    return export_to(job, TRY(names_from(request.source())), request.destination());
  if (from == Kind::kStore && to == Kind::kStore)
    return tag_image(job, TRY(names_from(request.source())).name, TRY(names_from(request.destination())),
                     kept(job.scope));
  if (from == Kind::kRegistry && to == Kind::kStore) {
    const auto names = TRY(names_from(request.destination()));
    return with_registry(job, request.source(),
                         [&](const RegistryPlace& place) { return pull_image(job, place, names, kept(job.scope)); });
  }
  if (from == Kind::kStore && to == Kind::kRegistry) {
    const auto names = TRY(names_from(request.source()));
    return with_registry(job, request.destination(),
                         [&](const RegistryPlace& place) { return push_image(job, names, place); });
  }
  return unimplemented("method Transfer not implemented for " + request.source().type_url() + " to " +
                       request.destination().type_url());
}

Result<void> TransferService::import_from(TransferJob& job, const Any& source, const ImageNames& names) {
  const auto wish = TRY(read<api::ImageImportStream>(source));
  if (wish.force_compress()) return unimplemented("force_compress: layers are kept as they come");
  const auto stream = TRY(hub_.take(job.scope.ns, wish.stream()));
  const Defer close([&] { stream->close(); });
  StreamSource tar(job.call, *stream);
  return import_images(job, tar, names, kept(job.scope));
}

Result<void> TransferService::export_to(TransferJob& job, const ImageNames& names, const Any& destination) {
  const auto wish = TRY(read<api::ImageExportStream>(destination));
  if (wish.skip_non_distributable()) return unimplemented("skip_non_distributable: not built");
  const auto stream = TRY(hub_.take(job.scope.ns, wish.stream()));
  const Defer close([&] { stream->close(); });
  ExportWish options{
      .platforms = {},
      .docker_manifest = wish.skip_compatibility_manifest() ? DockerManifest::kNo : DockerManifest::kYes};
  for (const auto& platform : wish.platforms()) options.platforms.push_back(from_proto(platform));
  if (options.platforms.empty() && !wish.all_platforms()) options.platforms.push_back(image::Platform::host());
  StreamSink tar(job.call, *stream);
  return export_images(job, names, options, tar);
}

Result<void> TransferService::with_registry(TransferJob& job, const Any& place,
                                            const std::function<Result<void>(const RegistryPlace&)>& act) {
  const auto wish = TRY(read<api::OCIRegistry>(place));
  TRY(check(wish.resolver()));
  const auto reference =
      TRY(image::Reference::parse(wish.reference()).context("reference \"" + wish.reference() + "\""))
          .with_default_tag();
  registry::Credentials credentials;
  if (!wish.resolver().auth_stream().empty()) {
    const auto stream = TRY(hub_.take(job.scope.ns, wish.resolver().auth_stream()));
    const Defer close([&] { stream->close(); });
    const std::string host = reference.domain() == "docker.io" ? "registry-1.docker.io" : reference.domain();
    credentials = TRY(ask_for_credentials(job.call, *stream, host, reference.name()));
  }
  registry::Client client(http_, reference.domain(), security_of(wish.resolver(), reference.domain()),
                          std::move(credentials));
  return act({client, reference, wish.reference()});
}

ImageKept TransferService::kept(const Scope& scope) {
  return [this, scope](const ImageRecord& record, bool created) {
    const auto publish = [&](auto event, const char* topic) {
      event.set_name(record.name);
      to_proto(record.labels, *event.mutable_labels());
      events_.publish(scope.ns, topic, event);
    };
    created ? publish(image_events::ImageCreate(), "/images/create")
            : publish(image_events::ImageUpdate(), "/images/update");
  };
}

}  // namespace hull::supervisor
