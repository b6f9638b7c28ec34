#include "archive/layer.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "archive/diff.h"
#include "archive/test_tree.h"
#include "base/sys.h"

namespace hull::archive {
namespace {

using image::media::Compression;

class Layer : public ::testing::TestWithParam<Compression> {
 protected:
  std::string packed() {
    StringSink sink;
    const auto packed = compress(sink, GetParam());
    MUST(write_tree(from_.open(), *packed));
    MUST(packed->finish());
    return sink.text();
  }
  static image::Digest digest_of(const std::string& bytes) {
    image::Hasher hasher;
    hasher.update(bytes);
    return hasher.digest();
  }
  Result<UnpackedLayer> unpack(const std::string& bytes, const image::Digest& digest) {
    auto blob = MUST(sys::memfd_create("blob", 0));
    MUST(sys::write_all(blob, bytes));
    return unpack_layer(std::move(blob), digest, to_.open(), {});
  }

  TemporaryFolder from_;
  TemporaryFolder to_;
};
INSTANTIATE_TEST_SUITE_P(All, Layer, ::testing::Values(Compression::kNone, Compression::kGzip, Compression::kZstd));

TEST_P(Layer, HasTheDigestOfItsTar) {
  from_.write("a", "alpha");
  StringSink plain;
  MUST(write_tree(from_.open(), plain));
  const std::string bytes = packed();
  const auto unpacked = MUST(unpack(bytes, digest_of(bytes)));
  EXPECT_EQ(unpacked.diff_id, digest_of(plain.text()));
  EXPECT_EQ(unpacked.size, static_cast<int64_t>(plain.text().size()));
  EXPECT_EQ(to_.read("a"), "alpha");
}

/// A whole and sound layer, but another one.
TEST_P(Layer, ThatItsDigestDoesNotFitIsDamaged) {
  from_.write("a", "alpha");
  const auto refused = unpack(packed(), digest_of("another"));
  ASSERT_TRUE(refused.is(Code::kDataLoss));
  EXPECT_NE(refused.error().message().find("blob " + digest_of("another").str() + " is damaged"), std::string::npos);
}

TEST_P(Layer, BytesAfterItsEndBelongToTheBlob) {
  from_.write("a", "alpha");
  const std::string bytes = packed();
  EXPECT_FALSE(unpack(bytes + "\n", digest_of(bytes)).ok());
}

}  // namespace
}  // namespace hull::archive
