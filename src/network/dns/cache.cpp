#include "network/dns/cache.h"

#include <ldns/ldns.h>

#include <algorithm>

namespace hull::network::dns {
namespace {

// Zones change, and clients of containers expect to notice it within the hour.
constexpr uint32_t kLongest = 3600;  // seconds
constexpr size_t kLargest = 4096;    // bytes; longer answers are rare and asked anew

template <class F>
void for_each_record(const ldns_pkt* packet, F&& f) {
  for (const ldns_rr_list* section : {ldns_pkt_answer(packet), ldns_pkt_authority(packet), ldns_pkt_additional(packet)})
    for (size_t i = 0; section && i < ldns_rr_list_rr_count(section); ++i) f(ldns_rr_list_rr(section, i));
}

/// The last field of a SOA record (RFC 1035, 3.3.13).
uint32_t minimum_of(const ldns_rr* soa) {
  const ldns_rdf* field = ldns_rr_rd_count(soa) == 7 ? ldns_rr_rdf(soa, 6) : nullptr;
  return field ? ldns_rdf2native_int32(field) : 0;
}

/// Seconds; 0 where the answer may not be kept.
uint32_t lifetime(const ldns_pkt* answer) {
  const auto status = static_cast<Status>(ldns_pkt_get_rcode(answer));
  if (status != Status::kOk && status != Status::kNoSuchName) return 0;
  uint32_t least = kLongest;
  bool any = false;
  for_each_record(answer, [&](const ldns_rr* record) {
    any = true;
    least = std::min(least, ldns_rr_ttl(record));
  });
  if (status == Status::kOk && ldns_pkt_ancount(answer) > 0) return any ? least : 0;
  bool bounded = false;
  const ldns_rr_list* authority = ldns_pkt_authority(answer);
  for (size_t i = 0; authority && i < ldns_rr_list_rr_count(authority); ++i)
    if (const ldns_rr* record = ldns_rr_list_rr(authority, i); ldns_rr_get_type(record) == LDNS_RR_TYPE_SOA) {
      least = std::min(least, minimum_of(record));
      bounded = true;
    }
  return bounded ? least : 0;
}

}  // namespace

void Cache::put(const Query& query, std::string_view answer, Clock::time_point now) {
  if (answer.size() > kLargest || is_truncated(answer)) return;
  ldns_pkt* raw = nullptr;
  const bool parsed =
      ldns_wire2pkt(&raw, reinterpret_cast<const uint8_t*>(answer.data()), answer.size()) == LDNS_STATUS_OK;
  Packet packet(raw);
  const uint32_t seconds = parsed ? lifetime(raw) : 0;
  if (seconds == 0) return;
  if (const auto old = index_.find(query.key); old != index_.end()) drop(old->second);
  entries_.push_front({query.key, std::move(packet), now, now + std::chrono::seconds(seconds)});
  index_[entries_.front().key] = entries_.begin();
  if (entries_.size() > capacity_) drop(std::prev(entries_.end()));
}

std::optional<std::string> Cache::find(const Query& query, Clock::time_point now) {
  const auto found = index_.find(query.key);
  if (found == index_.end()) return std::nullopt;
  const auto entry = found->second;
  if (now >= entry->expires) {
    drop(entry);
    return std::nullopt;
  }
  const auto age = std::chrono::floor<std::chrono::seconds>(now - entry->kept);
  for_each_record(entry->answer.get(), [&](ldns_rr* record) {
    ldns_rr_set_ttl(record, ldns_rr_ttl(record) - static_cast<uint32_t>(age.count()));
  });
  entry->kept += age;
  ldns_pkt_set_id(entry->answer.get(), ldns_pkt_id(query.packet.get()));
  entries_.splice(entries_.begin(), entries_, entry);
  std::string wire = wire_of(entry->answer.get());
  return wire.empty() ? std::nullopt : std::optional(std::move(wire));
}

void Cache::drop(std::list<Entry>::iterator entry) {
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace hull::network::dns
