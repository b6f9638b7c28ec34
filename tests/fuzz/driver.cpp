/// Runs a target without libFuzzer: over files as they are, then over changed ones.
/// usage: fuzz_NAME [--rounds N | --seconds N] [--seed N] FILE|FOLDER...
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "base/units.h"
#include "mutator.h"
#include "target.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace hull::fuzz {
namespace {

/// What runs now, for the report of a crash.
std::string current_input;
uint64_t current_round = 0;

void report_crash() {
  const std::string path = "/tmp/fuzz-crash-" + std::to_string(::getpid());
  (void)replace_file(path, current_input, 0600, Durable::kNo);
  std::fprintf(stderr, "crash in round %llu, its input is in %s\n", static_cast<unsigned long long>(current_round),
               path.c_str());
}

void on_signal(int signal) {
  report_crash();
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void watch_for_crashes() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(report_crash);
  ::signal(SIGABRT, on_signal);
#else
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) ::signal(signal, on_signal);
#endif
}

struct Plan {
  uint64_t rounds = 0;
  uint64_t seconds = 0;
  uint64_t seed = 20190211;
  std::vector<std::string> inputs{};
};

Result<void> add_inputs(const std::string& path, Plan& plan) {
  constexpr Bytes kMost = 16_MiB;
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) files.push_back(entry.path().string());
  if (error) files.push_back(path);
  std::sort(files.begin(), files.end());  // the same seed gives the same run
  for (const std::string& file : files) {
    std::string input = TRY(read_file(file, kMost));
    plan.inputs.push_back(std::move(input));
  }
  return {};
}

Result<Plan> parse_arguments(const std::vector<std::string>& words) {
  Plan plan;
  for (size_t i = 0; i < words.size(); ++i) {
    uint64_t* number = words[i] == "--rounds"    ? &plan.rounds
                       : words[i] == "--seconds" ? &plan.seconds
                       : words[i] == "--seed"    ? &plan.seed
                                                 : nullptr;
    if (!number) {
      TRY(add_inputs(words[i], plan));
      continue;
    }
    const auto value = parse_integer<uint64_t>(i + 1 < words.size() ? words[i + 1] : "");
    if (!value) return invalid_argument(words[i] + ": needs a number");
    *number = *value;
    ++i;
  }
  if (plan.inputs.empty()) return invalid_argument("no input is given");
  return plan;
}

struct Tally {
  uint64_t taken = 0;
  uint64_t refused = 0;
};

void run_one(const std::string& input, Tally& tally) {
  current_input = input;
  const auto* data = reinterpret_cast<const uint8_t*>(current_input.data());
  ++(LLVMFuzzerTestOneInput(data, current_input.size()) == 0 ? tally.taken : tally.refused);
}

/// Each round has a generator of its own, so that a round is found again without those before it.
Tally run(const Plan& plan) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(plan.seconds);
  Tally tally;
  for (const std::string& input : plan.inputs) run_one(input, tally);
  const auto goes_on = [&] {
    return plan.seconds ? std::chrono::steady_clock::now() < end : current_round < plan.rounds;
  };
  for (current_round = 0; goes_on(); ++current_round) {
    Mutator mutator(plan.seed + current_round);
    const std::string& other = plan.inputs[mutator.pick(plan.inputs.size())];
    run_one(mutator.bend(plan.inputs[mutator.pick(plan.inputs.size())], other), tally);
  }
  return tally;
}

}  // namespace
}  // namespace hull::fuzz

int main(int argc, char** argv) {
  using namespace hull::fuzz;
  const auto plan = parse_arguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!plan.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[0], plan.error().message().c_str());
    return 2;
  }
  watch_for_crashes();
  const Tally tally = run(*plan);
  std::printf("%llu taken, %llu refused\n", static_cast<unsigned long long>(tally.taken),
              static_cast<unsigned long long>(tally.refused));
  // A run that only ever took, or only ever refused, has tested the half of it.
  const bool both = tally.taken > 0 && tally.refused > 0;
  return plan->rounds == 0 || both ? 0 : 1;
}
