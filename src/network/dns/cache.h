#pragma once

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "network/dns/message.h"

namespace hull::network::dns {

/// Answers of other servers, for as long as they may be kept: their records' time to live, and for "no such name" the
/// one that the zone names (RFC 2308, 5). One a sandbox, since a container may forge what its own sandbox is told.
class Cache {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Cache(size_t capacity) : capacity_(capacity) {}

  /// Keeps what may be kept. The least recently used answer makes room.
  void put(const Query& query, std::string_view answer, Clock::time_point now);
  /// The answer with this query's id and times to live that have shrunk meanwhile.
  std::optional<std::string> find(const Query& query, Clock::time_point now);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    Packet answer;
    Clock::time_point kept;
    Clock::time_point expires;
  };
  void drop(std::list<Entry>::iterator entry);

  const size_t capacity_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
};

}  // namespace hull::network::dns
