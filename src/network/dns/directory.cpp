#include "network/dns/directory.h"

#include <algorithm>
#include <random>

#include "base/text.h"

namespace hull::network::dns {
namespace {

/// Only to spread the load: nothing secret depends on it.
std::minstd_rand& shuffler() {
  thread_local std::minstd_rand random(std::random_device::result_type{1});
  return random;
}

/// The name within the network, where it is "name" or "name.network".
std::vector<std::string> forms(const std::string& name, const std::string& network) {
  std::vector<std::string> forms = {name};
  const std::string suffix = "." + network;
  if (name.size() > suffix.size() && name.ends_with(suffix))
    forms.push_back(name.substr(0, name.size() - suffix.size()));
  return forms;
}

}  // namespace

void Directory::list(const std::string& container, const std::vector<Listing>& listings) {
  state_.with([&](State& state) {
    remove(state, container);
    for (const Listing& listing : listings) {
      Network& network = state.networks[listing.network_id];
      network.name = to_lower(listing.network_name);
      state.members[container].push_back(listing.network_id);
      for (const std::string& name : listing.names)
        network.names[to_lower(name)].push_back({container, listing.addresses});
      if (listing.names.empty()) continue;
      for (const Address& address : listing.addresses) network.reverse[address] = listing.names.front();
    }
  });
}

void Directory::remove(const std::string& container) {
  state_.with([&](State& state) { remove(state, container); });
}

void Directory::remove(State& state, const std::string& container) {
  const auto member = state.members.find(container);
  if (member == state.members.end()) return;
  for (const std::string& id : member->second) {
    const auto found = state.networks.find(id);
    if (found == state.networks.end()) continue;
    Network& network = found->second;
    for (auto name = network.names.begin(); name != network.names.end();) {
      for (const Entry& entry : name->second)
        if (entry.container == container)
          for (const Address& address : entry.addresses) network.reverse.erase(address);
      std::erase_if(name->second, [&](const Entry& entry) { return entry.container == container; });
      name = name->second.empty() ? network.names.erase(name) : std::next(name);
    }
    if (network.names.empty()) state.networks.erase(found);
  }
  state.members.erase(member);
}

std::optional<std::vector<Address>> Directory::find(const std::string& asker, const std::string& name) const {
  auto found = state_.with([&](const State& state) -> std::optional<std::vector<Address>> {
    const auto member = state.members.find(asker);
    if (member == state.members.end()) return std::nullopt;
    for (const std::string& id : member->second) {
      const auto network = state.networks.find(id);
      if (network == state.networks.end()) continue;
      for (const std::string& form : forms(name, network->second.name)) {
        const auto entries = network->second.names.find(form);
        if (entries == network->second.names.end()) continue;
        std::vector<Address> addresses;
        for (const Entry& entry : entries->second)
          addresses.insert(addresses.end(), entry.addresses.begin(), entry.addresses.end());
        return addresses;
      }
    }
    return std::nullopt;
  });
  if (found) std::ranges::shuffle(*found, shuffler());
  return found;
}

std::optional<std::string> Directory::find_name(const std::string& asker, const Address& address) const {
  return state_.with([&](const State& state) -> std::optional<std::string> {
    const auto member = state.members.find(asker);
    if (member == state.members.end()) return std::nullopt;
    for (const std::string& id : member->second) {
      const auto network = state.networks.find(id);
      if (network == state.networks.end()) continue;
      const auto entry = network->second.reverse.find(address);
      if (entry != network->second.reverse.end()) return entry->second + "." + network->second.name;
    }
    return std::nullopt;
  });
}

}  // namespace hull::network::dns
