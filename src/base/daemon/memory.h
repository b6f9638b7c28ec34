#pragma once

/// A daemon's memory while it has nothing to do.
namespace hull {

/// Keeps what is freed from staying with threads. Call it first in main().
void bound_memory();

/// Gives freed heap back to the kernel: after something large.
void release_heap();

/// Gives back what only the start needed: freed heap, and the pages of program text that were mapped meanwhile (most of
/// a daemon's resident memory: reading one maps fifteen around it). They stay in the page cache, and those that are
/// called again come back by themselves. Call it once, when the daemon serves.
/// Source: madvise(2), MADV_DONTNEED on private mappings of files; only segments that are never written are touched.
void release_startup_memory();

}  // namespace hull
