#include "archive/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

namespace hull::archive {
namespace {

constexpr size_t kInput = 256 * 1024;

const char* text_or_empty(const char* text) { return text ? text : ""; }

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/// GNU tar and libarchive write some bytes of an attribute's name as "%3D", and libarchive's reader leaves them so.
/// What neither of them would have encoded is a name's own.
std::string decode_name(std::string_view name) {
  std::string out;
  for (size_t at = 0; at < name.size(); ++at) {
    const bool complete = name[at] == '%' && at + 2 < name.size();
    const int high = complete ? hex_digit(name[at + 1]) : -1;
    const int low = complete ? hex_digit(name[at + 2]) : -1;
    const int byte = high < 0 || low < 0 ? -1 : high * 16 + low;
    const bool encoded = byte > 0 && (byte < 33 || byte > 126 || byte == '%' || byte == '=');
    out += encoded ? static_cast<char>(byte) : name[at];
    if (encoded) at += 2;
  }
  return out;
}

}  // namespace

Utf8Scope::Utf8Scope() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
  if (locale_) previous_ = uselocale(static_cast<locale_t>(locale_));
}
Utf8Scope::~Utf8Scope() {
  if (!locale_) return;
  uselocale(static_cast<locale_t>(previous_));
  freelocale(static_cast<locale_t>(locale_));
}

TarReader::TarReader(Source& source) : source_(source), buffer_(kInput), archive_(archive_read_new()) {
  CHECK(archive_);
  archive_read_support_format_tar(archive_);
  archive_read_support_format_empty(archive_);
  archive_read_open(archive_, this, nullptr, feed, nullptr);
}

TarReader::~TarReader() { archive_read_free(archive_); }

long TarReader::feed(struct ::archive*, void* self, const void** data) {
  auto* reader = static_cast<TarReader*>(self);
  auto count = reader->source_.read(reader->buffer_);
  *data = reader->buffer_.data();
  if (count.ok()) return static_cast<long>(*count);
  reader->error_ = std::move(count).error();
  return -1;
}

Error TarReader::failure(Code code) {
  if (error_) return *error_;
  const std::string text = text_or_empty(archive_error_string(archive_));
  const bool truncated = text.find("runcated") != std::string::npos;
  return Error(truncated ? Code::kDataLoss : code, "read tar: " + (text.empty() ? "damaged data" : text));
}

TarEntry TarReader::convert(archive_entry* entry) const {
  TarEntry out;
  out.name = text_or_empty(archive_entry_pathname(entry));
  if (const char* target = archive_entry_hardlink(entry)) {
    out.is_hard_link = true;
    out.link = target;
  } else if (const char* link = archive_entry_symlink(entry)) {
    out.link = link;
  }
  out.mode = archive_entry_mode(entry);
  out.uid = static_cast<uid_t>(archive_entry_uid(entry));
  out.gid = static_cast<gid_t>(archive_entry_gid(entry));
  out.size = archive_entry_size(entry);
  out.mtime = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  out.device_major = static_cast<unsigned>(archive_entry_rdevmajor(entry));
  out.device_minor = static_cast<unsigned>(archive_entry_rdevminor(entry));
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    out.xattrs.push_back({decode_name(name), std::string(static_cast<const char*>(value), size)});
  return out;
}

Result<std::optional<TarEntry>> TarReader::next() {
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(archive_, &entry);
  if (code == ARCHIVE_EOF) {
    // An all-zero or empty stream is an empty tar; anything else that libarchive takes for empty is none.
    return std::optional<TarEntry>();
  }
  if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return failure(any_ ? Code::kDataLoss : Code::kInvalidArgument);
  any_ = true;
  TarEntry converted = convert(entry);
  if (archive_entry_uid(entry) < 0 || archive_entry_uid(entry) > UINT32_MAX || archive_entry_gid(entry) < 0 ||
      archive_entry_gid(entry) > UINT32_MAX)
    return invalid_argument("read tar: owner of \"" + converted.name + "\" is out of range");
  if (converted.name.empty()) return invalid_argument("read tar: an entry without a name");
  return std::optional<TarEntry>(std::move(converted));
}

Result<std::optional<TarReader::Block>> TarReader::next_block() {
  const void* data = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  const int code = archive_read_data_block(archive_, &data, &size, &offset);
  if (code == ARCHIVE_EOF) return std::optional<Block>();
  if (code != ARCHIVE_OK) return failure(Code::kDataLoss);
  return std::optional<Block>({offset, {static_cast<const char*>(data), size}});
}

Result<std::string> TarReader::read_content(Bytes limit) {
  std::string content;
  while (const auto block = TRY(next_block())) {
    const auto end = block->offset + static_cast<int64_t>(block->data.size());
    if (end > limit.count) return Error(Code::kResourceExhausted, "read tar: an entry is larger than allowed");
    content.resize(static_cast<size_t>(block->offset), '\0');
    content.append(block->data);
  }
  return content;
}

}  // namespace hull::archive
