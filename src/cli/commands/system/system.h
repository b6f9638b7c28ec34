#pragma once

#include "cli/command.h"

/// The commands about the engine as a whole, and about registries.
namespace hull::cli {

extern const Command kDialStdio, kEvents, kInfo, kLogin, kLogout, kSystemDf, kSystemPrune, kVersionCommand;

}  // namespace hull::cli
