#include "runtime/checkpoint/messages.h"

#include "runtime/checkpoint/wire.h"

namespace hull::runtime {
namespace {

constexpr int kLogLevel = 4;  // as runc: all, so that a failure can be explained

void put_text(WireWriter& out, uint32_t field, const std::string& value) {
  if (!value.empty()) out.text(field, value);
}

void put_pairs(WireWriter& out, uint32_t field, const std::vector<CriuPair>& pairs) {
  for (const CriuPair& pair : pairs) {
    WireWriter inner;
    inner.text(1, pair.key);
    inner.text(2, pair.value);
    out.text(field, inner.take());
  }
}

/// A negative int32 goes as 64 bits of two's complement.
uint64_t signed_number(int value) { return static_cast<uint64_t>(static_cast<int64_t>(value)); }

void put_lists(WireWriter& out, const CriuOptions& options) {
  if (options.page_server) {
    WireWriter server;
    server.text(1, options.page_server->first);
    server.number(2, signed_number(options.page_server->second));
    out.text(11, server.take());
  }
  put_pairs(out, 23, options.ext_mnt);
  put_pairs(out, 25, options.cg_root);
  for (const CriuInherited& inherited : options.inherit_fd) {
    WireWriter inner;
    inner.text(1, inherited.key);
    inner.number(2, signed_number(inherited.fd));
    out.text(27, inner.take());
  }
  for (const std::string& external : options.external) out.text(37, external);
  put_pairs(out, 39, options.join_ns);
}

std::string encode_options(const CriuOptions& options) {
  WireWriter out;
  out.number(1, signed_number(options.images_dir_fd));
  if (options.pid) out.number(2, signed_number(*options.pid));
  out.number(3, options.leave_running);
  out.number(4, options.ext_unix_sk);
  out.number(5, options.tcp_established);
  out.number(6, options.evasive_devices);
  out.number(7, options.shell_job);
  out.number(8, options.file_locks);
  out.number(9, kLogLevel);
  put_text(out, 10, options.log_file);
  out.number(12, true);  // notify_scripts
  put_text(out, 13, options.root);
  put_text(out, 14, options.parent_img);
  if (!options.parent_img.empty()) out.number(15, true);  // track_mem
  out.number(16, options.auto_dedup);
  if (options.work_dir_fd) out.number(17, signed_number(*options.work_dir_fd));
  out.number(18, options.link_remap);
  out.number(24, true);  // manage_cgroups, for a criu that does not know the mode
  out.number(26, options.rst_sibling);
  out.number(34, static_cast<uint64_t>(options.manage_cgroups_mode));
  out.number(38, options.empty_ns);
  put_text(out, 44, options.freeze_cgroup);
  out.number(46, options.tcp_skip_in_flight);
  out.number(48, options.lazy_pages);
  if (options.status_fd) out.number(49, signed_number(*options.status_fd));
  out.number(50, true);  // orphan_pts_master
  put_text(out, 51, options.config_file);
  put_text(out, 53, options.lsm_profile);
  put_text(out, 63, options.lsm_mount_context);
  put_lists(out, options);
  return out.take();
}

WireWriter request(CriuType type) {
  WireWriter out;
  out.number(1, static_cast<uint64_t>(type));
  return out;
}

/// As go-criu counts: a version built from a source tree is the next minor one.
Result<int> decode_version(std::string_view message) {
  int major = 0, minor = 0, sublevel = 0;
  bool from_tree = false;
  WireReader reader(message);
  while (const auto field = TRY(reader.next())) {
    if (field->number == 1) major = static_cast<int>(field->value);
    if (field->number == 2) minor = static_cast<int>(field->value);
    if (field->number == 3) from_tree = !field->text.empty();
    if (field->number == 4) sublevel = static_cast<int>(field->value);
  }
  return major * 10000 + (from_tree ? minor + 1 : minor) * 100 + (from_tree ? 0 : sublevel);
}

Result<void> decode_inner(const WireField& outer, CriuResponse& response) {
  constexpr uint32_t kRestored = 4, kNotified = 5, kFeatures = 8;
  WireReader reader(outer.text);
  while (const auto field = TRY(reader.next())) {
    if (outer.number == kRestored && field->number == 1) response.pid = static_cast<int>(field->value);
    if (outer.number == kNotified && field->number == 1) response.script = std::string(field->text);
    if (outer.number == kNotified && field->number == 2) response.pid = static_cast<int>(field->value);
    if (outer.number == kFeatures && field->number == 1) response.memory_tracking = field->value != 0;
    if (outer.number == kFeatures && field->number == 2) response.lazy_pages = field->value != 0;
  }
  return {};
}

}  // namespace

std::string_view to_string(CriuType type) {
  switch (type) {
    case CriuType::kEmpty: return "EMPTY";
    case CriuType::kDump: return "DUMP";
    case CriuType::kRestore: return "RESTORE";
    case CriuType::kPreDump: return "PRE_DUMP";
    case CriuType::kNotify: return "NOTIFY";
    case CriuType::kFeatureCheck: return "FEATURE_CHECK";
    case CriuType::kVersion: return "VERSION";
  }
  return "unknown";
}

std::string encode_request(CriuType type, const CriuOptions& options) {
  WireWriter out = request(type);
  out.text(2, encode_options(options));
  return out.take();
}

std::string encode_version_request() { return request(CriuType::kVersion).take(); }

std::string encode_feature_request(CriuFeature feature) {
  WireWriter features;
  features.number(static_cast<uint32_t>(feature), true);
  WireWriter out = request(CriuType::kFeatureCheck);
  out.text(5, features.take());
  return out.take();
}

std::string encode_notified() {
  WireWriter out = request(CriuType::kNotify);
  out.number(3, true);
  return out.take();
}

Result<CriuResponse> decode_response(std::string_view message) {
  CriuResponse response;
  WireReader reader(message);
  while (const auto field = TRY(reader.next())) {
    switch (field->number) {
      case 1: response.type = static_cast<CriuType>(field->value); break;
      case 2: response.success = field->value != 0; break;
      case 7: response.error_number = static_cast<int>(field->value); break;
      case 9: response.error_text = std::string(field->text); break;
      case 10: response.version = TRY(decode_version(field->text)); break;
      default: TRY(decode_inner(*field, response));
    }
  }
  return response;
}

}  // namespace hull::runtime
