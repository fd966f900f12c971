// SPDX-License-Identifier: Apache-2.0
// BacktestSums: what a backtest found and what would have been sent, counted by
// rule, channel and reason.
//
// Thread: one at a time.

#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/backtest/backtest.h"

namespace premura {

class BacktestSums final : public BacktestSink {
 public:
  struct OfRule {
    std::size_t detections = 0;
    std::set<std::string> customers;          // Detected.
    std::map<std::string, std::size_t> sent;  // By channel.
    std::set<std::string> contacted;          // By email or SMS.
    std::size_t left_out = 0;                 // By `only_for`.

    std::size_t Sent(const std::string& channel) const;
  };
  // Why something was not sent, or waited.
  struct Restrained {
    std::string rule;
    std::string channel;
    std::string reason;
    auto operator<=>(const Restrained&) const = default;
  };
  using Counts = std::map<Restrained, std::size_t>;

  void OnDetection(const Detection& detection) override;
  // One that is held counts when it is known what became of it.
  void OnContact(const SimulatedContact& contact) override;
  void OnLeftOut(const LeftOut& one) override;

  const std::map<std::string, OfRule>& rules() const { return rules_; }
  const Counts& not_sent() const { return not_sent_; }
  // Each hold, of what was sent in the end too.
  const Counts& held() const { return held_; }
  // What still waits at the end, by its last reason.
  Counts StillHeld() const;
  // Customers who got an email or SMS: a ticket stays in the house.
  const std::set<std::string>& contacted() const { return contacted_; }
  // Customers about whom a ticket was opened.
  const std::set<std::string>& ticketed() const { return ticketed_; }

 private:
  std::map<std::string, OfRule> rules_;
  Counts not_sent_;
  Counts held_;
  // By detection and action.
  std::unordered_map<std::string, Restrained> waiting_;
  std::set<std::string> contacted_;
  std::set<std::string> ticketed_;
};

}  // namespace premura
