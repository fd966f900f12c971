// SPDX-License-Identifier: Apache-2.0
// RuleComparison: what two versions of the rules find in the same events, and
// whom they would have contacted, side by side. Detections are the same if
// rule, customer, group and instant are, contacts if the channel is too; what
// is left of them on both sides has moved, the first to the first and so on;
// the rest was added or is gone.

#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/backtest/backtest_sink.h"
#include "rules/time.h"

namespace premura {

// The detections of one version, and what it would have sent: only when, of
// what and to whom.
class Occurrences final : public BacktestSink {
 public:
  struct Key {
    std::string rule;
    std::string customer;
    std::string group;    // A JSON object.
    std::string channel;  // Of a contact; empty: a detection.
    auto operator<=>(const Key&) const = default;
  };

  void OnDetection(const Detection& detection) override;
  void OnContact(const SimulatedContact& contact) override;

  const std::map<Key, std::vector<Timestamp>>& all() const { return all_; }
  // Customers who got an email or SMS.
  const std::set<std::string>& contacted() const { return contacted_; }

 private:
  std::map<Key, std::vector<Timestamp>> all_;
  // By detection, of those that have one: a contact may follow days later.
  std::unordered_map<std::string, std::string> groups_;
  std::set<std::string> contacted_;
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
  struct Row {
    std::string rule;
    std::string channel;  // Empty: its detections.
    auto operator<=>(const Row&) const = default;
  };
  std::map<Row, Sums> sums;
  std::vector<Difference> differences;  // In order of time.
  // Customers who got an email or SMS; `same`: from both.
  Sums customers;
};

RuleComparison Compare(const Occurrences& before, const Occurrences& now);

// `format`: table (sums by rule, then the list, of detections and then of
// contacts), csv or jsonl (the list).
void PrintComparison(const RuleComparison& comparison,
                     const std::string& format, std::ostream* out);

}  // namespace premura
