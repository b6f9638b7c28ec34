#include "archive/entry_source.h"

#include <algorithm>

namespace hull::archive {

Result<size_t> EntrySource::read(std::span<char> data) {
  if (!ended_ && block_.data.empty()) {
    const auto next = TRY(tar_.next_block());
    ended_ = !next;
    if (next) block_ = *next;
  }
  const int64_t hole = (ended_ ? size_ : block_.offset) - position_;
  size_t count = 0;
  if (hole > 0) {
    count = static_cast<size_t>(std::min<int64_t>(hole, static_cast<int64_t>(data.size())));
    std::fill_n(data.begin(), count, '\0');
  } else if (!ended_) {
    count = block_.data.copy(data.data(), data.size());
    block_.data.remove_prefix(count);
    block_.offset += static_cast<int64_t>(count);
  }
  position_ += static_cast<int64_t>(count);
  return count;
}

}  // namespace hull::archive
