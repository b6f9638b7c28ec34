#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace hull::fuzz {

/// Bends a text at random. The same seed gives the same text on every machine.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}
  /// Below `count`; 0 where that is 0.
  size_t pick(size_t count);
  /// other: a text to cross it with.
  std::string bend(std::string text, const std::string& other);

 private:
  void bend_once(std::string& text, const std::string& other);
  void replace_value(std::string& text, size_t at);
  std::mt19937_64 random_;
};

}  // namespace hull::fuzz
