// SPDX-License-Identifier: Apache-2.0
#include "signals/dead_letters.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/temp_folder.h"

namespace premura {
namespace {

Timestamp Now() { return Timestamp(std::chrono::seconds(1704164645)); }

TEST(FileDeadLettersTest, KeepOriginReasonAndBytes) {
  const TempFolder dir;
  auto letters =
      NewFileDeadLetters(
          {.path = dir.Path("letters.jsonl"), .max_value = 5, .now = Now})
          .value();
  const Header header{"app\"", "\xff"};
  ASSERT_TRUE(
      letters
          ->Keep("product", "events/3@17",
                 {.value = "{\"a\"", .key = "k", .headers = {&header, 1}},
                 Refusal::kBrokenJson, "a \"comma\" is missing")
          .ok());
  ASSERT_TRUE(letters
                  ->Keep("product", "events/3@18",
                         {.value = "\xff\x00\x01", .key = "\xfe"},
                         Refusal::kInvalidUtf8, "the record is not UTF-8")
                  .ok());
  ASSERT_TRUE(letters
                  ->Keep("product", "events/3@19", {.value = "abcd\u00e9f"},
                         Refusal::kTooLarge, "more than 5 bytes")
                  .ok());
  ASSERT_TRUE(letters->Sync().ok());
  const std::string begin =
      R"({"at":"2024-01-02T03:04:05.000Z","source":"product","origin":"events/3@)";
  EXPECT_EQ(
      dir.Read("letters.jsonl"),
      begin +
          R"(17","reason":"broken_json","detail":"a \"comma\" is missing",)"
          R"("bytes":4,"text":"{\"a\"","key":"k","headers":{"app\"":"/w=="}})"
          "\n" +
          begin +
          R"(18","reason":"invalid_utf8","detail":"the record is not UTF-8",)"
          R"("bytes":1,"base64":"/w==","key_base64":"/g=="})"
          "\n" +
          begin +
          R"(19","reason":"too_large","detail":"more than 5 bytes",)"
          R"("bytes":7,"text":"abcd","cut":true})"
          "\n");
}

TEST(FileDeadLettersTest, RotateBySizeAndKeepTheNewest) {
  const TempFolder dir;
  const std::string path = dir.Path("letters.jsonl");
  for (int i = 0; i < 10; ++i) {
    // Opened anew each time: a restart goes on where it was.
    auto letters =
        NewFileDeadLetters({.path = path, .max_bytes = 250, .keep = 2}).value();
    ASSERT_TRUE(letters
                    ->Keep("s", "f@" + std::to_string(i), {.value = "x"},
                           Refusal::kNoName, "no name")
                    .ok());
  }
  const auto origins = [&dir](const std::string& name) {
    const std::string text = dir.Read(name);
    std::string found;
    for (std::size_t at = text.find("f@"); at != text.npos;
         at = text.find("f@", at + 1)) {
      found += text[at + 2];
    }
    return found;
  };
  EXPECT_EQ(origins("letters.jsonl"), "89");
  EXPECT_EQ(origins("letters.jsonl.1"), "67");
  EXPECT_EQ(origins("letters.jsonl.2"), "45");
  EXPECT_EQ(dir.Read("letters.jsonl.3"), "");
}

TEST(FileDeadLettersTest, GoToANewFileIfTheirsWasMovedOrRemoved) {
  const TempFolder dir;
  const std::string path = dir.Path("letters.jsonl");
  auto letters = NewFileDeadLetters({.path = path}).value();
  const auto keep = [&](const char* origin) {
    return letters->Keep("s", origin, {.value = "x"}, Refusal::kNoName, "")
        .ok();
  };
  ASSERT_TRUE(keep("a@1"));
  std::filesystem::rename(path, dir.Path("away"));
  ASSERT_TRUE(keep("a@2"));
  EXPECT_NE(dir.Read("away").find("a@1"), std::string::npos);
  EXPECT_EQ(dir.Read("away").find("a@2"), std::string::npos);
  EXPECT_NE(dir.Read("letters.jsonl").find("a@2"), std::string::npos);
  std::filesystem::remove(path);
  ASSERT_TRUE(keep("a@3"));
  EXPECT_TRUE(letters->Sync().ok());
  EXPECT_NE(dir.Read("letters.jsonl").find("a@3"), std::string::npos);
}

// The system says once that it could not write, and then takes what is lost for
// written.
TEST(FileDeadLettersTest, WhatASyncFailedForIsWrittenAgainInItsPlace) {
  const TempFolder dir;
  int failures_left = 0;
  FileDeadLetterOptions options{.path = dir.Path("letters.jsonl")};
  options.sync = [&](int) {
    if (failures_left == 0) return 0;
    errno = EIO;
    return failures_left-- > 0 ? -1 : 0;
  };
  const auto letters = NewFileDeadLetters(options).value();
  const auto keep = [&letters](const std::string& origin) {
    return letters->Keep("s", origin, {.value = "x"}, Refusal::kNoName, "none");
  };
  ASSERT_TRUE(keep("a@1").ok());
  ASSERT_TRUE(letters->Sync().ok());
  const std::string first = dir.Read("letters.jsonl");
  ASSERT_TRUE(keep("a@2").ok());
  const std::string both = dir.Read("letters.jsonl");
  failures_left = 3;
  EXPECT_EQ(letters->Sync().error().message,
            options.path + ": Input/output error");
  // As if it had been lost with the cache.
  std::filesystem::resize_file(options.path, first.size());
  EXPECT_FALSE(keep("a@3").ok()) << "nothing more before it is safe";
  EXPECT_EQ(dir.Read("letters.jsonl"), both);
  // Nor can it be written: what was safe before stays.
  const auto before = signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{first.size(), limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(letters->Sync().ok());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, before);
  EXPECT_EQ(dir.Read("letters.jsonl"), first);
  EXPECT_FALSE(letters->Sync().ok()) << "the third failure";
  EXPECT_TRUE(letters->Sync().ok());
  EXPECT_EQ(dir.Read("letters.jsonl"), both);
}

TEST(FileDeadLettersTest, FailWhereTheyCannotBeKept) {
  const TempFolder dir;
  const std::string path = dir.Path("none/letters.jsonl");
  EXPECT_EQ(NewFileDeadLetters({.path = path}).error().message,
            path + ": No such file or directory");
  auto full = NewFileDeadLetters({.path = "/dev/full"}).value();
  EXPECT_EQ(full->Keep("s", "o", {.value = "x"}, Refusal::kNoName, "no name")
                .error()
                .message,
            "/dev/full: No space left on device");
}

TEST(KafkaDeadLettersTest, RefuseAPropertyThatIsNone) {
  const auto letters = NewKafkaDeadLetters(
      {.topic = "t", .properties = {{"no.such.thing", "1"}}});
  EXPECT_EQ(letters.error().message,
            "kafka: No such configuration property: \"no.such.thing\"");
}

}  // namespace
}  // namespace premura
