#include "engine/containerd/content.h"

#include "base/ids.h"
#include "engine/containerd/channel.h"
#include "engine/containerd/convert.h"
#include "ipc/proto/containerd/services/content.grpc.pb.h"

namespace hull::engine::containerd {
namespace pb = ::containerd::services::content::v1;

namespace {

// Large enough that a call's cost vanishes, small enough that memory and latency stay so.
constexpr size_t kChunkBytes = 128 * 1024;

Result<BlobInfo> blob_info(const pb::Info& info) {
  return BlobInfo{.digest = TRY(image::Digest::parse(info.digest())),
                  .size = info.size(),
                  .created_at = time_from(info.created_at()),
                  .labels = {info.labels().begin(), info.labels().end()}};
}

/// A streaming call's context, and the ways it ends.
struct StreamCall {
  StreamCall(const Channel& channel, const hull::Call& call) : stop(context, call.stop) {
    channel.prepare(context, call);
  }
  grpc::ClientContext context;
  CancelOnStop stop;
};

class Reader final : public BlobReader {
 public:
  Reader(const Channel& channel, const hull::Call& call, pb::Content::Stub& stub, const pb::ReadContentRequest& request)
      : call_(channel, call), stream_(stub.Read(&call_.context, request)) {}
  ~Reader() override {
    if (!done_) call_.context.TryCancel();
  }

  Result<std::string_view> next() override {
    while (!done_) {
      if (!stream_->Read(&message_)) {
        done_ = true;
        if (const auto status = stream_->Finish(); !status.ok()) return error_of(status);
        break;
      }
      if (!message_.data().empty()) return std::string_view(message_.data());
    }
    return std::string_view();
  }

 private:
  StreamCall call_;
  std::unique_ptr<grpc::ClientReader<pb::ReadContentResponse>> stream_;
  pb::ReadContentResponse message_;
  bool done_ = false;
};

/// Each message is answered; to keep both ends busy, a few answers may be outstanding.
class Writer final : public BlobWriter {
 public:
  static Result<std::unique_ptr<BlobWriter>> open(const Channel& channel, const hull::Call& call,
                                                  pb::Content::Stub& stub, const WriteOptions& options) {
    std::unique_ptr<Writer> writer(new Writer(channel, call, stub));
    pb::WriteContentRequest request;
    request.set_action(pb::STAT);
    request.set_ref(options.ref);
    request.set_total(options.total);
    request.set_expected(options.expected.str());
    TRY(writer->send(request));
    const auto answer = TRY(writer->receive());
    writer->offset_ = answer.offset();
    return std::unique_ptr<BlobWriter>(std::move(writer));
  }
  ~Writer() override {
    if (!finished_) call_.context.TryCancel();
  }

  int64_t offset() const override { return offset_; }

  Result<void> write(std::string_view data) override {
    for (; !data.empty(); data.remove_prefix(std::min(kChunkBytes, data.size()))) {
      const std::string_view chunk = data.substr(0, kChunkBytes);
      pb::WriteContentRequest request;
      request.set_action(pb::WRITE);
      request.set_offset(offset_);
      request.set_data(chunk.data(), chunk.size());
      TRY(send(request));
      offset_ += static_cast<int64_t>(chunk.size());
      while (outstanding_ > kMaxOutstanding) TRY(receive());
    }
    return {};
  }

  Result<image::Digest> digest() override {
    while (outstanding_ > 0) TRY(receive());
    pb::WriteContentRequest request;
    request.set_action(pb::STAT);
    TRY(send(request));
    return image::Digest::parse(TRY(receive()).digest());
  }

  Result<image::Digest> commit(int64_t size, const image::Digest& expected, const Labels& labels) override {
    while (outstanding_ > 0) TRY(receive());
    pb::WriteContentRequest request;
    request.set_action(pb::COMMIT);
    request.set_total(size);
    request.set_offset(offset_);
    request.set_expected(expected.str());
    request.mutable_labels()->insert(labels.begin(), labels.end());
    TRY(send(request));
    const auto answer = TRY(receive());
    stream_->WritesDone();
    finished_ = true;
    if (const auto status = finish(); !status.ok()) return error_of(status);
    return image::Digest::parse(answer.digest());
  }

 private:
  static constexpr int kMaxOutstanding = 4;

  Writer(const Channel& channel, const hull::Call& call, pb::Content::Stub& stub)
      : call_(channel, call), stream_(stub.Write(&call_.context)) {}

  Result<void> send(const pb::WriteContentRequest& request) {
    if (!stream_->Write(request)) return fail();
    ++outstanding_;
    return {};
  }
  Result<pb::WriteContentResponse> receive() {
    pb::WriteContentResponse answer;
    if (!stream_->Read(&answer)) return fail();
    --outstanding_;
    return answer;
  }
  /// The status comes after all answers, and containerd repeats its last one.
  grpc::Status finish() {
    pb::WriteContentResponse rest;
    while (stream_->Read(&rest)) continue;
    return stream_->Finish();
  }
  Error fail() {
    if (finished_) return data_loss("write to the content store: the writer failed before");
    finished_ = true;
    const auto status = finish();
    return status.ok() ? data_loss("write to the content store: the stream ended early") : error_of(status);
  }

  StreamCall call_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::WriteContentRequest, pb::WriteContentResponse>> stream_;
  int64_t offset_ = 0;
  int outstanding_ = 0;
  bool finished_ = false;
};

}  // namespace

struct Content::Impl {
  Connection connection;
  std::unique_ptr<pb::Content::Stub> stub;
};

Content::Content(const Connection& connection)
    : impl_(new Impl{connection, pb::Content::NewStub(connection.channel().grpc())}) {}
Content::~Content() = default;
Content::Content(Content&&) noexcept = default;

Result<BlobInfo> Content::info(const hull::Call& call, const image::Digest& digest) const {
  pb::InfoRequest request;
  request.set_digest(digest.str());
  const auto answer = TRY(unary(impl_->connection.channel(), call, *impl_->stub, &pb::Content::Stub::Info, request));
  return blob_info(answer.info());
}

Result<std::vector<BlobInfo>> Content::list(const hull::Call& call) const {
  TRY(impl_->connection.channel().connect(call));
  StreamCall stream(impl_->connection.channel(), call);
  const auto reader = impl_->stub->List(&stream.context, pb::ListContentRequest());
  std::vector<BlobInfo> out;
  pb::ListContentResponse answer;
  while (reader->Read(&answer))
    for (const auto& info : answer.info())
      if (auto blob = blob_info(info); blob.ok()) out.push_back(std::move(*blob));
  if (const auto status = reader->Finish(); !status.ok()) return error_of(status);
  return out;
}

Result<void> Content::set_labels(const hull::Call& call, const image::Digest& digest, const Labels& labels) const {
  pb::UpdateRequest request;
  request.mutable_info()->set_digest(digest.str());
  for (const auto& [key, value] : labels) {
    (*request.mutable_info()->mutable_labels())[key] = value;
    request.mutable_update_mask()->add_paths("labels." + key);
  }
  TRY(unary(impl_->connection.channel(), call, *impl_->stub, &pb::Content::Stub::Update, request));
  return {};
}

Result<void> Content::remove(const hull::Call& call, const image::Digest& digest) const {
  pb::DeleteContentRequest request;
  request.set_digest(digest.str());
  TRY(unary(impl_->connection.channel(), call, *impl_->stub, &pb::Content::Stub::Delete, request));
  return {};
}

Result<std::string> Content::read(const hull::Call& call, const image::Digest& digest, Bytes limit) const {
  const auto reader = TRY(open(call, digest));
  std::string out;
  while (true) {
    const std::string_view data = TRY(reader->next());
    if (data.empty()) return out;
    if (out.size() + data.size() > static_cast<size_t>(limit.count))
      return Error(Code::kResourceExhausted,
                   "read " + digest.str() + ": larger than " + std::to_string(limit.count) + " bytes");
    out += data;
  }
}

Result<std::unique_ptr<BlobReader>> Content::open(const hull::Call& call, const image::Digest& digest,
                                                  int64_t offset) const {
  TRY(impl_->connection.channel().connect(call));
  pb::ReadContentRequest request;
  request.set_digest(digest.str());
  request.set_offset(offset);
  return std::unique_ptr<BlobReader>(
      std::make_unique<Reader>(impl_->connection.channel(), call, *impl_->stub, request));
}

Result<std::unique_ptr<BlobWriter>> Content::writer(const hull::Call& call, const WriteOptions& options) const {
  TRY(impl_->connection.channel().connect(call));
  return Writer::open(impl_->connection.channel(), call, *impl_->stub, options);
}

Result<image::Digest> Content::put(const hull::Call& call, std::string_view data, const Labels& labels) const {
  const image::Digest digest = image::Digest::of(data);
  const auto size = static_cast<int64_t>(data.size());
  const auto store = [&]() -> Result<image::Digest> {
    // Unique, so that two who store the same small blob don't wait for each other.
    const auto ref = "put-" + digest.str() + "-" + random_hex(8);
    const auto writer = TRY(this->writer(call, {.ref = ref, .expected = digest, .total = size}));
    TRY(writer->write(data));
    return writer->commit(size, digest, labels);
  };
  auto stored = store();
  if (!stored.is(Code::kAlreadyExists)) return stored;
  if (!labels.empty()) TRY(set_labels(call, digest, labels));
  return digest;
}

Result<void> Content::abort(const hull::Call& call, const std::string& ref) const {
  pb::AbortRequest request;
  request.set_ref(ref);
  auto aborted = unary(impl_->connection.channel(), call, *impl_->stub, &pb::Content::Stub::Abort, request);
  if (!aborted.ok() && !aborted.is(Code::kNotFound)) return std::move(aborted).error();
  return {};
}

}  // namespace hull::engine::containerd
