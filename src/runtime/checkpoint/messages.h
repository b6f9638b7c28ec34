#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// CRIU's RPC messages; names and numbers are those of its images/rpc.proto.
namespace hull::runtime {

enum class CriuType {
  kEmpty = 0,
  kDump = 1,
  kRestore = 2,
  kPreDump = 4,
  kNotify = 6,
  kFeatureCheck = 9,
  kVersion = 10
};
std::string_view to_string(CriuType type);

enum class CgroupsMode { kIgnore = 0, kSoft = 3, kFull = 4, kStrict = 5, kDefault = 6 };

/// A key with what stands for it.
struct CriuPair {
  std::string key;
  std::string value;
};
struct CriuInherited {
  std::string key;
  int fd = -1;
};

struct CriuOptions {
  int images_dir_fd = -1;
  std::optional<int> pid;
  bool leave_running = false;
  bool ext_unix_sk = false;
  bool tcp_established = false;
  bool evasive_devices = false;
  bool shell_job = false;
  bool file_locks = false;
  std::string log_file;
  std::optional<std::pair<std::string, int>> page_server;  ///< address and port
  std::string root;
  std::string parent_img;
  bool auto_dedup = false;
  std::optional<int> work_dir_fd;
  bool link_remap = false;
  std::vector<CriuPair> ext_mnt;  ///< path in the container, and source
  std::vector<CriuPair> cg_root;  ///< controllers, and path
  bool rst_sibling = false;
  std::vector<CriuInherited> inherit_fd;
  CgroupsMode manage_cgroups_mode = CgroupsMode::kDefault;
  std::vector<std::string> external;
  uint32_t empty_ns = 0;          ///< CLONE_NEW*
  std::vector<CriuPair> join_ns;  ///< kind, and path
  std::string freeze_cgroup;
  bool tcp_skip_in_flight = false;
  bool lazy_pages = false;
  std::optional<int> status_fd;
  std::string config_file;
  std::string lsm_profile;
  std::string lsm_mount_context;
};

/// Requests, ready to be sent.
std::string encode_request(CriuType type, const CriuOptions& options);
std::string encode_version_request();
enum class CriuFeature { kMemoryTracking = 1, kLazyPages = 2 };
std::string encode_feature_request(CriuFeature feature);
std::string encode_notified();

struct CriuResponse {
  CriuType type = CriuType::kEmpty;
  bool success = false;
  int error_number = 0;
  std::string error_text;
  std::string script;  ///< of a notification
  int pid = 0;         ///< of a notification, or of what was restored
  bool memory_tracking = false;
  bool lazy_pages = false;
  int version = 0;  ///< 40201 for 4.2.1
};
/// Errors: kDataLoss.
Result<CriuResponse> decode_response(std::string_view message);

}  // namespace hull::runtime
