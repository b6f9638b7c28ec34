#include "shim/stdio.h"

#include <fcntl.h>
#include <poll.h>

#include <utility>

#include "base/files.h"
#include "base/sys.h"

namespace hull::shim {
namespace {

Result<void> give(FdRef fd, Owner owner) {
  if (owner.uid == 0 && owner.gid == 0) return {};
  return sys::fchown(fd, owner.uid, owner.gid);
}

Result<OutputEnd> open_file(const std::string& path) {
  TRY(make_directories(path.substr(0, path.rfind('/')), 0755));
  return OutputEnd{TRY(sys::open(path, O_WRONLY | O_CREAT | O_APPEND, 0644)), {}};
}

bool is_logger(const std::string& path) { return path.starts_with("binary://"); }

Result<Outputs> open_logger(const StdioPaths& paths, WriterMode mode, const LoggerHost& host) {
  if (!paths.err.empty() && paths.err != paths.out)
    return invalid_argument("stderr \"" + paths.err + "\": a logging binary takes both, or none");
  const StdioUri program = TRY(parse_stdio_uri(paths.out));
  Outputs outputs;
  for (OutputEnd* end : {&outputs.out, &outputs.err}) {
    auto pipe = TRY(sys::pipe());
    if (mode == WriterMode::kNonBlocking) TRY(sys::set_blocking(pipe.write, sys::Blocking::kNo));
    *end = {std::move(pipe.write), std::move(pipe.read)};
  }
  outputs.logger =
      TRY(Logger::start(host.loop, host.reaper, program, host.process, outputs.out.reader, outputs.err.reader));
  return outputs;
}

Result<OutputEnd> open_output(const std::string& path, Owner owner, WriterMode mode) {
  if (path.empty()) return OutputEnd();
  const StdioUri target = TRY(parse_stdio_uri(path));
  if (target.kind == StdioUri::Kind::kFile) return open_file(target.path);
  if (target.kind == StdioUri::Kind::kBinary) return invalid_argument("stderr \"" + path + "\" without such a stdout");
  // The reader first: opening a FIFO for writing waits for one (fifo(7)).
  OutputEnd end;
  end.reader = TRY(sys::open(target.path, O_RDONLY | O_NONBLOCK));
  const int wait = mode == WriterMode::kNonBlocking ? O_NONBLOCK : 0;
  end.writer = TRY(sys::open(target.path, O_WRONLY | O_APPEND | wait));
  if (!S_ISFIFO(TRY(sys::fstat(end.writer)).st_mode)) end.reader.reset();
  TRY(give(end.writer, owner));
  return end;
}

}  // namespace

Result<Outputs> open_outputs(const StdioPaths& paths, Owner owner, WriterMode mode, const LoggerHost& host) {
  if (is_logger(paths.out)) return open_logger(paths, mode, host).context("open stdout");
  Outputs outputs;
  outputs.out = TRY(open_output(paths.out, owner, mode).context("open stdout"));
  if (!paths.terminal) outputs.err = TRY(open_output(paths.err, owner, mode).context("open stderr"));
  return outputs;
}

Result<InputEnd> open_input(const std::string& path, Owner owner, HoldInput hold) {
  if (path.empty()) return InputEnd();
  const StdioUri target = TRY(parse_stdio_uri(path));
  if (target.kind == StdioUri::Kind::kBinary) return invalid_argument("stdio \"" + path + "\": not of input");
  InputEnd end;
  end.reader = TRY(sys::open(target.path, O_RDONLY | O_NONBLOCK));
  const bool fifo = S_ISFIFO(TRY(sys::fstat(end.reader)).st_mode);
  if (fifo && hold == HoldInput::kNow) end.writer = TRY(sys::open(target.path, O_WRONLY | O_NONBLOCK));
  TRY(give(end.reader, owner));
  return end;
}

Result<DirectStdio> DirectStdio::open(const StdioPaths& paths, Owner owner, Outputs& outputs) {
  DirectStdio stdio;
  stdio.input_ = TRY(open_input(paths.in, owner, HoldInput::kLater).context("open stdin"));
  if (stdio.input_.reader.valid()) {
    TRY(sys::set_blocking(stdio.input_.reader, sys::Blocking::kYes));
    stdio.input_path_ = TRY(parse_stdio_uri(paths.in)).path;
  }
  stdio.out_ = std::move(outputs.out);
  stdio.err_ = std::move(outputs.err);
  return stdio;
}

Result<void> DirectStdio::hold_stdin() {
  if (input_path_.empty() || !input_.reader.valid()) return {};
  pollfd state{input_.reader.get(), 0, 0};
  // Hung up means: somebody has written since we opened it, and nobody does now (pipe(7)). Such a client, which had no
  // more to say, could not ask us to close what we did not hold yet.
  if (::poll(&state, 1, 0) > 0 && (state.revents & POLLHUP)) return {};
  const std::string path = std::exchange(input_path_, "");
  if (S_ISFIFO(TRY(sys::fstat(input_.reader)).st_mode)) input_.writer = TRY(sys::open(path, O_WRONLY | O_NONBLOCK));
  return {};
}

void DirectStdio::close_stdin() {
  input_path_.clear();
  input_.writer.reset();
}

void DirectStdio::process_exited() {
  input_ = {};
  out_.writer.reset();
  err_.writer.reset();
}

}  // namespace hull::shim
