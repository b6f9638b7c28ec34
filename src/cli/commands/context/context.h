#pragma once

#include "cli/command.h"

/// The commands about contexts: named engines, shared with docker.
namespace hull::cli {

extern const Command kContextCreate, kContextExport, kContextImport, kContextInspect, kContextLs, kContextRm,
    kContextShow, kContextUpdate, kContextUse;

}  // namespace hull::cli
