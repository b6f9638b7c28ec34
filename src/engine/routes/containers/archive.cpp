// Files into and out of containers: archive, export, changes.
#include "base/base64.h"
#include "engine/routes/containers/container_routes.h"

namespace hull::engine::routes {
namespace {

hull::Call call_of(Call& call) { return {call.http().stop_token()}; }

void set_stat_header(Call& call, const api::PathStat& stat) {
  call.http().set_header("X-Docker-Container-Path-Stat", base64_encode(json::format(stat)));
}

class Body final : public archive::Source {
 public:
  explicit Body(http::Exchange& exchange) : exchange_(exchange) {}
  Result<size_t> read(std::span<char> data) override { return exchange_.read_some(data); }

 private:
  http::Exchange& exchange_;
};

class Answer final : public archive::Sink {
 public:
  explicit Answer(http::Exchange& exchange) : exchange_(exchange) {}
  Result<void> write(std::string_view data) override { return exchange_.write(data); }

 private:
  http::Exchange& exchange_;
};

/// Only "1" and "true", as docker has it here.
bool is_set(const Call& call, std::string_view name) {
  const auto value = call.query(name).value_or("");
  return value == "1" || value == "true";
}

}  // namespace

Result<void> stat_archive(ContainerFiles& files, Call& call) {
  const auto stat = TRY(files.stat(call_of(call), call.path("id"), call.query("path").value_or("")));
  set_stat_header(call, stat);
  return call.reply_empty(200);
}

Result<void> get_archive(ContainerFiles& files, Call& call) {
  Answer answer(call.http());
  const auto begin = [&](const api::PathStat& stat) -> Result<archive::Sink*> {
    set_stat_header(call, stat);
    TRY(call.http().begin_stream(200, "application/x-tar"));
    return static_cast<archive::Sink*>(&answer);
  };
  TRY(files.read(call_of(call), call.path("id"), call.query("path").value_or(""), begin));
  return call.http().end_stream();
}

Result<void> put_archive(ContainerFiles& files, Call& call) {
  Body body(call.http());
  TRY(files.write(call_of(call), call.path("id"), call.query("path").value_or(""), body,
                  {.keep_kinds = is_set(call, "noOverwriteDirNonDir"), .as_user = is_set(call, "copyUIDGID")}));
  return call.reply_empty(200);
}

Result<void> export_container(ContainerFiles& files, Call& call) {
  Answer answer(call.http());
  TRY(files.export_all(call_of(call), call.path("id"), [&]() -> Result<archive::Sink*> {
    TRY(call.http().begin_stream(200, "application/octet-stream"));
    return static_cast<archive::Sink*>(&answer);
  }));
  return call.http().end_stream();
}

Result<void> container_changes(ContainerFiles& files, Call& call) {
  const auto changes = TRY(files.changes(call_of(call), call.path("id")));
  // Go's nil slice.
  if (changes.empty()) return call.http().send(200, "application/json", "null\n");
  return call.reply(200, changes);
}

}  // namespace hull::engine::routes
