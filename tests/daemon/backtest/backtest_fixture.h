// SPDX-License-Identifier: Apache-2.0
// BacktestTest: a folder with rules and events, and `premura backtest` over
// them.

#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {

// Counting, timers of several rules at one instant, a detection as an event,
// gates of each kind.
inline constexpr char kRules[] = R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 3, within: 10m}}
    cooldown: 20m
    cancel_on: [{event: solved}]
    actions:
      - ticket: {queue: help, template: help}
      - email: {template: help, delay: 3m}
  - id: gave-up
    title: Gave up
    detect: {absence: {after: failed, without: solved, for: 5m}}
    holdout: 30%
    actions: [{email: {template: help}}]
  - id: gave-up-too
    title: Gave up too
    detect: {absence: {after: opened, without: solved, for: 5m}}
  - id: both
    title: Both
    detect:
      temporal:
        all: [{event: "detection:fails"}, {event: "detection:gave-up"}]
        within: 1h
    actions: [{sms: {template: help}}]
  - id: fewer
    title: Fewer
    detect: {event_count: {event: opened, lt: 2, within: 15m}}
)";

class BacktestTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("rules/a.yaml", kRules);
    folder_.Write("events.jsonl", Events(1, 1200));
  }

  // Whole seconds, so that much falls on one instant; now and then one is late
  // or says something of its customer.
  static std::string Events(unsigned seed, int count) {
    std::mt19937 random(seed);
    const char* names[] = {"failed", "failed", "solved", "opened"};
    std::string text;
    std::int64_t second = 1'767'225'600;
    for (int i = 0; i < count; ++i) {
      second += random() % 4;
      const std::int64_t late = random() % 50 == 0 ? 300 : 0;
      text += fmt::format(R"({{"customer":"c{}","event":"{}","ts":{}}})"
                          "\n",
                          random() % 40, names[random() % 4], second - late);
    }
    return text;
  }

  Ran Backtest(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"backtest", "--rules",
                                          folder_.Path("rules"), "--events",
                                          folder_.Path("events.jsonl")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(std::move(arguments));
  }

  TempFolder folder_;
};

}  // namespace premura
