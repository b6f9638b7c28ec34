#include "spec/image/digest.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace hull::image {
namespace {

TEST(Digest, IsTheKnownHash) {
  EXPECT_EQ(Digest::of("").str(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Hasher hasher(Algorithm::kSha512);
  hasher.update("abc");
  EXPECT_EQ(hasher.digest().hex().substr(0, 16), "ddaf35a193617aba");
}

TEST(Digest, MayBeTakenInTheMiddle) {
  Hasher hasher;
  hasher.update("a");
  EXPECT_EQ(hasher.digest(), Digest::of("a"));
  hasher.update("b");
  EXPECT_EQ(hasher.digest(), Digest::of("ab"));
}

TEST(Digest, RefusesOtherText) {
  const std::string good = Digest::of("").str();
  EXPECT_TRUE(Digest::parse(good).ok());
  std::string upper = good;
  upper.back() = 'F';
  for (const std::string& text : {std::string(), std::string("sha256:"), std::string("sha256"), good + "0", upper,
                                  "md5:" + good.substr(7), good.substr(0, 70), std::string("sha256:../../etc/passwd")})
    EXPECT_TRUE(Digest::parse(text).is(Code::kInvalidArgument)) << text;
}

TEST(Digest, IsNeverEmptyInADocument) {
  EXPECT_EQ(json::parse<std::vector<Digest>>(R"([""])").error().message(),
            "[0]: digest \"\": invalid checksum digest format");
}

}  // namespace
}  // namespace hull::image
