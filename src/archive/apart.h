#pragma once

#include <functional>
#include <string>

#include "archive/layer.h"

/// Layers are unpacked in a process of their own, hull-unpack, which holds nothing but the blob, the directory and the
/// privileges that this takes (docs/security.md). Both sides of the talk stand here.
namespace hull::archive {

/// How a layer gets into a directory: unpack_layer() here, or apart.
using LayerUnpacker =
    std::function<Result<UnpackedLayer>(UniqueFd blob, const image::Digest&, FdRef root, const ApplyOptions&)>;

/// By the program, each call in a process of its own that ends with it or with us. Of the options only `whiteouts` and
/// `lower_dirs` may be given. Errors: unpack_layer()'s; kInternal: the process died.
LayerUnpacker unpack_apart(std::string program);

/// What hull-unpack was started for.
struct ApartRequest {
  image::Digest digest;
  Whiteouts whiteouts = Whiteouts::kRemove;
  UniqueFd blob;
  UniqueFd root;
  std::vector<UniqueFd> lowers;  ///< topmost first
  UniqueFd answer;
};
/// In the child. Errors: kInvalidArgument: it was started by hand.
Result<ApartRequest> read_apart_request(int argc, const char* const* argv);
Result<void> write_apart_answer(FdRef answer, const Result<UnpackedLayer>& unpacked);

}  // namespace hull::archive
