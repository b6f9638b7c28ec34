#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace hull::linux {

/// Whether the kernel takes it as the name of a network device.
bool is_net_device_name(std::string_view name);

/// Moves a device of this process's network namespace into `netns` and names it `name` there in one step, so that it
/// can't clash with another on the way; its permanent addresses of global scope go with it, and it is set up.
/// Errors: kNotFound "link not found for interface …", kAlreadyExists where the name is taken.
/// Source: rtnetlink(7); runc, libcontainer/network_linux.go.
Result<void> move_net_device(const std::string& device, FdRef netns, const std::string& name);

}  // namespace hull::linux
