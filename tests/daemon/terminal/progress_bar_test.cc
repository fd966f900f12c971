// SPDX-License-Identifier: Apache-2.0

#include "daemon/terminal/progress_bar.h"

#include <gmock/gmock.h>

#include <sstream>

namespace premura {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(ProgressBarTest, SaysHowMuchIsDoneAndHowLongTheRestTakes) {
  Duration now{};
  std::ostringstream out;
  const auto shown = [&out] {
    const std::string text = out.str();
    out.str("");
    return text;
  };
  ProgressBar bar(&out, [&now] { return now; });
  bar.Show(0.0);
  EXPECT_EQ(shown(), "\r\x1b[K[..............................]   0 %");
  now = milliseconds(99);
  bar.Show(0.1);
  EXPECT_EQ(shown(), "");  // Too soon to be seen.
  const struct {
    Duration at;
    double done;
    const char* text;
  } kCases[] = {
      {seconds(10), 0.5, "[###############...............]  50 %  10 s left"},
      {seconds(50), 0.25,
       "[#######.......................]  25 %  2 min 30 s left"},
      {minutes(90), 0.5,
       "[###############...............]  50 %  1 h 30 min left"},
      {minutes(91), 1.0, "[##############################] 100 %  0 s left"},
  };
  for (const auto& [at, done, text] : kCases) {
    now = at;
    bar.Show(done);
    EXPECT_EQ(shown(), "\r\x1b[K" + std::string(text));
  }
  now = minutes(92);
  bar.Show(std::nullopt);
  EXPECT_EQ(shown(), "\r\x1b[K5520 s so far");
  bar.Clear();
  EXPECT_EQ(shown(), "\r\x1b[K");
  bar.Clear();
  EXPECT_EQ(shown(), "");
}

TEST(ProgressBarTest, AtTheEndItSaysHowFastItWas) {
  Duration now{};
  std::ostringstream out;
  ProgressBar bar(&out, [&now] { return now; });
  now = milliseconds(2500);
  bar.End(1'000'000);
  EXPECT_EQ(out.str(), "1,000,000 events in 2.5 s: 400,000 a second\n");
  out.str("");
  bar.Show(0.5);
  bar.End(1);
  EXPECT_THAT(out.str(), HasSubstr("\r\x1b[K1 event in 2.5 s: 0 a second\n"));
}

}  // namespace
}  // namespace premura
