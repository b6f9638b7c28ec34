#include "supervisor/content/local_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/files.h"
#include "base/sys.h"

namespace hull::supervisor {
namespace {

class LocalStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hull-content-XXXXXX";
    root_ = ::mkdtemp(name);
    reopen();
  }
  void TearDown() override {
    flusher_->stop();
    (void)remove_tree(root_);
  }
  void reopen() {
    flusher_ = std::make_unique<Flusher>();  // a former one stops
    store_ = MUST(LocalStore::open(root_, *flusher_));
  }
  std::string read(const image::Digest& digest) { return MUST(read_all(MUST(store_->open_blob(digest)))); }

  std::string root_;
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<LocalStore> store_;
  const image::Digest hello_ = image::Digest::of("hello");
};

TEST_F(LocalStoreTest, CommitMakesTheBlobAndEndsTheWrite) {
  {
    auto writer = MUST(store_->writer("ref", 5, hello_));
    MUST(writer.write("hel"));
    EXPECT_TRUE(store_->stat(hello_).is(Code::kNotFound));
    MUST(writer.write("lo"));
    EXPECT_EQ(MUST(writer.commit(5, hello_)).digest, hello_);
  }
  EXPECT_EQ(read(hello_), "hello");
  EXPECT_TRUE(store_->status("ref").is(Code::kNotFound));
  EXPECT_EQ(MUST(store_->list()).size(), 1u);
  MUST(store_->remove(hello_));
  EXPECT_TRUE(store_->open_blob(hello_).is(Code::kNotFound));
}

TEST_F(LocalStoreTest, AWrongDigestOrSizeIsNeverABlob) {
  auto writer = MUST(store_->writer("ref", 0, {}));
  MUST(writer.write("hellO"));
  EXPECT_TRUE(writer.commit(5, hello_).is(Code::kFailedPrecondition));
  EXPECT_TRUE(writer.commit(6, {}).is(Code::kFailedPrecondition));
  EXPECT_TRUE(MUST(store_->list()).empty());
}

TEST_F(LocalStoreTest, GoesOnAfterARestart) {
  {
    auto writer = MUST(store_->writer("ref", 5, hello_));
    MUST(writer.write("hel"));
  }
  reopen();
  EXPECT_EQ(MUST(store_->status("ref")).offset, 3);
  auto writer = MUST(store_->writer("ref", 5, hello_));
  EXPECT_EQ(writer.status().offset, 3);
  EXPECT_EQ(writer.digest(), image::Digest::of("hel"));
  MUST(writer.write("lo"));
  MUST(writer.commit(5, hello_));
  EXPECT_EQ(read(hello_), "hello");
}

TEST_F(LocalStoreTest, BytesThatChangedMeanwhileAreFoundOut) {
  {
    auto writer = MUST(store_->writer("ref", 5, hello_));
    MUST(writer.write("hel"));
  }
  const std::string folder = root_ + "/ingest/" + std::string(image::Digest::of("ref").hex());
  MUST(replace_file(folder + "/data", "heX", 0600));
  auto writer = MUST(store_->writer("ref", 5, hello_));
  MUST(writer.write("lo"));
  EXPECT_TRUE(writer.commit(5, hello_).is(Code::kFailedPrecondition));
}

TEST_F(LocalStoreTest, OneWriterHasTheRef) {
  auto writer = std::make_unique<ContentWriter>(MUST(store_->writer("ref", 0, {})));
  EXPECT_TRUE(store_->writer("ref", 0, {}).is(Code::kUnavailable));
  EXPECT_TRUE(store_->abort("ref").is(Code::kUnavailable));
  writer.reset();
  MUST(store_->abort("ref"));
  EXPECT_TRUE(store_->abort("ref").is(Code::kNotFound));
}

TEST_F(LocalStoreTest, ASecondBlobOfTheSameBytesAlreadyExists) {
  for (const bool first : {true, false}) {
    auto writer = MUST(store_->writer("ref", 0, {}));
    MUST(writer.write("hello"));
    auto committed = writer.commit(0, {});
    if (first)
      EXPECT_TRUE(committed.ok());
    else
      EXPECT_TRUE(committed.is(Code::kAlreadyExists));
  }
  EXPECT_TRUE(MUST(store_->list_statuses()).empty());
}

TEST_F(LocalStoreTest, AWrongDigestDoesNotStandInTheWayOfTheNextTry) {
  for (const char* bytes : {"hellO", "hello"}) {
    auto writer = MUST(store_->writer("ref", 5, hello_));
    ASSERT_EQ(writer.status().offset, 0);
    MUST(writer.write(bytes));
    (void)writer.commit(5, hello_);
  }
  EXPECT_EQ(read(hello_), "hello");
}

TEST_F(LocalStoreTest, VerifiedBytesReplaceADamagedBlob) {
  const std::string path = root_ + "/blobs/sha256/" + std::string(hello_.hex());
  MUST(replace_file(path, "he", 0444));
  auto writer = MUST(store_->writer("ref", 5, hello_));
  MUST(writer.write("hello"));
  EXPECT_TRUE(writer.commit(5, hello_).is(Code::kAlreadyExists));
  EXPECT_EQ(read(hello_), "hello");
}

TEST_F(LocalStoreTest, WhatAFailedWriteLeftIsNoPartOfTheBlob) {
  auto writer = MUST(store_->writer("ref", 0, {}));
  MUST(writer.write("hel"));
  // A full disk takes a part of a write.
  const std::string data = root_ + "/ingest/" + std::string(image::Digest::of("ref").hex()) + "/data";
  const UniqueFd file = MUST(sys::open(data, O_WRONLY | O_APPEND));
  MUST(sys::write_all(file, "XXXXX"));
  MUST(writer.write("lo"));
  EXPECT_EQ(MUST(writer.commit(5, hello_)).digest, hello_);
  EXPECT_EQ(read(hello_), "hello");
}

TEST_F(LocalStoreTest, RestartForgetsWhatWasWritten) {
  auto writer = MUST(store_->writer("ref", 0, {}));
  MUST(writer.write("junk"));
  MUST(writer.restart());
  MUST(writer.write("hello"));
  EXPECT_EQ(MUST(writer.commit(5, hello_)).size, 5);
}

TEST_F(LocalStoreTest, OtherAlgorithmsAreVerifiedByThemselves) {
  image::Hasher hasher(image::Algorithm::kSha512);
  hasher.update("hello");
  auto writer = MUST(store_->writer("ref", 0, {}));
  MUST(writer.write("hello"));
  EXPECT_EQ(MUST(writer.commit(0, hasher.digest())).digest, hasher.digest());
  EXPECT_EQ(read(hasher.digest()), "hello");
}

TEST_F(LocalStoreTest, LeftoversOfAKilledDaemonGo) {
  MUST(make_directories(root_ + "/ingest/new-0123", 0700));
  MUST(make_directories(root_ + "/ingest/halfmade", 0700));
  MUST(replace_file(root_ + "/ingest/halfmade/ref", "x", 0600));
  reopen();
  EXPECT_TRUE(MUST(list_directory(root_ + "/ingest")).empty());
}

class UnflushedBlob : public LocalStoreTest {
 protected:
  void SetUp() override {
    LocalStoreTest::SetUp();
    auto writer = MUST(store_->writer("ref", 5, hello_));
    MUST(writer.write("hello"));
    MUST(writer.commit(5, hello_));
  }
  std::string path() const { return root_ + "/blobs/sha256/" + std::string(hello_.hex()); }
};

TEST_F(UnflushedBlob, IsThereAndMarkedOnceItIsOnDisk) {
  EXPECT_FALSE(MUST(store_->stat(hello_)).flushed);
  EXPECT_EQ(read(hello_), "hello");
  flusher_->flush_now();
  EXPECT_TRUE(MUST(store_->stat(hello_)).flushed);
}

TEST_F(UnflushedBlob, IsVerifiedByTheNextStart) {
  reopen();
  EXPECT_EQ(read(hello_), "hello");
  flusher_->flush_now();
  EXPECT_TRUE(MUST(store_->stat(hello_)).flushed);
}

TEST_F(UnflushedBlob, IsNoBlobWhereThePowerWentFirst) {
  MUST(sys::chmod(path(), 0600));
  MUST(sys::pwrite_all(MUST(sys::open(path(), O_WRONLY)), std::string_view("\0\0\0\0\0", 5), 0));
  MUST(sys::chmod(path(), 0400));
  reopen();
  EXPECT_TRUE(store_->stat(hello_).is(Code::kNotFound));
}

TEST_F(UnflushedBlob, AnEarlierFlushDoesNotSpeakForAFileThatCameOverIt) {
  auto writer = MUST(store_->writer("again", 5, hello_));
  MUST(writer.write("hello"));
  EXPECT_TRUE(writer.commit(5, hello_).is(Code::kAlreadyExists));
  MUST(store_->remove(hello_));
  MUST(replace_file(path(), "hellO", 0400, Durable::kNo));  // nobody wished it flushed
  flusher_->flush_now();
  EXPECT_FALSE(MUST(store_->stat(hello_)).flushed);
}

}  // namespace
}  // namespace hull::supervisor
