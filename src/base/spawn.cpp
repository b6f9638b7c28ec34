#include "base/spawn.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include "base/spawn_child.h"
#include "base/sys.h"

namespace hull {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

std::vector<std::string> merge_environment(const std::vector<std::string>& additions) {
  std::vector<std::string> all = additions;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const auto same = [&](const std::string& other) { return name_of(other) == name_of(*entry); };
    if (std::none_of(additions.begin(), additions.end(), same)) all.emplace_back(*entry);
  }
  return all;
}

/// The limit that we came with, once it was raised for ourselves.
std::optional<rlimit>& inherited_limit() {
  static std::optional<rlimit> limit;
  return limit;
}

Error not_started(int error, const std::string& program) {
  if (error == ENOENT && program.find('/') == std::string::npos)
    return not_found("exec: \"" + program + "\": executable file not found in $PATH");
  return Error::from_errno(error, "fork/exec " + program);
}

/// Memory for the child's calls until it is another program.
class Stack {
 public:
  static Result<Stack> create() {
    void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return Error::from_errno(errno, "spawn");
    return Stack(memory);
  }
  Stack(Stack&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
  Stack& operator=(Stack&&) = delete;
  ~Stack() {
    if (memory_ != nullptr) ::munmap(memory_, kSize);
  }
  /// It grows down.
  void* top() const { return static_cast<char*>(memory_) + kSize; }

 private:
  static constexpr size_t kSize = 64 * 1024;
  explicit Stack(void* memory) : memory_(memory) {}
  void* memory_;
};

/// As vfork(2): returns when the child is another program, or has ended.
Result<pid_t> run_child(SpawnChild& child) {
  const Stack stack = TRY(Stack::create());
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::clone(run_spawn_child, stack.top(), CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid == -1) return Error::from_errno(error, "spawn");
  if (child.error != 0) TRY(sys::waitpid(pid, 0));
  return pid;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlimit inherited = limit;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) inherited_limit() = inherited;
}

Result<pid_t> spawn(const std::vector<std::string>& argv, const SpawnOptions& options) {
  const std::vector<std::string> environment = merge_environment(options.environment);
  const std::vector<char*> words = pointers(argv);
  const std::vector<char*> entries = pointers(environment);
  SpawnChild child{.argv = words.data(),
                   .environment = entries.data(),
                   .directory = options.directory.empty() ? nullptr : options.directory.c_str(),
                   .descriptors = &options.descriptors,
                   .descriptor_limit = inherited_limit() ? &*inherited_limit() : nullptr,
                   .own_session = options.session == Session::kOwn,
                   .error = 0};
  const pid_t pid = TRY(run_child(child));
  if (child.error != 0) return not_started(child.error, argv[0]);
  return pid;
}

}  // namespace hull
