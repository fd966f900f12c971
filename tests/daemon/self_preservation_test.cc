// SPDX-License-Identifier: Apache-2.0
// `premura backtest --self-preservation`: streams that died in the past.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

constexpr int kCustomers = 150;
constexpr std::int64_t kStart = 1767225600;  // 2026-01-01T00:00:00Z

class DeadStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("r.yaml", R"(version: 1
rules:
  - {id: silent, title: Fell silent, detect: {silence: {event: seen, for: 30m}}}
)");
  }

  void See(int customer, int minute) {
    const std::int64_t time = kStart + std::int64_t{60} * minute;
    lines_.push_back(
        fmt::format(R"({{"customer":"c{:03}","event":"seen","ts":{}}})",
                    customer, time) +
        "\n");
  }
  // Everybody, but for those below `from`, every ten minutes.
  void SeeAll(int from, int begin, int end) {
    for (int minute = begin; minute < end; minute += 10) {
      for (int i = from; i < kCustomers; ++i) See(i, minute);
    }
  }

  // How many fell silent.
  std::ptrdiff_t Silent(std::vector<std::string> more) {
    std::string events;
    for (const std::string& line : lines_) events += line;
    folder_.Write("events.jsonl", events);
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("r.yaml"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--output",
                                          "jsonl"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = Premura(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return std::count(ran.out.begin(), ran.out.end(), '\n');
  }

  TempFolder folder_;
  std::vector<std::string> lines_;
};

TEST_F(DeadStreamTest, AGapIsAQuietSource) {
  SeeAll(0, 0, 60);
  SeeAll(2, 300, 400);  // Two do not come back.
  for (const std::vector<std::string>& gates :
       {std::vector<std::string>{}, {"--detections-only"}}) {
    EXPECT_EQ(Silent(gates), kCustomers);
    std::vector<std::string> doubting = gates;
    doubting.push_back("--self-preservation");
    // Each comes back after its half hour: the gap was a true one.
    EXPECT_EQ(Silent(doubting), kCustomers);
  }
}

TEST_F(DeadStreamTest, ABacklogShowsThatNobodyFellSilent) {
  SeeAll(0, 0, 60);
  // The clock goes on by one who writes elsewhere; the others' producer comes
  // back two hours later with what they did, but for two of them.
  See(kCustomers, 180);
  SeeAll(2, 60, 190);
  SeeAll(2, 190, 260);
  // Each of them several times, since what comes late sets timers anew.
  EXPECT_GT(Silent({"--detections-only"}), kCustomers);
  EXPECT_EQ(Silent({"--detections-only", "--self-preservation"}), 3);
}

TEST_F(DeadStreamTest, HalfOfThemAreTooMany) {
  SeeAll(0, 0, 60);
  SeeAll(75, 60, 180);
  EXPECT_EQ(Silent({"--detections-only"}), 75);
  EXPECT_EQ(Silent({"--detections-only", "--self-preservation"}), 14);
}

TEST_F(DeadStreamTest, TheConfigurationsBoundsHold) {
  SeeAll(0, 0, 60);
  SeeAll(75, 60, 180);
  folder_.Write("premura.yaml", fmt::format(R"(
sources: [{{file: {{path: events.jsonl}}}}]
rules: [r.yaml]
state: {{dir: {}}}
self_preservation: {{enabled: false, max_share: 100%}}
)",
                                            folder_.Path("state")));
  EXPECT_EQ(Silent({"--detections-only", "-c", folder_.Path("premura.yaml")}),
            75);
  EXPECT_EQ(Silent({"--detections-only", "--self-preservation", "-c",
                    folder_.Path("premura.yaml")}),
            75);
}

}  // namespace
}  // namespace premura
