#include "runtime/seccomp_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.h"
#include "base/json.h"

namespace hull::runtime {
namespace {

class SeccompCache : public testing::Test {
 protected:
  SeccompCache() {
    char name[] = "/tmp/hull-seccomp-XXXXXX";
    root_ = ::mkdtemp(name);
  }
  ~SeccompCache() override { (void)remove_tree(root_); }
  static spec::Seccomp profile() {
    return MUST(json::parse<spec::Seccomp>(R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64",
        "SCMP_ARCH_X86"],"syscalls":[{"names":["ptrace","nosuchcall"],"action":"SCMP_ACT_ERRNO","args":[
        {"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]})"));
  }
  std::string only_file() const { return root_ + "/@seccomp/" + MUST(list_directory(root_ + "/@seccomp")).at(0); }
  std::string root_;
};

TEST_F(SeccompCache, TheSecondTimeComesFromTheFile) {
  const auto first = MUST(seccomp_program(root_, profile()));
  EXPECT_EQ(first.bpf, MUST(compile_seccomp(profile())).bpf);
  const auto second = MUST(seccomp_program(root_, profile()));
  EXPECT_EQ(second.bpf, first.bpf);
}

TEST_F(SeccompCache, AFileForAnotherProfileIsNotBelieved) {
  const auto good = MUST(seccomp_program(root_, profile()));
  const std::string file = only_file();
  MUST(replace_file(file, "hull-seccomp-2\nother profile", 0600, Durable::kNo));
  EXPECT_EQ(MUST(seccomp_program(root_, profile())).bpf, good.bpf);
}

TEST_F(SeccompCache, AFileThatOthersCanWriteIsNotBelieved) {
  const auto good = MUST(seccomp_program(root_, profile()));
  const std::string file = only_file();
  std::string text = MUST(read_file(file));
  text[text.size() - 8] ^= 1;
  MUST(replace_file(file, text, 0666, Durable::kNo));
  EXPECT_EQ(MUST(seccomp_program(root_, profile())).bpf, good.bpf);
}

TEST_F(SeccompCache, RefusesWhatItCannotDo) {
  auto architecture = profile();
  architecture.architectures = {"SCMP_ARCH_PDP11"};
  EXPECT_EQ(seccomp_program(root_, architecture).code(), Code::kInvalidArgument);
  auto index = profile();
  index.syscalls[0].args[0].index = 6;
  EXPECT_EQ(seccomp_program(root_, index).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace hull::runtime
