#include "engine/networks/sandbox_record.h"

#include <algorithm>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"

namespace hull::engine {
namespace {

// All ports of all protocols, on two addresses, and what the container's user gave.
constexpr Bytes kLargestRecord = 64_MiB;

}  // namespace

Result<network::PublishedPort> to_published_port(const PublicationRecord& record) {
  const api::Port port = TRY(api::parse_port(record.port));
  const auto host = TRY(network::Address::parse(record.host_address));
  const auto container = TRY(network::Address::parse(record.container_address));
  return network::PublishedPort{port.protocol, host, record.host_port, container, port.number};
}

bool has_names(const SandboxRecord& record) {
  return std::ranges::any_of(record.endpoints,
                             [](const EndpointRecord& e) { return e.settings.dns_names.has_value(); });
}

Result<SandboxFiles> SandboxFiles::open(const std::string& directory) {
  TRY(make_directories(directory, 0700));
  return SandboxFiles(directory);
}

Result<void> SandboxFiles::save(const SandboxRecord& record) const {
  const std::string text = json::format(record);
  if (text.size() > static_cast<size_t>(kLargestRecord.count))
    return Error(Code::kResourceExhausted, "remember sandbox of container " + record.container_id + ": too large");
  // Not durable: after a power loss there is no namespace either.
  return replace_file(path_of(record.container_id), text, 0600, Durable::kNo);
}

Result<void> SandboxFiles::remove(const std::string& container_id) const {
  auto removed = sys::unlink(path_of(container_id));
  return removed.is(Code::kNotFound) ? Result<void>() : removed;
}

Result<std::vector<SandboxRecord>> SandboxFiles::load() const {
  std::vector<SandboxRecord> records;
  for (const std::string& name : TRY(list_directory(directory_))) {
    if (!name.ends_with(".json")) continue;
    const std::string path = directory_ + "/" + name;
    auto text = read_file(path, kLargestRecord);
    auto record = text.ok() ? json::parse<SandboxRecord>(*text) : std::move(text).error();
    if (record.ok() && path_of(record->container_id) == path) {
      records.push_back(std::move(record).value());
      continue;
    }
    logging::warn("read sandbox", {{"path", path}, {"error", record.ok() ? "wrong id" : record.error().message()}});
  }
  return records;
}

}  // namespace hull::engine
