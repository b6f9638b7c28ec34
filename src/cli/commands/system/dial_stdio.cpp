#include <sys/socket.h>

#include <array>
#include <thread>

#include "api/client/engine_dialer.h"
#include "base/sys.h"
#include "cli/commands/system/system.h"

namespace hull::cli {

namespace {

constexpr size_t kBuffer = 32 * 1024;

Result<void> copy(FdRef from, FdRef to) {
  std::array<char, kBuffer> buffer;
  for (;;) {
    const size_t count = TRY(sys::read(from, buffer));
    if (count == 0) return {};
    TRY(sys::write_all(to, {buffer.data(), count}));
  }
}

/// Ends with the engine's answer.
Result<int> run_dial(Cli& cli, const NoOptions&, const Invocation&) {
  api::EngineOptions options;
  options.host = TRY(cli.daemon())->client().host();
  const auto host = TRY(api::parse_engine_host(options.host, api::Tls::kNo));
  const auto dial = TRY(api::engine_dialer(options, host));
  const auto connection = std::make_shared<const UniqueFd>(TRY(TRY(dial(Call()))->detach()));
  // Not waited for: who has the engine's whole answer need not end the input.
  std::thread([connection, input = cli.input()] {
    static_cast<void>(copy(input, *connection).ok());  // whoever wrote it sees that there is no answer
    ::shutdown(connection->get(), SHUT_WR);
  }).detach();
  TRY(copy(*connection, cli.output()));
  return 0;
}

}  // namespace

constinit const Command kDialStdio = {
    .names = {"system dial-stdio"},
    .synopsis = "",
    .summary = "Connect standard input and output with the engine, as ssh:// hosts need it",
    .most = 0,
    .make = make_task<NoOptions, define_none, run_dial>};

}  // namespace hull::cli
