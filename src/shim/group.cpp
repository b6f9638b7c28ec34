#include "shim/group.h"

#include <map>
#include <optional>

#include "base/event_loop.h"
#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "ipc/proto/shim/task.pb.h"
#include "ipc/ttrpc/client.h"

namespace hull::shim {
namespace {

constexpr const char* kLabels[] = {"io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"};
constexpr std::string_view kPrefix = "pod-";
constexpr size_t kNameDigits = 32;
constexpr std::chrono::seconds kAnswerTime(3);

struct Annotated {
  std::map<std::string, std::string> annotations;
};
template <class V>
void describe(V& json, Annotated& spec) {
  json.field("annotations", spec.annotations);
}

}  // namespace

Result<std::string> group_of(const std::string& bundle) {
  const std::string text = TRY(read_file(bundle + "/config.json"));
  // Nearly every container is alone: its specification need not be parsed.
  const auto names = [&](const char* label) { return text.find(label) != std::string::npos; };
  if (!names(kLabels[0]) && !names(kLabels[1])) return std::string();
  const auto spec = TRY(json::parse<Annotated>(text).context(bundle + "/config.json"));
  for (const char* label : kLabels)
    if (const auto found = spec.annotations.find(label); found != spec.annotations.end()) return found->second;
  return std::string();
}

std::string group_socket_name(const Arguments& arguments, const std::string& group) {
  std::string text = arguments.address;
  for (const std::string& part : {arguments.container_namespace, group}) text += '\0' + part;
  return std::string(kPrefix) + sha256_hex(text).substr(0, kNameDigits - kPrefix.size());
}

bool is_group_socket(const std::string& socket) {
  return std::string_view(socket).substr(socket.rfind('/') + 1).starts_with(kPrefix);
}

Result<void> tell_group(const std::string& socket, const char* method, const std::string& id) {
  const auto loop = TRY(EventLoop::create());
  const auto client = TRY(ttrpc::Client::connect(*loop, socket, nullptr));
  containerd::task::v2::ConnectRequest request;
  request.set_id(id);
  std::optional<Result<void>> told;
  client->start(kGroupService, method, request.SerializeAsString(), [&](const Result<std::string>& answer) {
    told = answer.ok() ? Result<void>() : Result<void>(answer.error());
    loop->stop();
  });
  loop->after(kAnswerTime, [&] { loop->stop(); });
  auto ran = told ? Result<void>() : loop->run();
  const bool answered = told.has_value();
  client->close();
  TRY(std::move(ran));
  if (answered) return *told;
  return Error(Code::kDeadlineExceeded, "the shim of the group does not answer at " + socket);
}

}  // namespace hull::shim
