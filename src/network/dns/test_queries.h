#pragma once

#include <ldns/ldns.h>

#include <string>
#include <vector>

#include "network/dns/message.h"

/// For tests: messages as clients and servers make them.
namespace hull::network::dns {

inline std::string query_for(const std::string& name, uint16_t type, uint16_t id = 4711) {
  Packet packet(ldns_pkt_query_new(ldns_dname_new_frm_str(name.c_str()), static_cast<ldns_rr_type>(type),
                                   LDNS_RR_CLASS_IN, LDNS_RD));
  CHECK(packet != nullptr);
  ldns_pkt_set_id(packet.get(), id);
  return wire_of(packet.get());
}

/// A server's answer to the query with the records, in the master file's format ("web. 60 IN A 10.0.0.1").
inline std::string answer_with(const std::string& query, Status status, const std::vector<std::string>& records,
                               const std::vector<std::string>& authority = {}) {
  ldns_pkt* raw = nullptr;
  CHECK(ldns_wire2pkt(&raw, reinterpret_cast<const uint8_t*>(query.data()), query.size()) == LDNS_STATUS_OK);
  Packet packet(raw);
  ldns_pkt_set_qr(raw, true);
  ldns_pkt_set_rcode(raw, static_cast<uint8_t>(status));
  const auto push = [&](ldns_pkt_section section, const std::string& text) {
    ldns_rr* record = nullptr;
    CHECK(ldns_rr_new_frm_str(&record, text.c_str(), 60, nullptr, nullptr) == LDNS_STATUS_OK);
    ldns_pkt_push_rr(raw, section, record);
  };
  for (const std::string& text : records) push(LDNS_SECTION_ANSWER, text);
  for (const std::string& text : authority) push(LDNS_SECTION_AUTHORITY, text);
  return wire_of(packet.get());
}

/// "web. 60 IN A 10.0.0.1" of each record of the answer section.
inline std::vector<std::string> records_in(const std::string& wire) {
  ldns_pkt* raw = nullptr;
  CHECK(ldns_wire2pkt(&raw, reinterpret_cast<const uint8_t*>(wire.data()), wire.size()) == LDNS_STATUS_OK);
  const Packet packet(raw);
  std::vector<std::string> records;
  for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_pkt_answer(raw)); ++i) {
    char* text = ldns_rr2str(ldns_rr_list_rr(ldns_pkt_answer(raw), i));
    records.emplace_back(text);
    ::free(text);
    while (!records.back().empty() && records.back().back() == '\n') records.back().pop_back();
  }
  return records;
}

inline std::vector<Address> addresses_in(const std::string& wire) {
  std::vector<Address> addresses;
  for (const std::string& record : records_in(wire))
    if (const auto address = Address::parse(record.substr(record.rfind('\t') + 1)); address.ok())
      addresses.push_back(*address);
  return addresses;
}

}  // namespace hull::network::dns
