#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/container/config.h"
#include "api/container/host_config.h"
#include "api/network/endpoint.h"
#include "base/result.h"
#include "spec/image/config.h"

/// What containers need of the other families: declared here by the consumer, implemented by images/, networks/ and
/// volumes/, wired in programs/hulld.
namespace hull::engine {

/// An image as a container sees it.
struct ContainerImage {
  std::string id;    ///< digest of the config, "sha256:…"
  std::string name;  ///< as the user wrote it
  image::ImageConfig config;
  std::string chain_id;  ///< the committed snapshot to build upon; empty for an image without layers
};

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  /// By reference, digest, or (short) id; unpacks into the snapshotter where that was not done yet.
  /// platform: "os/arch[/variant]" or empty. Errors: kNotFound "No such image: x:latest".
  virtual Result<ContainerImage> resolve(const std::string& reference, const std::string& platform) = 0;
};

/// One container's wish for its network, given before its task exists.
struct SandboxRequest {
  std::string container_id;
  std::string container_name;  ///< without the slash
  std::string hostname;
  std::string domain_name;
  std::string network_mode;  ///< "bridge", "none", "host", "container:<id>", or a network's name or id
  std::map<std::string, api::EndpointConfig> endpoints;  ///< by network name
  std::vector<std::string> exposed_ports;                ///< "80/tcp"
  api::PortMap port_bindings;
  bool publish_all_ports = false;
  std::vector<std::string> dns;
  std::vector<std::string> dns_search;
  std::vector<std::string> dns_options;
  std::vector<std::string> extra_hosts;  ///< "name:address", also "name:host-gateway"
  std::string files_directory;           ///< where hosts, hostname and resolv.conf are written
};

/// What stands once it is made.
struct Sandbox {
  std::string netns_path;                                  ///< empty for the host's namespace
  std::map<std::string, api::EndpointSettings> endpoints;  ///< by network name
  api::PortMap ports;  ///< what is published, host ports filled in; exposed ones map to null
  std::string sandbox_id;
};

class SandboxProvider {
 public:
  virtual ~SandboxProvider() = default;
  /// Checks what can be checked without making anything (unknown network, malformed port): used at create.
  virtual Result<void> validate(const SandboxRequest& request) = 0;
  /// Errors: kNotFound for an unknown network; kConflict (shown as 500 by docker) naming the holder of a used port.
  virtual Result<Sandbox> create(const SandboxRequest& request) = 0;
  /// Drops namespace, addresses and rules; a missing sandbox is no error.
  virtual Result<void> remove(const std::string& container_id) = 0;
  /// After a restart of the engine: takes over the sandbox that still stands. Errors: kNotFound.
  virtual Result<Sandbox> adopt(const SandboxRequest& request) = 0;
  /// Others reach the container by its new name from now on; a missing sandbox is no error.
  virtual void rename(const std::string& container_id, const std::string& name) = 0;
  /// Sandboxes whose container is not in the list are left-overs of a crash and are removed. Called while none is being
  /// made.
  virtual void sweep(const std::vector<std::string>& running_containers) = 0;
};

/// One mount of kind "volume". An empty name makes an anonymous volume.
struct VolumeRequest {
  std::string name;
  std::string driver;
  std::map<std::string, std::string> driver_options;
  std::map<std::string, std::string> labels;
};
struct VolumeUse {
  std::string name;
  std::string driver;
  std::string source;    ///< host directory
  bool created = false;  ///< made just now
  bool empty = false;    ///< image content is to be copied in
  bool anonymous = false;
};

class VolumeSource {
 public:
  virtual ~VolumeSource() = default;
  /// Makes the volume where it does not exist; records the use by the container.
  virtual Result<VolumeUse> acquire(const VolumeRequest& request, const std::string& container_id) = 0;
  /// Notes, when the engine starts, that the container has it; one that is missing is logged.
  virtual void hold(const std::string& name, const std::string& container_id) = 0;
  /// Ends the use; the volume stays.
  virtual void release(const std::string& name, const std::string& container_id) = 0;
  /// Takes back what acquire() made, where nobody else has come to use it meanwhile.
  virtual Result<void> discard(const std::string& name) = 0;
  /// `docker rm -v`: removes an anonymous volume nobody uses any more.
  virtual Result<void> remove_anonymous(const std::string& name) = 0;
  /// Makes it ready for use at start (mounts it where the driver needs that).
  virtual Result<std::string> mount(const std::string& name, const std::string& container_id) = 0;
  virtual void unmount(const std::string& name, const std::string& container_id) = 0;
};

}  // namespace hull::engine
