#include "runtime/commands/command.h"

#ifdef __SANITIZE_ADDRESS__
// LeakSanitizer attaches to its own process, and aborts where it may not: in a user namespace, not dumpable, or traced
// by a test. What ends within milliseconds leaks nothing that matters; the unit tests check src/runtime for leaks.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

int main(int argc, char** argv) { return hull::runtime::run_program(argc, argv); }
