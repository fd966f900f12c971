// SPDX-License-Identifier: Apache-2.0
// A recorded file as a source: what is waited for, and what is not.

#include "daemon/replay.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/daemon/manual_clock.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

class Counted final : public RecordSink {
 public:
  void OnRecord(const Record&) override { ++records; }
  void OnAssigned(std::uint32_t, const PartitionStart&) override {}
  void OnRevoked(std::uint32_t) override {}
  void OnCaughtUp(std::uint32_t) override {}
  void OnRevoking(Duration) override {}

  int records = 0;
};

std::string At(const std::string& time) {
  return R"({"time":")" + time + R"(","customer":"c","event":"x"})" + "\n";
}

struct Case {
  const char* what;
  bool shift_to_now;
  const char* second;  // Time of the second event.
  int handed_on;       // Of three, at once.
};

class Replays : public testing::TestWithParam<Case> {};

// The clock says 2026-01-01.
TEST_P(Replays, WaitForWhatCanHaveHappenedOnly) {
  const TempFolder dir;
  const ManualClock clock;
  const std::string first = "2025-12-24T10:00:00Z";
  const ReplayConfig replay{
      .path = dir.Write("events.jsonl",
                        At(first) + At(GetParam().second) + At(first)),
      .speed = 1,
      .shift_to_now = GetParam().shift_to_now};
  auto source = OpenReplay(replay, {}, &clock).value();
  Counted counted;
  ASSERT_TRUE(source->Poll(&counted, 100, Duration(0)).ok());
  EXPECT_EQ(counted.records, GetParam().handed_on);
}

INSTANTIATE_TEST_SUITE_P(
    Speed, Replays,
    testing::Values(Case{"an hour later", false, "2025-12-24T11:00:00Z", 1},
                    Case{"after the start", false, "2099-01-01T00:00:00Z", 3},
                    Case{"an hour later, moved", true, "2025-12-24T11:00:00Z",
                         1}),
    [](const auto& one) {
      std::string name;
      for (const char c : std::string(one.param.what)) {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0) name += c;
      }
      return name;
    });

}  // namespace
}  // namespace premura
