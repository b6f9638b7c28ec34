#include "network/dns/message.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace hull::network::dns {
namespace {

constexpr uint32_t kTtl = 600;  // seconds; docker's
constexpr uint8_t kQueryResponse = 0x80, kTruncated = 0x02, kStatusMask = 0x0f;
constexpr size_t kLargestUdp = 65'507;  // RFC 768 over IPv4

struct FreeText {
  void operator()(char* text) const { ::free(text); }
};
struct FreeRecord {
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
};
using Record = std::unique_ptr<ldns_rr, FreeRecord>;

const uint8_t* bytes_of(std::string_view wire) { return reinterpret_cast<const uint8_t*>(wire.data()); }

/// In the master file format: a dot within a label is escaped, so that it never equals a dot between two.
std::string text_of(const ldns_rdf* name) {
  const std::unique_ptr<char, FreeText> text(ldns_rdf2str(name));
  std::string result = text ? text.get() : "";
  if (!result.empty() && result.back() == '.') result.pop_back();
  return result;
}

ldns_rr* question_of(const ldns_pkt* packet) { return ldns_rr_list_rr(ldns_pkt_question(packet), 0); }

/// The answer to a query without any record yet.
Packet start_answer(const Query& query, Status status) {
  Packet answer(ldns_pkt_new());
  CHECK(answer != nullptr);
  ldns_pkt_set_id(answer.get(), ldns_pkt_id(query.packet.get()));
  ldns_pkt_set_qr(answer.get(), true);
  ldns_pkt_set_rd(answer.get(), ldns_pkt_rd(query.packet.get()));
  ldns_pkt_set_ra(answer.get(), true);
  ldns_pkt_set_rcode(answer.get(), static_cast<uint8_t>(status));
  ldns_pkt_push_rr(answer.get(), LDNS_SECTION_QUESTION, ldns_rr_clone(question_of(query.packet.get())));
  if (ldns_pkt_edns(query.packet.get())) ldns_pkt_set_edns_udp_size(answer.get(), kPlainUdpSize);
  return answer;
}

Record new_record(const Query& query, ldns_rr_type type, ldns_rdf* data) {
  Record record(ldns_rr_new());
  CHECK(record != nullptr && data != nullptr);
  ldns_rr_set_owner(record.get(), ldns_rdf_clone(ldns_rr_owner(question_of(query.packet.get()))));
  ldns_rr_set_type(record.get(), type);
  ldns_rr_set_class(record.get(), LDNS_RR_CLASS_IN);
  ldns_rr_set_ttl(record.get(), kTtl);
  ldns_rr_push_rdf(record.get(), data);
  return record;
}

std::string finish(const Query& query, const Packet& answer) {
  std::string wire = wire_of(answer.get());
  while (wire.size() > query.udp_limit && ldns_pkt_ancount(answer.get()) > 0) {
    ldns_pkt_set_tc(answer.get(), true);
    ldns_rr_free(ldns_rr_list_pop_rr(ldns_pkt_answer(answer.get())));
    ldns_pkt_set_ancount(answer.get(), static_cast<uint16_t>(ldns_pkt_ancount(answer.get()) - 1));
    wire = wire_of(answer.get());
  }
  return wire;
}

/// Labels of a reverse name, the address's end first.
std::optional<Address> reverse_ipv4(const std::vector<std::string_view>& labels) {
  if (labels.size() != 4) return std::nullopt;
  std::string text;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label)
    text += (text.empty() ? "" : ".") + std::string(*label);
  const auto address = Address::parse(text);
  return address.ok() && address->is_ipv4() ? std::optional(*address) : std::nullopt;
}

std::optional<Address> reverse_ipv6(const std::vector<std::string_view>& labels) {
  if (labels.size() != 32) return std::nullopt;
  Number value = 0;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    const auto digit = label->size() == 1 ? parse_integer<uint8_t>(*label, 16) : std::nullopt;
    if (!digit) return std::nullopt;
    value = value << 4 | *digit;
  }
  return Address(Family::kIpv6, value);
}

/// Where the question section ends; 0 where it is cut off, or compressed (which the first name can't be).
size_t question_end(std::string_view wire) {
  size_t at = kHeaderSize;
  while (at < wire.size() && wire[at] != 0) {
    if ((static_cast<uint8_t>(wire[at]) & 0xc0) != 0) return 0;
    at += 1 + static_cast<uint8_t>(wire[at]);
  }
  at += 1 + 4;  // the root, type and class
  return at <= wire.size() ? at : 0;
}

}  // namespace

void FreePacket::operator()(ldns_struct_pkt* packet) const { ldns_pkt_free(packet); }

std::string wire_of(const ldns_struct_pkt* packet) {
  uint8_t* data = nullptr;
  size_t size = 0;
  if (ldns_pkt2wire(&data, packet, &size) != LDNS_STATUS_OK) return "";
  std::string wire(reinterpret_cast<const char*>(data), size);
  ::free(data);
  return wire;
}

Result<Query> parse_query(std::string_view wire) {
  if (wire.size() < kHeaderSize || is_answer(wire)) return invalid_argument("no DNS query");
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, bytes_of(wire), wire.size());
  Query query;
  query.packet.reset(raw);
  if (status != LDNS_STATUS_OK) return invalid_argument(std::string("DNS query: ") + ldns_get_errorstr_by_id(status));
  if (ldns_pkt_get_opcode(raw) != LDNS_PACKET_QUERY || ldns_pkt_qdcount(raw) != 1)
    return unimplemented("DNS message that is no query of one question");
  const ldns_rr* question = question_of(raw);
  query.name = to_lower(text_of(ldns_rr_owner(question)));
  query.type = static_cast<uint16_t>(ldns_rr_get_type(question));
  query.udp_limit =
      ldns_pkt_edns(raw) ? std::clamp<size_t>(ldns_pkt_edns_udp_size(raw), kPlainUdpSize, kLargestUdp) : kPlainUdpSize;
  const size_t end = question_end(wire);
  if (end == 0) return invalid_argument("DNS query: bad question");
  query.key = std::string(wire.substr(kHeaderSize, end - kHeaderSize));
  for (const bool flag :
       {ldns_pkt_rd(raw), ldns_pkt_cd(raw), ldns_pkt_ad(raw), ldns_pkt_edns(raw), ldns_pkt_edns_do(raw)})
    query.key += flag ? '1' : '0';
  return query;
}

std::optional<Address> reverse_address(std::string_view name) {
  for (const auto& [suffix, parse] : {std::pair(std::string_view(".in-addr.arpa"), &reverse_ipv4),
                                      std::pair(std::string_view(".ip6.arpa"), &reverse_ipv6)})
    if (name.ends_with(suffix)) return parse(split(name.substr(0, name.size() - suffix.size()), '.'));
  return std::nullopt;
}

std::string answer_addresses(const Query& query, const std::vector<Address>& addresses) {
  const Packet answer = start_answer(query, Status::kOk);
  for (const Address& address : addresses) {
    const std::string bytes = address.bytes();
    const auto kind = address.is_ipv4() ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA;
    Record record = new_record(query, address.is_ipv4() ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA,
                               ldns_rdf_new_frm_data(kind, bytes.size(), bytes.data()));
    ldns_pkt_push_rr(answer.get(), LDNS_SECTION_ANSWER, record.release());
  }
  return finish(query, answer);
}

std::string answer_name(const Query& query, const std::string& name) {
  ldns_rdf* data = ldns_dname_new_frm_str((name + ".").c_str());
  if (!data) return answer_nothing(query, Status::kServerFailure);  // a label beyond 63 bytes
  const Packet answer = start_answer(query, Status::kOk);
  ldns_pkt_push_rr(answer.get(), LDNS_SECTION_ANSWER, new_record(query, LDNS_RR_TYPE_PTR, data).release());
  return finish(query, answer);
}

std::string answer_nothing(const Query& query, Status status) { return finish(query, start_answer(query, status)); }

std::optional<std::string> answer_unparsed(std::string_view wire, Status status) {
  if (wire.size() < kHeaderSize || is_answer(wire)) return std::nullopt;
  std::string answer(wire.substr(0, 4));
  answer[2] = static_cast<char>((static_cast<uint8_t>(answer[2]) & 0x79) | kQueryResponse);  // opcode and RD stay
  answer[3] = static_cast<char>(status);
  answer.append(kHeaderSize - answer.size(), '\0');
  return answer;
}

uint16_t id_of(std::string_view wire) {
  CHECK(wire.size() >= kHeaderSize);
  return static_cast<uint16_t>(static_cast<uint8_t>(wire[0]) << 8 | static_cast<uint8_t>(wire[1]));
}

void set_id(std::string& wire, uint16_t id) {
  CHECK(wire.size() >= kHeaderSize);
  wire[0] = static_cast<char>(id >> 8);
  wire[1] = static_cast<char>(id & 0xff);
}

Status status_of(std::string_view wire) { return static_cast<Status>(static_cast<uint8_t>(wire[3]) & kStatusMask); }

bool is_answer(std::string_view wire) { return (static_cast<uint8_t>(wire[2]) & kQueryResponse) != 0; }

bool is_truncated(std::string_view wire) { return (static_cast<uint8_t>(wire[2]) & kTruncated) != 0; }

std::string framed(std::string_view message) {
  CHECK(message.size() <= UINT16_MAX);
  std::string frame = {static_cast<char>(message.size() >> 8), static_cast<char>(message.size() & 0xff)};
  return frame.append(message);
}

std::optional<size_t> framed_length(std::string_view stream) {
  if (stream.size() < kFrameHeaderSize) return std::nullopt;
  return static_cast<size_t>(static_cast<uint8_t>(stream[0])) << 8 | static_cast<uint8_t>(stream[1]);
}

bool answers(std::string_view answer, std::string_view query) {
  const size_t end = question_end(query);
  if (answer.size() < kHeaderSize || !is_answer(answer) || id_of(answer) != id_of(query)) return false;
  // Some servers leave the question out of an error.
  if (answer.size() == kHeaderSize) return status_of(answer) != Status::kOk;
  if (end == 0 || answer.size() < end) return false;
  return std::equal(query.begin() + kHeaderSize, query.begin() + static_cast<ptrdiff_t>(end),
                    answer.begin() + kHeaderSize,
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

}  // namespace hull::network::dns
