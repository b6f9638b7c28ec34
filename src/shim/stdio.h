#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "shim/logger.h"
#include "shim/oci_runtime.h"

namespace hull::shim {

/// What a client asked for: FIFO paths, or URIs (stdio_uri.h); empty is /dev/null.
struct StdioPaths {
  std::string in;
  std::string out;
  std::string err;
  bool terminal = false;
};

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Where output goes. Of a FIFO both sides are held: the writer never meets a FIFO without reader (SIGPIPE), and what
/// was written stays readable when the writer has gone and nobody reads just now.
struct OutputEnd {
  UniqueFd writer;
  UniqueFd reader;  ///< not of files
};

/// Where a process's output goes: two FIFOs or files, or pipes to a logger.
struct Outputs {
  OutputEnd out;
  OutputEnd err;
  std::shared_ptr<Logger> logger;  ///< mostly null
};

/// What a logger is started with.
struct LoggerHost {
  EventLoop& loop;
  Reaper& reaper;
  LoggedProcess process;
};

enum class WriterMode { kBlocking, kNonBlocking };
/// Invalid descriptors for an empty path. With a terminal there is no standard error.
/// Errors: kNotFound; kUnimplemented names another scheme; kInvalidArgument: stderr to another logger than stdout.
Result<Outputs> open_outputs(const StdioPaths& paths, Owner owner, WriterMode mode, const LoggerHost& host);

struct InputEnd {
  UniqueFd reader;
  UniqueFd writer;  ///< keeps the reader from seeing the end of input when a client goes away
};
enum class HoldInput { kNow, kLater };
Result<InputEnd> open_input(const std::string& path, Owner owner, HoldInput hold);

/// A process without a terminal: the FIFOs are its stdio, nothing is copied.
class DirectStdio {
 public:
  static Result<DirectStdio> open(const StdioPaths& paths, Owner owner, Outputs& outputs);

  ChildStdio child() const { return {input_.reader, out_.writer, err_.writer}; }
  /// Before the process may read: holds stdin's writing side, unless a client has come, said all, and gone.
  Result<void> hold_stdin();
  /// The process has its own copies.
  void process_started() { input_.reader.reset(); }
  /// Lets the process see the end of input once the clients have closed theirs.
  void close_stdin();
  /// Readers now see the end of output once they have read what is there.
  void process_exited();

 private:
  InputEnd input_;
  std::string input_path_;  // empty once no hold is wanted
  OutputEnd out_;
  OutputEnd err_;
};

}  // namespace hull::shim
