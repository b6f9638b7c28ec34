#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "network/ipam/address.h"

namespace hull::network::dns {

/// One network that a container is on, and how the others there call it.
struct Listing {
  std::string network_id;
  std::string network_name;
  std::vector<std::string> names;  ///< none where the network has no names of its own
  std::vector<Address> addresses;
};

/// The names of containers, each valid among those on the same network. Case does not count. Thread-safe.
class Directory {
 public:
  /// In place of what was listed of the container before.
  void list(const std::string& container, const std::vector<Listing>& listings);
  void remove(const std::string& container);

  /// What the asking container reaches by "name" or "name.network": of the first of its networks that knows the name,
  /// all addresses, both families, in random order. nullopt where none does.
  std::optional<std::vector<Address>> find(const std::string& asker, const std::string& name) const;
  /// "name.network" of the container that has the address on one of the asker's networks.
  std::optional<std::string> find_name(const std::string& asker, const Address& address) const;

 private:
  struct Entry {
    std::string container;
    std::vector<Address> addresses;
  };
  struct Network {
    std::string name;                                 // lower case
    std::map<std::string, std::vector<Entry>> names;  // by lower-case name
    std::map<Address, std::string> reverse;
  };
  struct State {
    std::map<std::string, Network> networks;                  // by id
    std::map<std::string, std::vector<std::string>> members;  // network ids, by container
  };
  static void remove(State& state, const std::string& container);

  Guarded<State> state_;
};

}  // namespace hull::network::dns
