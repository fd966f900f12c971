// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <thread>
#include <vector>

#include "signals/byte_reader.h"
#include "signals/source.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(
      ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
  return packed;
}

std::vector<std::string> LinesOf(const std::string& path,
                                 std::size_t max_line = 1000) {
  auto reader = OpenLines(path, max_line);
  EXPECT_TRUE(reader.ok());
  std::vector<std::string> lines;
  std::string_view line;
  while (true) {
    const Result<bool> next = reader.value()->Next(&line);
    if (!next.ok()) lines.push_back("error: " + next.error().message);
    if (!next.ok() || !next.value()) return lines;
    lines.emplace_back(line);
  }
}

TEST(LineReaderTest, ReadsEveryPackingAndLineEnd) {
  const TempFolder dir;
  const std::string text = "one\r\n\ntwo\nthree";
  for (const std::string& bytes :
       {text, Gzip(text), Zstd(text), Gzip("one\r\n\ntw") + Gzip("o\nthree"),
        Zstd("one\r\n\ntw") + Zstd("o\nthree")}) {
    EXPECT_THAT(LinesOf(dir.Write("file", bytes)),
                ElementsAre("one", "", "two", "three"));
  }
  EXPECT_THAT(LinesOf(dir.Write("file", "")), IsEmpty());
  EXPECT_THAT(LinesOf(dir.Write("file", Gzip(""))), IsEmpty());
  EXPECT_THAT(LinesOf(dir.Write("file", Zstd(""))), IsEmpty());
  EXPECT_THAT(LinesOf(dir.Write("file", "\n")), ElementsAre(""));
  EXPECT_THAT(LinesOf(dir.Write("file", "x")), ElementsAre("x"));
}

TEST(LineReaderTest, ReadsLinesAcrossChunks) {
  const TempFolder dir;
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    expected.emplace_back(static_cast<std::size_t>(i * 7 % 1000), 'x');
    text += expected.back() + (i % 2 == 0 ? "\n" : "\r\n");
  }
  EXPECT_EQ(LinesOf(dir.Write("file", text)), expected);
  EXPECT_EQ(LinesOf(dir.Write("file", Gzip(text))), expected);
  EXPECT_EQ(LinesOf(dir.Write("file", Zstd(text))), expected);
}

TEST(LineReaderTest, CutsWhatIsTooLong) {
  const TempFolder dir;
  const std::string fits(10, 'a');
  const std::string text =
      fits + "\r\n" + fits + "b\n" + std::string(3 << 20, 'c') + "\nend";
  const std::vector<std::string> expected = {fits, fits + "b",
                                             std::string(11, 'c'), "end"};
  EXPECT_EQ(LinesOf(dir.Write("file", text), 10), expected);
  EXPECT_EQ(LinesOf(dir.Write("file", Gzip(text)), 10), expected);
}

TEST(LineReaderTest, SaysWhatIsDamaged) {
  const TempFolder dir;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string path = dir.Path("file");
  dir.Write("file", Gzip(text).substr(0, 500));
  EXPECT_EQ(LinesOf(path).back(),
            "error: " + path + ": ends in the middle of what is packed");
  dir.Write("file", Zstd(text).substr(0, 500));
  EXPECT_EQ(LinesOf(path).back(),
            "error: " + path + ": ends in the middle of what is packed");
  std::string damaged = Gzip(text);
  damaged[300] = static_cast<char>(damaged[300] ^ 0x55);
  dir.Write("file", damaged);
  EXPECT_THAT(LinesOf(path).back(),
              ::testing::StartsWith("error: " + path + ": gzip: "));
  damaged = Zstd(text);
  damaged[8] = static_cast<char>(damaged[8] ^ 0x55);
  dir.Write("file", damaged);
  EXPECT_THAT(LinesOf(path).back(),
              ::testing::StartsWith("error: " + path + ": zstd: "));
  for (const char* name : {"empty.gz", "empty.zst"}) {
    dir.Write(name, "");
    EXPECT_EQ(
        LinesOf(dir.Path(name)).back(),
        "error: " + dir.Path(name) + ": is empty, which nothing packed is");
  }
  const auto missing = OpenLines(dir.Path("none"), 10);
  EXPECT_EQ(missing.error().message,
            dir.Path("none") + ": No such file or directory");
  EXPECT_EQ(OpenLines(dir.Path(""), 10).error().message,
            dir.Path("") + ": is a folder");
  dir.Write("file", std::string(11, 'x'));
  EXPECT_EQ(ReadAllBytes(path, 10).error().message,
            path + ": more than 10 bytes");
}

// One who waits for the whole of a pipe could wait for good.
TEST(ReadAllBytesTest, TakesRegularFilesOnly) {
  const TempFolder dir;
  const std::string pipe = dir.Path("pipe.csv");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string zero = dir.Path("zero.csv");
  ASSERT_EQ(symlink("/dev/zero", zero.c_str()), 0);
  for (const std::string& path : {pipe, zero}) {
    EXPECT_EQ(ReadAllBytes(path, 10).error().message,
              path + ": is no regular file");
  }
  dir.Write("file", "all");
  EXPECT_EQ(ReadAllBytes(dir.Path("file"), 10).value(), "all");
}

// --- The source --------------------------------------------------------------

class Taken final : public RecordSink {
 public:
  void OnRecord(const Record& record) override {
    lines.push_back(std::to_string(record.position) + ":" +
                    std::string(record.value));
    shifts.push_back(record.time_shift);
  }
  void OnAssigned(std::uint32_t partition,
                  const PartitionStart& start) override {
    lines.push_back((start.resumed ? "resumed " : "assigned ") +
                    std::to_string(partition));
    if (!start.why.empty()) lines.push_back(start.why);
  }
  void OnRevoked(std::uint32_t /*partition*/) override {}
  void OnCaughtUp(std::uint32_t partition) override {
    lines.push_back("caught up " + std::to_string(partition));
  }
  void OnRevoking(Duration /*limit*/) override {}

  std::vector<std::string> lines;
  std::vector<Duration> shifts;
};

std::optional<Timestamp> SecondsOf(const Record& record) {
  if (record.value.find_first_not_of("0123456789") != record.value.npos) {
    return std::nullopt;
  }
  return Timestamp(seconds(std::stoi(std::string(record.value))));
}

// The file has grown since, or is another.
TEST(FileSourceTest, GoesOnWhereItWasInTheSameFile) {
  const TempFolder dir;
  const std::string path = dir.Write("file", "a\n\nb\n");
  const std::string identity =
      NewFileSource({.path = path}).value()->Identity(0);
  const struct {
    const char* text;
    std::vector<std::string> lines;
  } cases[] = {
      {"a\n\nb\nc\n", {"resumed 0", "3:b", "4:c", "caught up 0"}},
      {"x\n\nb\nc\n",
       {"assigned 0", "it is another file than it was", "1:x", "3:b", "4:c",
        "caught up 0"}},
      {"a\n",
       {"assigned 0", "it is another file than it was", "1:a", "caught up 0"}},
  };
  for (const auto& each : cases) {
    dir.Write("file", each.text);
    auto source = NewFileSource({.path = path}).value();
    source->Resume(
        {{.number = 0, .name = path, .identity = identity, .position = 2}});
    Taken taken;
    EXPECT_TRUE(source->Poll(&taken, 100, Duration(0)).value().ended);
    EXPECT_EQ(taken.lines, each.lines);
  }
}

TEST(FileSourceTest, BeginsAnewWhereTimesAreMovedAtEachStart) {
  const TempFolder dir;
  const std::string path = dir.Write("file", "1\n2\n");
  auto source = NewFileSource({.path = path,
                               .time_of = SecondsOf,
                               .shift_to = Timestamp(seconds(100))})
                    .value();
  EXPECT_EQ(source->Identity(0), "");
  source->Resume({{.number = 0, .name = path, .position = 2}});
  Taken taken;
  EXPECT_TRUE(source->Poll(&taken, 100, Duration(0)).value().ended);
  EXPECT_THAT(
      taken.lines,
      ElementsAre("assigned 0", "it is read from its beginning at each start",
                  "1:1", "2:2", "caught up 0"));
}

// Nothing of it is read here.
TEST(FileSourceTest, StandardInputIsAnotherStreamAtEachStart) {
  auto source = NewFileSource({.path = "-"}).value();
  EXPECT_EQ(source->Identity(0), "");
  source->Resume({{.number = 0, .name = "-", .position = 2}});
  Taken taken;
  ASSERT_TRUE(source->Poll(&taken, 0, Duration(0)).ok());
  EXPECT_THAT(taken.lines,
              ElementsAre("assigned 0",
                          "standard input is another stream at each start"));
}

TEST(FileSourceTest, HandsOnLinesWithTheirNumbers) {
  const TempFolder dir;
  auto source =
      NewFileSource({.path = dir.Write("file", "a\n\n  \nb\nc\n")}).value();
  Taken taken;
  auto polled = source->Poll(&taken, 2, Duration(0));
  EXPECT_EQ(polled.value().records, 2u);
  EXPECT_FALSE(polled.value().ended);
  EXPECT_EQ(source->Health().lag, -1);
  polled = source->Poll(&taken, 0, Duration(0));
  EXPECT_EQ(polled.value().records, 0u);
  polled = source->Poll(&taken, 100, Duration(0));
  EXPECT_TRUE(polled.value().ended);
  EXPECT_TRUE(source->Poll(&taken, 100, Duration(0)).value().ended);
  EXPECT_THAT(taken.lines,
              ElementsAre("assigned 0", "1:a", "4:b", "5:c", "caught up 0"));
  EXPECT_EQ(source->Origin(0), dir.Path("file"));
  EXPECT_EQ(source->Health().lag, 0);
}

TEST(FileSourceTest, SortsStablyByTime) {
  const TempFolder dir;
  auto source = NewFileSource({.path = dir.Write("file", "3\n1\nx\n2\n1\n"),
                               .time_of = SecondsOf,
                               .sort = true})
                    .value();
  Taken taken;
  EXPECT_TRUE(source->Poll(&taken, 100, Duration(0)).value().ended);
  EXPECT_THAT(taken.lines, ElementsAre("assigned 0", "2:1", "3:x", "5:1", "4:2",
                                       "1:3", "caught up 0"));
}

TEST(FileSourceTest, KeepsTheRecordsPaceAndMovesTheirTimes) {
  const TempFolder dir;
  Duration elapsed = seconds(1000);
  const Timestamp now{std::chrono::hours(24) * 20'000};
  auto source = NewFileSource({.path = dir.Write("file", "100\n160\nx\n220\n"),
                               .speed = 60,
                               .time_of = SecondsOf,
                               .elapsed = [&elapsed] { return elapsed; },
                               .shift_to = now})
                    .value();
  Taken taken;
  EXPECT_EQ(source->Poll(&taken, 100, Duration(0)).value().records, 1u);
  EXPECT_EQ(source->Poll(&taken, 100, Duration(0)).value().records, 0u);
  elapsed += Duration(999);
  EXPECT_EQ(source->Poll(&taken, 100, Duration(1)).value().records, 0u);
  elapsed += Duration(1);
  EXPECT_EQ(source->Poll(&taken, 100, Duration(0)).value().records, 2u);
  elapsed += seconds(60);
  EXPECT_TRUE(source->Poll(&taken, 100, Duration(0)).value().ended);
  EXPECT_THAT(taken.lines, ElementsAre("assigned 0", "1:100", "2:160", "3:x",
                                       "4:220", "caught up 0"));
  const Duration shift = now - Timestamp(seconds(100));
  EXPECT_THAT(taken.shifts, ElementsAre(shift, shift, shift, shift));
}

TEST(FileSourceTest, DoesNotWaitForWhatLiesBeyondTheLast) {
  const TempFolder dir;
  auto source = NewFileSource({.path = dir.Write("file", "100\n9999\n100\n"),
                               .speed = 1,
                               .time_of = SecondsOf,
                               .elapsed = [] { return Duration(0); },
                               .last = Timestamp(seconds(200))})
                    .value();
  Taken taken;
  EXPECT_TRUE(source->Poll(&taken, 100, Duration(0)).value().ended);
  EXPECT_EQ(taken.shifts.size(), 3u);
}

TEST(FileSourceTest, CanBeInterruptedWhileItWaits) {
  const TempFolder dir;
  auto source = NewFileSource({.path = dir.Write("file", "0\n9000\n"),
                               .speed = 1,
                               .time_of = SecondsOf,
                               .elapsed = [] { return Duration(0); }})
                    .value();
  Taken taken;
  EXPECT_EQ(source->Poll(&taken, 100, Duration(0)).value().records, 1u);
  std::thread other([&source] { source->Interrupt(); });
  EXPECT_EQ(source->Poll(&taken, 100, std::chrono::hours(1)).value().records,
            0u);
  other.join();
}

TEST(FileSourceTest, WaitsForAPipeNoLongerThanAsked) {
  const TempFolder dir;
  const std::string path = dir.Path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  auto source = NewFileSource({.path = path}).value();
  const int writer = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  Taken taken;
  ASSERT_EQ(write(writer, "abcdef\nhalf", 11), 11);
  EXPECT_EQ(source->Poll(&taken, 100, Duration(0)).value().records, 1u);
  EXPECT_EQ(source->Poll(&taken, 100, Duration(1)).value().records, 0u);
  std::thread other([&source] { source->Interrupt(); });
  EXPECT_EQ(source->Poll(&taken, 100, std::chrono::hours(1)).value().records,
            0u);
  other.join();
  ASSERT_EQ(write(writer, " line\n", 6), 6);
  close(writer);
  while (!source->Poll(&taken, 100, seconds(10)).value().ended) {
  }
  EXPECT_THAT(taken.lines,
              ElementsAre("assigned 0", "1:abcdef", "caught up 0",
                          "caught up 0", "2:half line", "caught up 0"));
}

TEST(FileSourceTest, FailsWithTheReason) {
  const TempFolder dir;
  EXPECT_EQ(NewFileSource({.path = "f", .sort = true}).error().message,
            "f: its records' times are needed, not known");
  EXPECT_EQ(NewFileSource({.path = dir.Path("none")}).error().message,
            dir.Path("none") + ": No such file or directory");
  const std::string path = dir.Write("file", Gzip("abc").substr(0, 15));
  auto source = NewFileSource({.path = path}).value();
  Taken taken;
  const auto polled = source->Poll(&taken, 1, Duration(0));
  EXPECT_EQ(polled.error().message,
            path + ": ends in the middle of what is packed");
  EXPECT_FALSE(source->Health().reachable);
  EXPECT_EQ(source->Health().problem, polled.error().message);
}

}  // namespace
}  // namespace premura
