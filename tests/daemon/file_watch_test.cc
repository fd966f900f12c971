// SPDX-License-Identifier: Apache-2.0
#include "daemon/file_watch.h"

#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace premura {
namespace {

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    folder_.Write("a.yaml", "1");
    folder_.Write("templates/t.yaml", "1");
    watch_ = std::make_unique<FileWatch>([this] {
      return std::vector<std::string>{folder_.Path("a.yaml"),
                                      folder_.Path("templates")};
    });
  }
  // What a person does between two looks.
  void ExpectSeenOnce() {
    EXPECT_FALSE(watch_->Changed()) << "it may still be being written";
    EXPECT_TRUE(watch_->Changed());
    EXPECT_FALSE(watch_->Changed());
  }
  TempFolder folder_;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(FileWatchTest, NothingChangesByItself) {
  EXPECT_FALSE(watch_->Changed());
  EXPECT_FALSE(watch_->Changed());
}

TEST_F(FileWatchTest, AChangedFileIsSeenOnceAtRest) {
  folder_.Write("a.yaml", "22");
  ExpectSeenOnce();
}

TEST_F(FileWatchTest, AFileThatKeepsChangingIsWaitedFor) {
  for (int i = 2; i < 6; ++i) {
    folder_.Write("a.yaml", std::string(static_cast<std::size_t>(i), 'x'));
    EXPECT_FALSE(watch_->Changed());
  }
  EXPECT_TRUE(watch_->Changed());
}

TEST_F(FileWatchTest, FilesThatComeAndGoAreSeen) {
  folder_.Write("templates/new.yaml", "1");
  ExpectSeenOnce();
  std::filesystem::remove(folder_.Path("templates/new.yaml"));
  ExpectSeenOnce();
  std::filesystem::remove(folder_.Path("a.yaml"));
  ExpectSeenOnce();
}

TEST_F(FileWatchTest, AFileRenamedOverAnotherIsSeen) {
  folder_.Write("new", "2");  // As long as the old one.
  std::filesystem::rename(folder_.Path("new"), folder_.Path("a.yaml"));
  ExpectSeenOnce();
}

TEST_F(FileWatchTest, WhatIsAcceptedIsKnown) {
  folder_.Write("a.yaml", "333");
  watch_->Accept();
  EXPECT_FALSE(watch_->Changed());
  EXPECT_FALSE(watch_->Changed());
}

}  // namespace
}  // namespace premura
