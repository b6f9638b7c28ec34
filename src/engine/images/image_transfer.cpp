// The half of ImageService that talks to registries.
#include <algorithm>

#include "engine/images/image_service.h"
#include "engine/images/pull.h"
#include "engine/images/push.h"
#include "engine/images/registries.h"
#include "spec/image/media_type.h"

namespace hull::engine {

Result<void> ImageService::pull(const Call& call, const image::Reference& reference, const PullOptions& options,
                                images::Progress& progress) {
  if (!options.all_tags) {
    const auto name = reference.with_default_tag();
    const bool here = store_.records().get(call, name.str()).ok();
    if (!here && TRY(load_embedded(call, name, progress)))
      return progress.status("Status: Loaded the image that comes with the engine for " + name.familiar());
    if (here && options_.embedded.contains(name.str()))
      return progress.status("Status: Image is up to date for " + name.familiar());
    const auto client = registries_->client(reference.domain(), options.auth);
    return pull_one(call, *client, name, options, progress);
  }
  const auto client = registries_->client(reference.domain(), options.auth);
  const auto tags = TRY(client->tags(call, reference));
  for (const auto& tag : tags) {
    const auto name = reference.with_tag(tag);
    if (!name.ok()) continue;  // the registry's fault; it can't be asked for
    TRY(pull_one(call, *client, *name, options, progress));
  }
  return {};
}

Result<void> ImageService::pull_one(const Call& call, registry::Client& client, const image::Reference& reference,
                                    const PullOptions& options, images::Progress& progress) {
  std::optional<image::Platform> platform;
  if (!options.platform.empty()) platform = TRY(image::Platform::parse(options.platform));
  TRY(client.ping(call));
  const containerd::Lease lease = TRY(containerd::Lease::take(store_.connection(), call));
  const std::string tag = reference.digest() ? reference.digest()->str() : reference.tag().value_or("");
  images::FirstLine announced(progress, {.status = "Pulling from " + reference.path(), .id = tag});
  const auto pulled = TRY(images::pull_image(call, {.registry = client,
                                                    .downloads = registries_->downloads,
                                                    .lease = lease,
                                                    .store = store_,
                                                    .progress = announced,
                                                    .reference = reference,
                                                    .platform = platform}));
  const auto name = reference.digest() ? reference.with_digest(*reference.digest()) : reference;
  const auto before = store_.records().get(call, name.str());
  const bool same = before.ok() && before->target.digest == pulled.target.digest && !pulled.newer;
  TRY(naming_.set(call, name, pulled.target, images::Distributed::kYes));
  TRY(announced.status("Digest: " + pulled.target.digest.str()));
  TRY(announced.status((same ? "Status: Image is up to date for " : "Status: Downloaded newer image for ") +
                       reference.familiar()));
  publish("pull", reference.familiar(), reference.familiar_name());
  return {};
}

Result<void> ImageService::push(const Call& call, const image::Reference& reference, const api::AuthConfig& auth,
                                images::Progress& progress) {
  std::vector<containerd::ImageRecord> records;
  for (auto& record : TRY(store_.records().list(call))) {
    const auto name = image::Reference::parse(record.name);
    if (!name.ok() || !name->tag() || name->digest() || name->name() != reference.name()) continue;
    if (!reference.tag() || *reference.tag() == *name->tag()) records.push_back(std::move(record));
  }
  if (records.empty()) {
    if (!reference.tag())
      return not_found("An image does not exist locally with the tag: " + reference.familiar_name());
    return not_found("tag does not exist: " + reference.familiar());
  }
  const auto client = registries_->client(reference.domain(), auth);
  TRY(progress.status("The push refers to repository [" + reference.name() + "]"));
  TRY(client->ping(call));
  for (const auto& record : records) {
    const auto name = TRY(image::Reference::parse(record.name));
    const auto pushed = TRY(images::push_image(
        call,
        {.registry = *client, .store = store_, .progress = progress, .reference = name, .target = record.target}));
    if (pushed.digest == record.target.digest) TRY(naming_.mark_distributed(call, name));
    TRY(progress.status(*name.tag() + ": digest: " + pushed.digest.str() + " size: " + std::to_string(pushed.size)));
    const api::PushResult result{.tag = *name.tag(), .digest = pushed.digest.str(), .size = pushed.size};
    auto aux = TRY(json::parse_value(json::format(result)));
    TRY(progress.send({.detail = api::ProgressDetail{}, .aux = std::move(aux)}));
    publish("push", name.familiar(), name.familiar_name());
  }
  return {};
}

Result<api::DistributionInspect> ImageService::distribution(const Call& call, const std::string& name,
                                                            const api::AuthConfig& auth) {
  const auto reference = TRY(image::Reference::parse(name)).with_default_tag();
  const auto client = registries_->client(reference.domain(), auth);
  const auto document = TRY(client->manifest(call, reference));
  api::DistributionInspect out;
  out.descriptor = {
      .media_type = document.media_type, .digest = document.digest, .size = static_cast<int64_t>(document.text.size())};
  if (image::media::is_index(document.media_type)) {
    for (const auto& entry : TRY(image::parse_index(document.text)).manifests)
      if (entry.platform) out.platforms.push_back(*entry.platform);
    return out;
  }
  const auto manifest = TRY(image::parse_manifest(document.text));
  if (manifest.config.size > images::kMaxDocument.count)
    return Error(Code::kResourceExhausted, "configuration of " + reference.familiar() + " is larger than 4 MiB");
  std::string text;
  TRY(client->blob(call, reference, manifest.config, 0, [&](std::string_view data) -> Result<void> {
    text += data;
    return {};
  }));
  out.platforms.push_back(TRY(json::parse<image::ImageConfig>(text)).platform());
  return out;
}

Result<void> ImageService::check_credentials(const Call& call, const api::AuthConfig& auth) {
  std::string server = auth.server_address;
  if (const auto scheme = server.find("://"); scheme != std::string::npos) server = server.substr(scheme + 3);
  server = server.substr(0, server.find('/'));
  if (server.empty() || server == "index.docker.io") server = "docker.io";
  const auto client = registries_->client(server, auth);
  TRY(client->ping(call));
  return client->login(call);
}

}  // namespace hull::engine
