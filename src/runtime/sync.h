#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/sys.h"

/// How the runtime (R), the container's first process (I), and at times one in between (S) agree while a container is
/// made. One SOCK_SEQPACKET pair; a message is one packet: a kind, then text.
///
///     R  opens what only the host's root may (bind sources, cgroup entries, namespaces)
///     R  clone3 ───────────────────────────────▶ S  only where a pid or user namespace is joined, or a user namespace
///        ◀───────────────────────── kMapMe ──── S  made: joins, unshares the user namespace
///     R  uid_map, gid_map ── kMapped ──────────▶ S  becomes its root, clone3(CLONE_PARENT | new namespaces) ──▶ I
///        ◀─────────────────────────── kPid ──── S  ends, for which I has waited
///     R  clone3(new namespaces) ───────────────▶ I  where no S is needed; it dies with R until kProceed
///     R  prestart and                            I  enters its cgroup, joins namespaces, mounts
///        createRuntime hooks ◀──── kHooks ────── I  rootfs is mounted, host still visible     (such hooks only)
///     R  ──────────────────────── kHooksDone ──▶ I  createContainer hooks, pivot, console, credentials,
///                                                   finds the program
///     R  hands listener on ◀── kListener ─── I  has installed a filter with SCMP_ACT_NOTIFY     (such filters only)
///     R  ──────────────── kListenerTaken ──▶ I
///     R  rlimits, OOM score,
///        state.json ◀────────────── kReady ──── I  all that can fail early has been done
///     R  pid file ─────────────── kProceed ────▶ I  no longer dies with R; closes its end
///     R  sees the end, returns                   I  waits on exec.fifo; then startContainer hooks, seccomp, exec
///
/// Any step of I may answer kFailed with a message instead; R then kills it and undoes what it made. An exec goes the
/// same way without hooks and FIFO, and its end of the socket closes by exec itself: an execve that fails is reported.
namespace hull::runtime {

enum class Sync : char {
  kMapMe = 'M',
  kMapped = 'm',
  kHooks = 'h',
  kHooksDone = 'H',
  kReady = 'r',
  kProceed = 'p',
  kListener = 'l',       ///< the number of its seccomp listener, which R takes out of it
  kListenerTaken = 'L',  ///< the agent has it
  kFailed = 'f',
  kPid = 'i',  ///< from the process in between, where one is needed: the pid of I
};

struct SyncMessage {
  Sync kind = Sync::kFailed;
  std::string text;
};

/// One end of the pair.
class SyncSocket {
 public:
  explicit SyncSocket(UniqueFd socket) : socket_(std::move(socket)) {}
  FdRef fd() const { return socket_; }
  Result<void> send(Sync kind, std::string_view text = "") const;
  /// nullopt: the other side closed its end.
  Result<std::optional<SyncMessage>> receive() const;
  /// Receives that kind of message. Errors: what kFailed told; kAborted where the other side is gone.
  Result<std::string> expect(Sync kind) const;
  /// Waits until the other side closed its end without a failure.
  Result<void> expect_end() const;
  void close() { socket_.reset(); }

 private:
  UniqueFd socket_;
};

struct SyncPair {
  SyncSocket runtime;
  SyncSocket init;
};
Result<SyncPair> make_sync_pair();

/// Keeps I silent until S has told its pid: they speak over one end of the pair, and I may be the faster.
class Gate {
 public:
  static Result<Gate> make();
  /// In I: waits until S has ended.
  void pass();

 private:
  explicit Gate(sys::Pipe pipe) : pipe_(std::move(pipe)) {}
  sys::Pipe pipe_;
};

}  // namespace hull::runtime
