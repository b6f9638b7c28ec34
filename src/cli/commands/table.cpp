#include <array>

#include "cli/commands/container/container.h"
#include "cli/commands/context/context.h"
#include "cli/commands/image/image.h"
#include "cli/commands/inspect.h"
#include "cli/commands/network/network.h"
#include "cli/commands/system/system.h"
#include "cli/commands/volume/volume.h"

namespace hull::cli {

namespace {

constexpr std::array kCommands = {
    &kRun,
    &kExec,
    &kPs,
    &kPull,
    &kPush,
    &kImages,
    &kLogin,
    &kLogout,
    &kVersionCommand,
    &kInfo,
    &kAttach,
    &kCommit,
    &kContainerInspect,
    &kContainerPrune,
    &kCopy,
    &kCreate,
    &kDiff,
    &kExport,
    &kKill,
    &kLogs,
    &kPause,
    &kPort,
    &kRename,
    &kRestart,
    &kRm,
    &kStart,
    &kStats,
    &kStop,
    &kTop,
    &kUnpause,
    &kUpdate,
    &kWait,
    &kContextCreate,
    &kContextExport,
    &kContextImport,
    &kContextInspect,
    &kContextLs,
    &kContextRm,
    &kContextShow,
    &kContextUpdate,
    &kContextUse,
    &kHistory,
    &kImageInspect,
    &kImagePrune,
    &kImport,
    &kLoad,
    &kRmi,
    &kSave,
    &kTag,
    &kNetworkConnect,
    &kNetworkCreate,
    &kNetworkDisconnect,
    &kNetworkInspect,
    &kNetworkLs,
    &kNetworkPrune,
    &kNetworkRm,
    &kVolumeCreate,
    &kVolumeInspect,
    &kVolumeLs,
    &kVolumePrune,
    &kVolumeRm,
    &kDialStdio,
    &kEvents,
    &kSystemDf,
    &kSystemPrune,
    &kInspect,
};
constexpr std::array kNouns = {
    Noun{"container", "Manage containers"}, Noun{"context", "Manage contexts, the engines to choose from"},
    Noun{"image", "Manage images"},         Noun{"network", "Manage networks"},
    Noun{"system", "Manage the engine"},    Noun{"volume", "Manage volumes"}};

}  // namespace

std::span<const Command* const> all_commands() { return kCommands; }
std::span<const Noun> all_nouns() { return kNouns; }

}  // namespace hull::cli
