#include <linux/mount.h>

#include <asm/unistd.h>
#include <fcntl.h>

#include "runtime/seal.h"

/// The program's first instructions: what run_from_sealed_image() does, done before the C library starts.
///
/// A start of the C library in a virtual machine costs half a millisecond, since it asks CPUID some thirty times and
/// each answer comes from the hypervisor. A program that starts itself again at once need not pay that twice. Nothing
/// of the library works yet here (no thread-local storage, no relocated memcpy): system calls alone are made. Whatever
/// fails is left to run_from_sealed_image(), which knows another way and reports errors; so is a command that is
/// missing in the list below.
namespace {

constexpr const char* kSeenFromContainers[] = {"create", "exec", "restore", "run"};

long system_call(long number, long a, long b = 0, long c = 0, long d = 0, long e = 0) {
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = e;
  long result = 0;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
               : "rcx", "r11", "memory");
  return result;
}

long address_of(const void* object) { return reinterpret_cast<long>(object); }

bool begins_with(const char* text, const char* start) {
  while (*start && *text == *start) ++text, ++start;
  return *start == 0;
}

bool names_such_a_command(char** argv) {
  for (; *argv; ++argv)
    for (const char* name : kSeenFromContainers)
      if (begins_with(*argv, name) && begins_with(name, *argv)) return true;
  return false;
}

/// What a read-only mount of this program's file that is attached nowhere is opened as; negative: an error.
long open_sealed_image() {
  const long mount =
      system_call(__NR_open_tree, AT_FDCWD, address_of("/proc/self/exe"), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (mount < 0) return mount;
  mount_attr wanted{};
  wanted.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  const long changed =
      system_call(__NR_mount_setattr, mount, address_of(""), AT_EMPTY_PATH, address_of(&wanted), sizeof wanted);
  if (changed == 0) return mount;
  system_call(__NR_close, mount);
  return changed;
}

}  // namespace

/// stack: as the kernel left it: argc, argv, 0, environment, 0.
extern "C" void hull_seal_first(long* stack) {
  static constexpr char kMarked[] = HULL_SEALED_MARKER "=1";
  char** const argv = reinterpret_cast<char**>(stack + 1);
  char** const environment = argv + *stack + 1;
  long count = 0;
  for (; environment[count]; ++count)
    if (begins_with(environment[count], HULL_SEALED_MARKER "=")) return;
  constexpr long kMost = 4096;
  if (count > kMost || !names_such_a_command(argv)) return;
  const long image = open_sealed_image();
  if (image < 0) return;
  const char* marked[kMost + 2];
  for (long i = 0; i < count; ++i) marked[i] = environment[i];
  marked[count] = kMarked;
  marked[count + 1] = nullptr;
  system_call(__NR_execveat, image, address_of(""), address_of(argv), address_of(marked), AT_EMPTY_PATH);
  system_call(__NR_close, image);
}

// The C library's entry finds stack and rdx (what to call at exit) as the kernel left them (System V ABI, AMD64).
asm(R"(
  .text
  .globl hull_runc_entry
  .type hull_runc_entry, @function
hull_runc_entry:
  .cfi_startproc
  .cfi_undefined rip
  mov %rdx, %rbx
  mov %rsp, %r12
  mov %rsp, %rdi
  xor %ebp, %ebp
  and $-16, %rsp
  call hull_seal_first
  mov %r12, %rsp
  mov %rbx, %rdx
  jmp _start
  .cfi_endproc
  .size hull_runc_entry, .-hull_runc_entry
)");
