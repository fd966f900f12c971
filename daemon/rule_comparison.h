// SPDX-License-Identifier: Apache-2.0
// RuleComparison: what two versions of the rules find in the same events, side
// by side. Detections are the same if rule, customer, group and instant are;
// what is left of a rule, customer and group on both sides has moved, the
// first to the first and so on; the rest was added or is gone.

#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/backtest_sink.h"
#include "rules/time.h"

namespace premura {

// The detections of one version: only when, of what and of whom.
class Occurrences final : public BacktestSink {
 public:
  struct Key {
    std::string rule;
    std::string customer;
    std::string group;  // A JSON object.
    auto operator<=>(const Key&) const = default;
  };

  void OnDetection(const Detection& detection) override;
  void OnContact(const SimulatedContact&) override {}

  const std::map<Key, std::vector<Timestamp>>& all() const { return all_; }

 private:
  std::map<Key, std::vector<Timestamp>> all_;
};

struct RuleComparison {
  // `before` is absent from what was added, `now` from what is gone.
  struct Difference {
    std::optional<Timestamp> before;
    std::optional<Timestamp> now;
    Occurrences::Key key;
    const char* Word() const;  // "added", "gone", "moved"
    Timestamp at() const { return now ? *now : *before; }
  };
  struct Sums {
    std::size_t before = 0, now = 0, same = 0, added = 0, gone = 0, moved = 0;
  };
  std::map<std::string, Sums> rules;
  std::vector<Difference> differences;  // In order of time.
};

RuleComparison Compare(const Occurrences& before, const Occurrences& now);

// `format`: table (sums by rule, then the list), csv or jsonl (the list).
void PrintComparison(const RuleComparison& comparison,
                     const std::string& format, std::ostream* out);

}  // namespace premura
