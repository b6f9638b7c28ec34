#include "linux/mapping_tools.h"

#include <unistd.h>

#include <cerrno>

#include "base/sys.h"
#include "base/text.h"

namespace hull::linux {
namespace {

/// What exec leaves as exit status where there is no such program.
constexpr int kNotThere = 127;

std::vector<std::string> words_of(const char* name, pid_t pid, const std::vector<IdRange>& ranges) {
  std::vector<std::string> words = {name, std::to_string(pid)};
  for (const IdRange& range : ranges)
    for (const uint32_t number : {range.inside, range.outside, range.count}) words.push_back(std::to_string(number));
  return words;
}

}  // namespace

Result<void> map_by_tool(MappingTool tool, pid_t pid, const std::vector<IdRange>& ranges) {
  const char* name = tool == MappingTool::kUids ? "newuidmap" : "newgidmap";
  std::vector<std::string> words = words_of(name, pid, ranges);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  sys::Pipe output = TRY(sys::pipe());
  const Child child = TRY(fork_into(0));
  if (child.pid == 0) {
    ::dup2(output.write.get(), STDERR_FILENO);
    ::execvp(name, argv.data());
    ::_exit(kNotThere);
  }
  output.write.reset();
  std::string said;
  char chunk[512];
  constexpr size_t kMost = 4096;
  while (const size_t size = TRY(sys::read(output.read, chunk)))
    if (said.size() < kMost) said.append(chunk, size);
  const int code = TRY(sys::waitpid(child.pid, 0))->exit_code();
  if (code == 0) return {};
  if (code == kNotThere) return not_found(std::string(name) + " is not installed");
  return Error(Code::kPermissionDenied,
               said.empty() ? std::string(name) + ": exit status " + std::to_string(code) : std::string(trim(said)));
}

}  // namespace hull::linux
