#include "base/daemon/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace hull {
namespace {

int release_text(dl_phdr_info* object, size_t, void*) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t start = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz + page - 1) & ~(page - 1);
    // The vDSO is no file and refuses, which is as good.
    (void)::madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void bound_memory() {
  // Each thread would otherwise keep an arena of its own, and freed memory with it.
  ::mallopt(M_ARENA_MAX, 2);
  // Blocks of a transfer stay in the heap: each would otherwise be mapped and its pages made anew. When it has ended,
  // release_heap() gives them back.
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 512 * 1024);
}

void release_heap() { ::malloc_trim(0); }

void release_startup_memory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(release_text, nullptr);
}

}  // namespace hull
