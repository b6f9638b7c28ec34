#include "archive/compression.h"

#include <archive.h>
#include <isa-l.h>
#include <zstd.h>

#include <array>
#include <cstring>
#include <vector>

namespace hull::archive {
namespace {

constexpr size_t kInput = 256 * 1024;

/// Gives bytes that were read ahead, then the rest.
class Rejoined : public Source {
 public:
  Rejoined(std::string first, Source& rest) : first_(std::move(first)), rest_(rest) {}
  Result<size_t> read(std::span<char> data) override {
    const size_t count = TRY(first_.read(data));
    return count > 0 ? Result<size_t>(count) : rest_.read(data);
  }

 private:
  MemorySource first_;
  Source& rest_;
};

class Inflater : public Source {
 public:
  explicit Inflater(std::unique_ptr<Source> inner)
      : inner_(std::move(inner)), input_(kInput), state_(std::make_unique<inflate_state>()) {
    start_member();
  }

  Result<size_t> read(std::span<char> data) override {
    state_->next_out = reinterpret_cast<uint8_t*>(data.data());
    state_->avail_out = static_cast<uint32_t>(std::min<size_t>(data.size(), UINT32_MAX));
    const uint32_t room = state_->avail_out;
    while (state_->avail_out == room) {
      if (state_->block_state == ISAL_BLOCK_FINISH && !TRY(next_member())) return size_t{0};
      if (state_->avail_in == 0) TRY(fill());
      // At the end of the input there may still be output in the state.
      const int code = isal_inflate(state_.get());
      if (code < 0) return data_loss("gzip: damaged data (" + std::to_string(code) + ")");
      const bool stuck = ended_ && state_->avail_in == 0 && state_->avail_out == room;
      if (stuck && state_->block_state != ISAL_BLOCK_FINISH) return data_loss("gzip: the data ends early");
    }
    return room - state_->avail_out;
  }

 private:
  void start_member() {
    uint8_t* const next = state_->next_in;
    const uint32_t left = state_->avail_in;
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
    state_->next_in = next;
    state_->avail_in = left;
  }

  /// False at the end of the file. Padding after the last member is passed over, as gzip does.
  Result<bool> next_member() {
    // The inflater may have taken whole bytes after the trailer into its bit buffer; ISA-L gives them back there.
    if (state_->avail_in == 0) TRY(fill());
    while (state_->avail_in > 0 && *state_->next_in == 0) {
      ++state_->next_in;
      if (--state_->avail_in == 0) TRY(fill());
    }
    if (state_->avail_in == 0) return false;
    uint8_t* const out = state_->next_out;
    const uint32_t room = state_->avail_out;
    start_member();
    state_->next_out = out;
    state_->avail_out = room;
    return true;
  }

  Result<void> fill() {
    const size_t count = TRY(inner_->read(input_));
    ended_ = count == 0;
    state_->next_in = reinterpret_cast<uint8_t*>(input_.data());
    state_->avail_in = static_cast<uint32_t>(count);
    return {};
  }

  std::unique_ptr<Source> inner_;
  std::vector<char> input_;
  std::unique_ptr<inflate_state> state_;
  bool ended_ = false;
};

class ZstdReader : public Source {
 public:
  explicit ZstdReader(std::unique_ptr<Source> inner)
      : inner_(std::move(inner)), buffer_(ZSTD_DStreamInSize()), stream_(ZSTD_createDStream()) {
    CHECK(stream_);
    // 128 MiB of window at most: what a stream asks for is memory that it takes from us.
    CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 27)));
  }

  Result<size_t> read(std::span<char> data) override {
    ZSTD_outBuffer output{data.data(), data.size(), 0};
    while (output.pos == 0) {
      if (input_.pos == input_.size && !flushing_) {
        const size_t size = TRY(inner_->read(buffer_));
        input_ = {buffer_.data(), size, 0};
        if (input_.size == 0) {
          if (hint_ != 0) return data_loss("zstd: the data ends early");
          return size_t{0};
        }
      }
      hint_ = ZSTD_decompressStream(stream_.get(), &output, &input_);
      if (ZSTD_isError(hint_)) return data_loss(std::string("zstd: ") + ZSTD_getErrorName(hint_));
      flushing_ = output.pos == output.size && hint_ != 0;  // a full output may hide more of it
    }
    return output.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<Source> inner_;
  std::vector<char> buffer_;
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  size_t hint_ = 0;
  bool flushing_ = false;
};

/// xz and bzip2, which are rare, through libarchive.
class FilterReader : public Source {
 public:
  explicit FilterReader(std::unique_ptr<Source> inner) : inner_(std::move(inner)), input_(kInput) {}
  ~FilterReader() override { archive_read_free(archive_); }

  Result<void> open() {
    archive_ = archive_read_new();
    CHECK(archive_);
    archive_read_support_filter_xz(archive_);
    archive_read_support_filter_bzip2(archive_);
    archive_read_support_format_raw(archive_);
    archive_entry* entry = nullptr;
    if (archive_read_open(archive_, this, nullptr, feed, nullptr) != ARCHIVE_OK ||
        archive_read_next_header(archive_, &entry) != ARCHIVE_OK)
      return failure();
    return {};
  }

  Result<size_t> read(std::span<char> data) override {
    const la_ssize_t count = archive_read_data(archive_, data.data(), data.size());
    if (count < 0) return failure();
    return static_cast<size_t>(count);
  }

 private:
  static la_ssize_t feed(struct ::archive*, void* self, const void** data) {
    auto* reader = static_cast<FilterReader*>(self);
    auto count = reader->inner_->read(reader->input_);
    *data = reader->input_.data();
    if (count.ok()) return static_cast<la_ssize_t>(*count);
    reader->error_ = std::move(count).error();
    return -1;
  }
  Error failure() {
    if (error_) return *error_;
    const char* text = archive_error_string(archive_);
    return data_loss(std::string("decompress: ") + (text ? text : "damaged data"));
  }

  std::unique_ptr<Source> inner_;
  std::vector<char> input_;
  struct ::archive* archive_ = nullptr;
  std::optional<Error> error_;
};

class PlainSink : public CompressingSink {
 public:
  explicit PlainSink(Sink& inner) : inner_(inner) {}
  Result<void> write(std::string_view data) override { return inner_.write(data); }
  Result<void> finish() override { return {}; }

 private:
  Sink& inner_;
};

class GzipSink : public CompressingSink {
 public:
  explicit GzipSink(Sink& inner)
      : inner_(inner), level_buffer_(ISAL_DEF_LVL2_DEFAULT), output_(kInput), state_(std::make_unique<isal_zstream>()) {
    isal_deflate_init(state_.get());
    state_->level = 2;
    state_->level_buf = level_buffer_.data();
    state_->level_buf_size = static_cast<uint32_t>(level_buffer_.size());
    state_->gzip_flag = IGZIP_GZIP;
  }
  Result<void> write(std::string_view data) override {
    while (!data.empty()) {
      const auto part = data.substr(0, 1u << 30);
      TRY(deflate(part));
      data.remove_prefix(part.size());
    }
    return {};
  }
  Result<void> finish() override {
    state_->end_of_stream = 1;
    return deflate({});
  }

 private:
  Result<void> deflate(std::string_view data) {
    // ISA-L's pointer lacks const; it only reads.
    state_->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(data.data()));
    state_->avail_in = static_cast<uint32_t>(data.size());
    do {
      state_->next_out = output_.data();
      state_->avail_out = static_cast<uint32_t>(output_.size());
      CHECK(isal_deflate(state_.get()) == COMP_OK);
      TRY(inner_.write({reinterpret_cast<const char*>(output_.data()), output_.size() - state_->avail_out}));
    } while (state_->avail_out == 0 || state_->avail_in > 0);
    return {};
  }

  Sink& inner_;
  std::vector<uint8_t> level_buffer_;
  std::vector<uint8_t> output_;
  std::unique_ptr<isal_zstream> state_;
};

class ZstdSink : public CompressingSink {
 public:
  explicit ZstdSink(Sink& inner) : inner_(inner), output_(ZSTD_CStreamOutSize()), stream_(ZSTD_createCCtx()) {
    CHECK(stream_);
    CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_checksumFlag, 1)));
  }
  Result<void> write(std::string_view data) override { return run(data, ZSTD_e_continue); }
  Result<void> finish() override { return run({}, ZSTD_e_end); }

 private:
  Result<void> run(std::string_view data, ZSTD_EndDirective directive) {
    ZSTD_inBuffer input{data.data(), data.size(), 0};
    for (;;) {
      ZSTD_outBuffer output{output_.data(), output_.size(), 0};
      const size_t left = ZSTD_compressStream2(stream_.get(), &output, &input, directive);
      if (ZSTD_isError(left)) return internal_error(std::string("zstd: ") + ZSTD_getErrorName(left));
      TRY(inner_.write({output_.data(), output.pos}));
      if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return {};
    }
  }

  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  Sink& inner_;
  std::vector<char> output_;
  std::unique_ptr<ZSTD_CCtx, Free> stream_;
};

}  // namespace

Format detect(std::string_view first) {
  using namespace std::string_view_literals;
  if (first.starts_with("\x1f\x8b\x08"sv)) return Format::kGzip;
  if (first.starts_with("\x28\xb5\x2f\xfd"sv)) return Format::kZstd;
  if (first.starts_with("\xfd\x37\x7a\x58\x5a\x00"sv)) return Format::kXz;
  if (first.starts_with("BZh"sv)) return Format::kBzip2;
  // A skippable frame (0x184D2A50 to 0x184D2A5F) may stand before a zstd stream (RFC 8878, 3.1.2).
  if (first.size() >= 4 && first.substr(1, 3) == "\x2a\x4d\x18"sv && (first[0] & 0xf0) == 0x50) return Format::kZstd;
  return Format::kPlain;
}

Result<std::unique_ptr<Source>> decompress(Source& inner) {
  std::string first(6, '\0');
  size_t have = 0;
  while (have < first.size()) {
    const size_t count = TRY(inner.read({first.data() + have, first.size() - have}));
    if (count == 0) break;
    have += count;
  }
  first.resize(have);
  const Format format = detect(first);
  std::unique_ptr<Source> whole = std::make_unique<Rejoined>(std::move(first), inner);
  switch (format) {
    case Format::kPlain: return whole;
    case Format::kGzip: return std::unique_ptr<Source>(std::make_unique<Inflater>(std::move(whole)));
    case Format::kZstd: return std::unique_ptr<Source>(std::make_unique<ZstdReader>(std::move(whole)));
    case Format::kXz:
    case Format::kBzip2: break;
  }
  auto filter = std::make_unique<FilterReader>(std::move(whole));
  TRY(filter->open());
  return std::unique_ptr<Source>(std::move(filter));
}

std::unique_ptr<CompressingSink> compress(Sink& inner, image::media::Compression compression) {
  switch (compression) {
    case image::media::Compression::kGzip: return std::make_unique<GzipSink>(inner);
    case image::media::Compression::kZstd: return std::make_unique<ZstdSink>(inner);
    case image::media::Compression::kNone: break;
  }
  return std::make_unique<PlainSink>(inner);
}

}  // namespace hull::archive
