#include "shim/group_members.h"

namespace hull::shim {
namespace {

constexpr std::chrono::seconds kPatience(60);

}  // namespace

GroupMembers::~GroupMembers() {
  for (const auto& [id, timer] : expected_) loop_.cancel(timer);
}

void GroupMembers::expect(const std::string& id) {
  settle(id);
  expected_[id] = loop_.after(kPatience, [this, id] {
    expected_.erase(id);
    on_given_up_();
  });
}

void GroupMembers::settle(const std::string& id) {
  const auto node = expected_.extract(id);
  if (node) loop_.cancel(node.mapped());
}

}  // namespace hull::shim
