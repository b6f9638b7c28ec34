#include "network/dns/resolver.h"

#include <future>

#include "base/log.h"
#include "base/sys.h"
#include "network/dns/service.h"
#include "network/dns/sockets.h"
#include "network/namespaces.h"
#include "network/nft/firewall.h"

namespace hull::network::dns {
namespace {

/// In the sandbox's own namespace; one transaction, so that a second run finds the first one's table replaced.
std::string redirection(const Ports& ports) {
  const std::string resolver = resolver_address().text();
  const auto lead = [&](const std::string& protocol, uint16_t port) {
    return "    ip daddr " + resolver + " " + protocol + " dport 53 dnat to " + resolver + ":" + std::to_string(port) +
           "\n";
  };
  return "table ip hull-dns\ndelete table ip hull-dns\ntable ip hull-dns {\n"
         "  chain output {\n    type nat hook output priority -100; policy accept;\n" +
         lead("udp", ports.udp) + lead("tcp", ports.tcp) + "  }\n}\n";
}

/// On a thread within the sandbox.
Result<Listeners> listen(const Ports& earlier) {
  if (earlier.udp != 0 && earlier.tcp != 0) {
    auto listeners = listen_here(earlier.udp, earlier.tcp);
    if (listeners.ok()) return listeners;  // the rules lead there
    logging::warn("take the resolver's former ports", {{"error", listeners.error().message()}});
  }
  Listeners listeners = TRY(listen_here(0, 0));
  Firewall firewall = TRY(Firewall::open());
  TRY(firewall.run(redirection({listeners.udp_port, listeners.tcp_port})));
  return listeners;
}

}  // namespace

Result<std::unique_ptr<Resolver>> Resolver::create(const Directory& directory) {
  UniqueFd host = TRY(sys::open("/proc/thread-self/ns/net", O_RDONLY));
  return std::unique_ptr<Resolver>(new Resolver(directory, TRY(EventLoop::create()), std::move(host)));
}

Resolver::Resolver(const Directory& directory, std::unique_ptr<EventLoop> loop, UniqueFd host)
    : directory_(directory), loop_(std::move(loop)), host_(std::move(host)) {}

Resolver::~Resolver() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
}

Result<void> Resolver::start_thread() {
  std::lock_guard lock(mutex_);
  if (thread_.joinable()) return {};
  try {
    thread_ = std::thread([this] {
      if (auto ran = loop_->run(); !ran.ok()) logging::error("serve names", {{"error", ran.error().message()}});
      services_.clear();
    });
  } catch (const std::system_error& error) {
    return Error::from_errno(error.code().value(), "start the resolver's thread");
  }
  return {};
}

Result<Ports> Resolver::serve(const Sandbox& sandbox, const Ports& earlier) {
  TRY(start_thread());
  auto setup = std::make_shared<Service::Setup>();
  setup->container = sandbox.container;
  setup->network_namespace = TRY(sys::dup(sandbox.network_namespace));
  setup->servers = sandbox.servers;
  setup->internal = sandbox.internal;
  TRY(run_in_namespace(sandbox.network_namespace, [&]() -> Result<void> {
        setup->listeners = TRY(listen(earlier));
        return {};
      }).context("start the resolver of container " + sandbox.container));
  const Ports ports{setup->listeners.udp_port, setup->listeners.tcp_port};
  // Shared, since a function's captures must be copyable.
  loop_->post([this, setup] {
    const std::string container = setup->container;
    auto service = std::make_unique<Service>(*loop_, directory_, host_, std::move(*setup));
    if (auto started = service->start(); !started.ok())
      logging::error("watch the resolver's sockets", {{"container", container}, {"error", started.error().message()}});
    services_[container] = std::move(service);
  });
  return ports;
}

void Resolver::post(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  if (thread_.joinable()) loop_->post(std::move(work));  // else it serves nobody
}

void Resolver::set_internal(const std::string& container, bool internal) {
  post([this, container, internal] {
    if (const auto found = services_.find(container); found != services_.end()) found->second->set_internal(internal);
  });
}

void Resolver::forget(const std::string& container) {
  post([this, container] { services_.erase(container); });
}

}  // namespace hull::network::dns
