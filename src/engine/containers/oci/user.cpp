#include "engine/containers/oci/user.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_set>

#include "base/text.h"

namespace hull::engine::oci {
namespace {

constexpr uint32_t kMaxId = 2147483647;
constexpr size_t kMaxGroups = 65536;  // NGROUPS_MAX

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<uint32_t> parse_id(std::string_view text) {
  const auto id = parse_integer<uint32_t>(text);
  if (!id || *id > kMaxId) return invalid_argument("uids and gids must be in range 0-2147483647: " + std::string(text));
  return *id;
}

/// An id in a file of the image: lines with a bad one are passed over.
std::optional<uint32_t> file_id(std::string_view text) {
  const auto id = parse_integer<uint32_t>(text);
  return id && *id <= kMaxId ? id : std::nullopt;
}

/// Calls `use` with each line's fields until it returns true.
bool find_line(std::string_view file, const std::function<bool(const std::vector<std::string_view>&)>& use) {
  while (!file.empty()) {
    const size_t end = std::min(file.find('\n'), file.size());
    const auto line = trim(file.substr(0, end));
    file.remove_prefix(std::min(end + 1, file.size()));
    if (!line.empty() && use(split(line, ':'))) return true;
  }
  return false;
}

struct Account {
  std::string name;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string home;
};

std::optional<Account> find_account(std::string_view passwd, std::string_view name, std::optional<uint32_t> uid) {
  Account found;
  const bool ok = find_line(passwd, [&](const auto& fields) {
    if (fields.size() < 6) return false;
    const auto line_uid = file_id(fields[2]);
    const auto line_gid = file_id(fields[3]);
    if (!line_uid || !line_gid || (uid ? *line_uid != *uid : fields[0] != name)) return false;
    found = {std::string(fields[0]), *line_uid, *line_gid, std::string(fields[5])};
    return true;
  });
  return ok ? std::optional(found) : std::nullopt;
}

Result<uint32_t> find_group(std::string_view file, const std::string& name) {
  if (all_digits(name)) return parse_id(name);
  uint32_t gid = 0;
  const bool ok = find_line(file, [&](const auto& fields) {
    const auto id = fields.size() >= 3 && fields[0] == name ? file_id(fields[2]) : std::nullopt;
    if (id) gid = *id;
    return id.has_value();
  });
  if (!ok) return invalid_argument("unable to find group " + name + ": no matching entries in group file");
  return gid;
}

void add_groups_of(std::string_view file, std::string_view name, std::vector<uint32_t>& groups) {
  find_line(file, [&](const auto& fields) {
    if (fields.size() < 4) return false;
    const auto id = file_id(fields[2]);
    const auto members = split(fields[3], ',');
    if (id && std::find(members.begin(), members.end(), name) != members.end()) groups.push_back(*id);
    return false;
  });
}

}  // namespace

Result<ResolvedUser> resolve_user(const std::string& user, const std::vector<std::string>& group_add,
                                  const AccountFiles& files) {
  const auto parts = cut(user, ":");
  const std::string name(parts ? parts->before : std::string_view(user));
  const std::string group(parts ? parts->after : std::string_view());
  std::optional<uint32_t> uid;
  if (name.empty()) uid = 0;
  if (all_digits(name)) uid = TRY(parse_id(name));

  ResolvedUser out;
  const auto account = find_account(files.passwd, name, uid);
  if (!account && !uid) return invalid_argument("unable to find user " + name + ": no matching entries in passwd file");
  out.user.uid = account ? account->uid : *uid;
  out.user.gid = account ? account->gid : 0;
  if (account && !account->home.empty()) out.home = account->home;
  if (!group.empty()) {
    out.user.gid = TRY(find_group(files.group, group));
  } else if (account) {
    add_groups_of(files.group, account->name, out.user.additional_gids);
  }
  for (const std::string& extra : group_add) out.user.additional_gids.push_back(TRY(find_group(files.group, extra)));
  auto& gids = out.user.additional_gids;
  // The main group too, as Docker has it since groups without a set-up were a hole (CVE-2022-36109).
  gids.insert(gids.begin(), out.user.gid);
  std::unordered_set<uint32_t> seen;
  std::erase_if(gids, [&](uint32_t gid) { return !seen.insert(gid).second; });
  if (gids.size() > kMaxGroups)
    return invalid_argument("user \"" + user + "\" is in " + std::to_string(gids.size()) + " groups, more than " +
                            std::to_string(kMaxGroups));
  return out;
}

}  // namespace hull::engine::oci
