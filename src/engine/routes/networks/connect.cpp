#include "engine/routes/networks/network_routes.h"

namespace hull::engine::routes {

Result<void> connect_network(Networks& networks, Call& call) {
  const auto wish = TRY(call.body<api::NetworkConnect>());
  TRY(networks.connect({call.http().stop_token()}, call.path("id"), wish.container,
                       wish.endpoint_config.value_or(api::EndpointConfig())));
  return call.reply_empty(200);
}

Result<void> disconnect_network(Networks& networks, Call& call) {
  const auto wish = TRY(call.body<api::NetworkDisconnect>());
  TRY(networks.disconnect({call.http().stop_token()}, call.path("id"), wish.container, wish.force));
  return call.reply_empty(200);
}

}  // namespace hull::engine::routes
