#include "programs/hull-containerd/daemon.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>

#include "base/daemon/database.h"
#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "ipc/grpc/channel.h"
#include "ipc/grpc/reflection.h"
#include "ipc/proto/containerd/events/records.pb.h"
#include "programs/hull-containerd/adapters.h"
#include "programs/hull-containerd/endpoints.h"
#include "programs/hull-containerd/snapshotters.h"
#include "supervisor/services/containers_service.h"
#include "supervisor/services/content_service.h"
#include "supervisor/services/diff_service.h"
#include "supervisor/services/events_service.h"
#include "supervisor/services/images_service.h"
#include "supervisor/services/introspection_service.h"
#include "supervisor/services/leases_service.h"
#include "supervisor/services/namespaces_service.h"
#include "supervisor/services/sandbox_controller_service.h"
#include "supervisor/services/sandbox_store_service.h"
#include "supervisor/services/snapshots_service.h"
#include "supervisor/services/streaming_service.h"
#include "supervisor/services/task_source.h"
#include "supervisor/services/tasks_service.h"
#include "supervisor/services/transfer_service.h"
#include "supervisor/services/version_service.h"
#include "supervisor/snapshots/mounted_view.h"
#include "supervisor/tasks/task_runtime.h"

namespace hull::supervisor {
namespace {

/// Calls that are served at once; more wait. Long-lived streams hold no thread.
constexpr int kMaxThreads = 256;

std::vector<DaemonPart> list_parts(const std::string& root, const Snapshotters& snapshotters) {
  auto parts = builtin_plugins(root);
  parts.insert(parts.end(), snapshotters.parts.begin(), snapshotters.parts.end());
  return parts;
}

std::vector<std::string> service_names() {
  return {containers_api::Containers::service_full_name(),
          content_api::Content::service_full_name(),
          diff_api::Diff::service_full_name(),
          events_api::Events::service_full_name(),
          images_api::Images::service_full_name(),
          introspection_api::Introspection::service_full_name(),
          leases_api::Leases::service_full_name(),
          namespaces_api::Namespaces::service_full_name(),
          sandbox_api::Controller::service_full_name(),
          sandbox_api::Store::service_full_name(),
          snapshots_api::Snapshots::service_full_name(),
          streaming_api::Streaming::service_full_name(),
          tasks_api::Tasks::service_full_name(),
          transfer_api::Transfer::service_full_name(),
          containerd::services::version::v1::Version::service_full_name()};
}

void set_limits(const Config& config, grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("hull-containerd");
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(config.max_recv_message_size);
  builder.SetMaxSendMessageSize(config.max_send_message_size);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  // Clients may ping as often as they like: they are on this machine.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
}

/// Layers are never unpacked in this process: without the program we don't start.
Result<std::string> find_unpacker() {
  const std::string self = TRY(sys::readlink("/proc/self/exe"));
  const std::string folder = self.substr(0, self.rfind('/'));
  for (const std::string& place : {folder, folder.substr(0, folder.rfind('/')) + "/libexec/hull"})
    if (exists(place + "/hull-unpack")) return place + "/hull-unpack";
  return not_found("program hull-unpack is neither beside hull-containerd nor in ../libexec/hull");
}

ShimEnvironment shim_environment(const Config& config) {
  return {.grpc_address = config.address,
          .ttrpc_address = config.shim_socket(),
          .debug = logging::enabled(logging::Level::kDebug)};
}

/// Whoever calls shows a certificate of that authority.
Result<std::shared_ptr<grpc::ServerCredentials>> tls_credentials(const Config& config) {
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = TRY(read_file(config.tls_ca, 1_MiB).context("grpc.tcp_tls_ca"));
  auto key = TRY(read_file(config.tls_key, 1_MiB).context("grpc.tcp_tls_key"));
  auto certificate = TRY(read_file(config.tls_cert, 1_MiB).context("grpc.tcp_tls_cert"));
  options.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
  return grpc::SslServerCredentials(options);
}

Result<void> give_to(const Owner& owner, const std::string& socket) {
  if (owner.uid == 0 && owner.gid == 0) return {};
  return sys::chown(socket, static_cast<uid_t>(owner.uid), static_cast<gid_t>(owner.gid));
}

void publish_exit(EventSink& events, const std::string& ns, const std::string& id,
                  const sandbox_shim_api::WaitSandboxResponse& exit) {
  containerd::events::SandboxExit event;
  event.set_sandbox_id(id);
  event.set_exit_status(exit.exit_status());
  *event.mutable_exited_at() = exit.exited_at();
  events.publish(ns, "/sandboxes/exit", event);
}

}  // namespace

std::string_view version() { return HULL_VERSION; }
std::string_view revision() { return HULL_REVISION; }

struct Daemon::Parts {
  Parts(Database database_in, const Config& config)
      : database(std::move(database_in)),
        calls(config.grpc_histogram ? ipc::CallMetrics::Histogram::kYes : ipc::CallMetrics::Histogram::kNo) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() { flusher.stop(); }  // whom it would call goes now
  Result<void> open(const Config& config, const std::string& uuid);
  Result<void> listen(const Config& config);

  Database database;
  Flusher flusher;
  std::unique_ptr<LocalStore> blobs;
  std::unique_ptr<ContentStore> content;
  NamespaceStore namespaces{database};
  ImageStore images{database};
  ContainerStore containers{database};
  SandboxStore sandbox_records{database};
  LeaseStore leases{database};
  Snapshotters snapshotters;
  std::unique_ptr<Collector> collector;
  std::unique_ptr<Differ> differ;
  Exchange exchange;
  ExchangeSink events{exchange};
  RecordSource task_source{containers};
  StreamHub streams;
  std::unique_ptr<TaskRuntime> tasks;
  std::unique_ptr<Sandboxes> sandboxes;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::vector<std::unique_ptr<grpc::Service>> reflection;
  ipc::CallMetrics calls;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Endpoints> endpoints;
};

Result<void> Daemon::Parts::open(const Config& config, const std::string& uuid) {
  blobs = TRY(LocalStore::open(config.root + "/content", flusher));
  content = std::make_unique<ContentStore>(database, *blobs);
  TRY(content->drop_damaged());
  snapshotters = TRY(open_snapshotters(database, config.root, flusher));
  const auto all = snapshotters.all();
  collector = std::make_unique<Collector>(database, *content, all);
  const std::string views = config.state + "/mounts";
  MountedView::clear(views);
  const std::string checkpoints = config.state + "/checkpoints";
  TRY(remove_tree(checkpoints));  // what was on its way when we were killed
  differ = std::make_unique<Differ>(*content, views, archive::unpack_apart(TRY(find_unpacker())));
  services.push_back(std::make_unique<VersionService>(std::string(version()), std::string(revision())));
  services.push_back(std::make_unique<IntrospectionService>(list_parts(config.root, snapshotters), uuid));
  services.push_back(std::make_unique<NamespacesService>(namespaces, events));
  services.push_back(std::make_unique<LeasesService>(leases, *collector));
  services.push_back(std::make_unique<ContentService>(*content, *collector, events));
  services.push_back(std::make_unique<ImagesService>(images, *collector, events));
  services.push_back(std::make_unique<SnapshotsService>(all, *collector, events));
  services.push_back(std::make_unique<DiffService>(*differ));
  services.push_back(std::make_unique<ContainersService>(containers, *collector, events));
  tasks = TRY(
      TaskRuntime::start({.places = {.state = config.state, .root = config.root}, .shims = shim_environment(config)},
                         exchange, task_source));
  services.push_back(std::make_unique<TasksService>(tasks->tasks(), *content, containers, checkpoints));
  sandboxes = std::make_unique<Sandboxes>(
      Sandboxes::Config{config.state, config.root, shim_environment(config)}, tasks->loop(),
      [this](const auto& ns, const auto& id, const auto& exit) { publish_exit(events, ns, id, exit); });
  TRY(sandboxes->restore());
  services.push_back(std::make_unique<SandboxStoreService>(sandbox_records));
  services.push_back(std::make_unique<SandboxControllerService>(*sandboxes, sandbox_records, events));
  services.push_back(std::make_unique<EventsService>(exchange));
  services.push_back(std::make_unique<StreamingService>(streams));
  services.push_back(std::make_unique<TransferService>(TransferStores{*content, images, leases, *differ, all}, streams,
                                                       *collector, events));
  return {};
}

Result<void> Daemon::Parts::listen(const Config& config) {
  grpc::EnableDefaultHealthCheckService(true);
  reflection = ipc::make_reflection_services(service_names());
  grpc::ServerBuilder builder;
  set_limits(config, builder);
  builder.AddListeningPort("unix:" + config.address, grpc::InsecureServerCredentials());
  int tcp_port = 0;
  if (!config.tcp_address.empty())
    builder.AddListeningPort(config.tcp_address, TRY(tls_credentials(config)), &tcp_port);
  if (!config.metrics_address.empty()) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> counters;
    counters.push_back(ipc::make_call_counter(calls));
    builder.experimental().SetInterceptorCreators(std::move(counters));
  }
  for (const auto& service : services) builder.RegisterService(service.get());
  for (const auto& service : reflection) builder.RegisterService(service.get());
  const mode_t before = ::umask(0117);  // the socket is made with 0660
  server = builder.BuildAndStart();
  ::umask(before);
  if (!server && !config.tcp_address.empty() && tcp_port == 0)
    return unavailable("listen on grpc.tcp_address " + config.tcp_address + ": not possible");
  if (!server) return unavailable("listen on " + config.address + ": the socket can't be made");
  TRY(give_to(config.owner, config.address));
  TRY(give_to(config.ttrpc_address.empty() ? config.owner : config.ttrpc_owner, config.shim_socket()));
  endpoints = TRY(Endpoints::start(config, calls));
  return {};
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::start(const Config& config, const std::string& uuid) {
  auto parts = std::make_unique<Parts>(TRY(open_metadata(config.root + "/meta.db")), config);
  TRY(parts->open(config, uuid));
  TRY(parts->listen(config));
  TRY(parts->collector->start());
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

void Daemon::stop(std::chrono::milliseconds grace) {
  parts_->server->Shutdown(std::chrono::system_clock::now() + grace);
  parts_->collector->stop();
}

}  // namespace hull::supervisor
