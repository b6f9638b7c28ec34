#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/ipam/address.h"

struct ldns_struct_pkt;

/// DNS messages (RFC 1035), as far as a resolver beside a container reads and writes them.
namespace hull::network::dns {

struct FreePacket {
  void operator()(ldns_struct_pkt* packet) const;
};
using Packet = std::unique_ptr<ldns_struct_pkt, FreePacket>;

enum class Type : uint16_t { kA = 1, kPtr = 12, kAaaa = 28 };
/// RFC 1035, 4.1.1.
enum class Status : uint8_t {
  kOk = 0,
  kFormat = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4,
  kRefused = 5
};

/// The shortest message there is: its header.
constexpr size_t kHeaderSize = 12;
/// As it travels; empty where it can't be written.
std::string wire_of(const ldns_struct_pkt* packet);

/// What a client takes over UDP without saying more (RFC 1035, 2.3.4).
constexpr size_t kPlainUdpSize = 512;

/// One question of a client.
struct Query {
  std::string name;      ///< lower case, without the final dot; empty for the root
  uint16_t type = 0;     ///< Type, or any other
  size_t udp_limit = 0;  ///< the longest answer that the client takes over UDP, in bytes
  std::string key;  ///< what an answer depends on: the question as it was written, and the flags that change answers
  Packet packet;

  bool is(Type other) const { return type == static_cast<uint16_t>(other); }
};
/// Errors: kInvalidArgument for what is no query, kUnimplemented for one of another kind or with several questions.
Result<Query> parse_query(std::string_view wire);

/// The address that "4.3.2.1.in-addr.arpa" or an "ip6.arpa" name asks about.
std::optional<Address> reverse_address(std::string_view name);

/// Answers of our own. None is longer than the query's UDP limit: what goes beyond is left out, and the answer marked
/// as truncated.
std::string answer_addresses(const Query& query, const std::vector<Address>& addresses);
std::string answer_name(const Query& query, const std::string& name);
std::string answer_nothing(const Query& query, Status status);
/// To what could not be parsed; nothing where not even a header is there, or the message is itself an answer.
std::optional<std::string> answer_unparsed(std::string_view wire, Status status);

/// A message as it travels, without looking at more than its header.
uint16_t id_of(std::string_view wire);
void set_id(std::string& wire, uint16_t id);
Status status_of(std::string_view wire);
bool is_answer(std::string_view wire);
bool is_truncated(std::string_view wire);
/// As messages travel over a stream: their length first (RFC 1035, 4.2.2).
std::string framed(std::string_view message);
constexpr size_t kFrameHeaderSize = 2;
/// nullopt where the length has not come yet.
std::optional<size_t> framed_length(std::string_view stream);
/// Whether the answer repeats the query's question, which whoever only guesses at ports and ids need not know.
bool answers(std::string_view answer, std::string_view query);

}  // namespace hull::network::dns
