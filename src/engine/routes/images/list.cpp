#include "engine/routes/images/image_routes.h"
#include "engine/routes/images/streams.h"

namespace hull::engine::routes {

Result<void> list_images(ImageService& images, Call& call) {
  TRY(refuse(call, "manifests"));
  images::ListOptions options{.all = call.query_bool("all")};
  options.filters = TRY(call.filters());
  options.shared_size = call.query_bool("shared-size");
  if (const auto name = call.query("filter"); name && !name->empty()) options.filters["reference"].push_back(*name);
  auto list = TRY(images.list(prompt(call), options));
  for (auto& summary : list) {
    if (call.version() < ApiVersion{1, 43} && summary.repo_tags.empty() && summary.repo_digests.empty()) {
      summary.repo_tags = {"<none>:<none>"};
      summary.repo_digests = {"<none>@<none>"};
    }
    if (call.version() < ApiVersion{1, 44}) summary.virtual_size = summary.size;
    if (call.version() < ApiVersion{1, 48}) summary.descriptor.reset();
  }
  return call.reply(200, list);
}

}  // namespace hull::engine::routes
