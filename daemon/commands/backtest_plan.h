// SPDX-License-Identifier: Apache-2.0
// What the command line of `premura backtest` and the files that it names come
// to: rules, events, and how to play them.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/backtest/backtest.h"
#include "daemon/commands/commands.h"
#include "daemon/terminal/progress_bar.h"

namespace premura {

// As written.
struct BacktestLine {
  std::string command = "backtest";  // Whose line it is, for messages.
  std::vector<std::string> rules;
  std::string events;
  std::vector<std::string> topics;
  std::string brokers;
  std::string warm_up = "1d";
  std::string preset;
  std::string profiles;
  std::string config;
  std::string against;
  bool sort = false;
  bool self_preservation = false;
  std::string until, from, to;
  std::string allowed_lateness, reorder, dedup_window;
  std::string output = "table";
  std::string out;                // Empty: standard output.
  std::vector<std::string> tune;  // A rule and a range.
  unsigned cores = 0;             // 0: all.
  bool detections_only = false;
  bool success = false;
};

struct BacktestPlan {
  BacktestOptions options;
  std::vector<std::string> rule_paths;
  std::shared_ptr<const RuleSet> rules;
  std::vector<std::string> profile_files;
  std::unique_ptr<PastEvents> events;
  std::unique_ptr<ProgressBar> bar;  // nullptr: quiet.
};

// kOk, or what the command answers; it has been said why.
int MakeBacktestPlan(const BacktestLine& given, const Io& io,
                     BacktestPlan* plan);

// The options that say which rules run over which events, but for `-c`.
void AddPastOptions(CLI::App* command, BacktestLine* options);

// Refuses a lone number that is no instant of our time, as a year is.
Status ReadInstant(const std::string& text, const char* option,
                   std::optional<Timestamp>* into);

// Warns of events that were late or could not be used, and where there are none
// of those that were meant.
void WarnOfEvents(const BacktestCounts& counts, const BacktestPlan& plan,
                  const Io& io);

// On a terminal: how fast so many events were played. Once all is shown.
void EndBar(std::uint64_t events, BacktestPlan* plan);

// kOk, or, if there were records and none of them is an event that could be
// used, what the command answers; it has been said.
int RefuseNothing(const BacktestCounts& counts, const BacktestPlan& plan,
                  const Io& io);

// `--against`: nullptr if they cannot be used; it has been said why.
std::shared_ptr<const RuleSet> LoadOtherRules(const std::string& against,
                                              const BacktestPlan& plan,
                                              const Io& io);

}  // namespace premura
