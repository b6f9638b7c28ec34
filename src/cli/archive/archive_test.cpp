#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/files.h"
#include "base/sys.h"
#include "cli/archive/extract.h"
#include "cli/archive/pack.h"
#include "cli/archive/writer.h"

namespace hull::cli {
namespace {

/// A temporary folder that goes with the test.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/hull-cli-archive-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { static_cast<void>(remove_tree(path_).ok()); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TarReader reader_of(std::string text) {
  return TarReader([text = std::move(text), at = size_t{0}](std::span<char> buffer) mutable -> Result<size_t> {
    const size_t count = text.copy(buffer.data(), std::min<size_t>(buffer.size(), 700), at);  // in odd pieces
    at += count;
    return count;
  });
}

std::string packed(const std::string& path, const std::string& name) {
  const auto packer = MUST(Packer::create(path, name));
  std::string out(1, '\0');
  std::string all;
  char buffer[333];
  for (size_t count = MUST(packer->read(buffer)); count > 0; count = MUST(packer->read(buffer)))
    all.append(buffer, count);
  return all;
}

std::string file_entry(const std::string& name, const std::string& content) {
  return tar_header({.name = name, .link = {}, .size = static_cast<int64_t>(content.size())}) + content +
         std::string(tar_padding(static_cast<int64_t>(content.size())), '\0');
}

Result<int64_t> unpack(const std::string& archive, const Folder& into, const std::string& from = "",
                       const std::string& to = "") {
  TarReader reader = reader_of(archive);
  return extract(reader, {.directory = into.path(), .rename_from = from, .rename_to = to});
}

TEST(Archive, AtreeComesBackAsItWas) {
  Folder source, target;
  const std::string long_name(180, 'n');
  MUST(make_directories(source / "tree/sub", 0755));
  MUST(replace_file(source / "tree/file", std::string(100000, 'x'), 0640));
  MUST(replace_file(source / ("tree/sub/" + long_name), "long", 0755));
  MUST(sys::symlink("../file", source / "tree/sub/link"));
  MUST(sys::linkat(FdRef(AT_FDCWD), source / "tree/file", FdRef(AT_FDCWD), source / "tree/hard", 0));
  EXPECT_EQ(MUST(unpack(packed(source / "tree", "tree"), target)), 100004);
  EXPECT_EQ(MUST(read_file(target / "tree/file")), std::string(100000, 'x'));
  EXPECT_EQ(MUST(read_file(target / ("tree/sub/" + long_name))), "long");
  EXPECT_EQ(MUST(sys::readlink(target / "tree/sub/link")), "../file");
  EXPECT_EQ(MUST(sys::stat(target / "tree/hard")).st_nlink, 2u);
  EXPECT_EQ(MUST(sys::stat(target / "tree/file")).st_mode & 07777, 0640u);
}

TEST(Archive, TheFirstComponentIsRenamed) {
  Folder target;
  MUST(unpack(file_entry("old/a", "1") + file_entry("older/b", "2") + tar_end(), target, "old", "new"));
  EXPECT_TRUE(exists(target / "new/a"));
  EXPECT_TRUE(exists(target / "older/b"));
}

TEST(Archive, NothingLeavesTheDirectory) {
  Folder outside, target;
  EXPECT_TRUE(unpack(file_entry("../escaped", "x") + tar_end(), target).is(Code::kDataLoss));
  EXPECT_TRUE(unpack(file_entry("a/../../escaped", "x") + tar_end(), target).is(Code::kDataLoss));
  EXPECT_FALSE(exists(target / "../escaped"));
  MUST(unpack(file_entry("/absolute", "x") + tar_end(), target));
  EXPECT_TRUE(exists(target / "absolute"));
  const std::string link = tar_header({.type = EntryType::kSymlink, .name = "way", .link = outside.path()});
  EXPECT_FALSE(unpack(link + file_entry("way/planted", "x") + tar_end(), target).ok());
  EXPECT_FALSE(exists(outside / "planted"));
  const std::string hard = tar_header({.type = EntryType::kHardLink, .name = "passwd", .link = "/etc/passwd"});
  EXPECT_FALSE(unpack(hard + tar_end(), target).ok());
  EXPECT_FALSE(exists(target / "passwd"));
}

TEST(Archive, WhatBecomesOursHasNoPrivileges) {
  Folder ours, theirs;
  const std::string file = tar_header({.name = "tool", .link = {}, .mode = 06755});
  const std::string folder = tar_header({.type = EntryType::kDirectory, .name = "shared", .link = {}, .mode = 03777});
  MUST(unpack(file + folder + tar_end(), ours));
  EXPECT_EQ(MUST(sys::stat(ours / "tool")).st_mode & 07777, 0755u);
  EXPECT_EQ(MUST(sys::stat(ours / "shared")).st_mode & 07777, 01777u);
  const std::string device = tar_header(
      {.type = EntryType::kCharacterDevice, .name = "disk", .link = {}, .device_major = 1, .device_minor = 3});
  EXPECT_TRUE(unpack(device + tar_end(), ours).is(Code::kFailedPrecondition));
  EXPECT_FALSE(exists(ours / "disk"));
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  TarReader reader = reader_of(file + device + tar_end());
  MUST(extract(reader, {.directory = theirs.path(), .rename_from = {}, .rename_to = {}, .keep_owner = true}));
  EXPECT_EQ(MUST(sys::stat(theirs / "tool")).st_mode & 07777, 06755u);
  EXPECT_TRUE(S_ISCHR(MUST(sys::stat(theirs / "disk")).st_mode));
}

TEST(Archive, ExistingLinksAreReplacedAndNotFollowed) {
  Folder outside, target;
  MUST(replace_file(outside / "victim", "safe", 0644));
  MUST(sys::symlink(outside / "victim", target / "name"));
  MUST(unpack(file_entry("name", "new") + tar_end(), target));
  EXPECT_EQ(MUST(read_file(outside / "victim")), "safe");
  EXPECT_EQ(MUST(read_file(target / "name")), "new");
}

TEST(Archive, BrokenOnesAreRefused) {
  Folder target;
  const std::string good = file_entry("a", "content") + tar_end();
  for (const size_t size : {size_t{100}, size_t{512}, size_t{515}, size_t{600}})
    EXPECT_TRUE(unpack(good.substr(0, size), target).is(Code::kDataLoss)) << size;
  std::string flipped = good;
  flipped[10] = 'Z';
  EXPECT_TRUE(unpack(flipped, target).is(Code::kDataLoss));
  const std::string records = "9999999 path=x\n";
  const std::string extended = tar_header({.name = "x", .link = {}, .size = static_cast<int64_t>(records.size())});
  std::string header = extended;
  header[156] = 'x';
  EXPECT_FALSE(
      unpack(header + records + std::string(tar_padding(static_cast<int64_t>(records.size())), '\0'), target).ok());
}

}  // namespace
}  // namespace hull::cli
