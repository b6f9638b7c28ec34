#pragma once

#include "archive/tar_reader.h"

namespace hull::archive {

/// The content of the entry that a tar reader stands on, as a source; what a sparse entry leaves out is zeros. To be
/// read before the reader goes on.
class EntrySource final : public Source {
 public:
  /// size: the entry's, in bytes.
  EntrySource(TarReader& tar, int64_t size) : tar_(tar), size_(size) {}
  Result<size_t> read(std::span<char> data) override;

 private:
  TarReader& tar_;
  const int64_t size_;
  TarReader::Block block_{};
  int64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace hull::archive
