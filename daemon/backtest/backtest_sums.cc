// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/backtest_sums.h"

#include <fmt/format.h>

#include <utility>

namespace premura {

std::size_t BacktestSums::OfRule::Sent(const std::string& channel) const {
  const auto found = sent.find(channel);
  return found == sent.end() ? 0 : found->second;
}

void BacktestSums::OnDetection(const Detection& detection) {
  OfRule& sums = rules_[detection.rule->id];
  ++sums.detections;
  sums.customers.insert(detection.customer);
}

void BacktestSums::OnContact(const SimulatedContact& contact) {
  const std::string key =
      fmt::format("{}\n{}", contact.detection, contact.action);
  if (contact.what == SimulatedContact::What::kSent) {
    waiting_.erase(key);
    OfRule& sums = rules_[contact.rule];
    ++sums.sent[contact.channel];
    if (contact.channel == "ticket") {
      ticketed_.insert(contact.customer);
      return;
    }
    sums.contacted.insert(contact.customer);
    contacted_.insert(contact.customer);
    return;
  }
  Restrained restrained = {contact.rule, contact.channel,
                           std::string(ToString(contact.reason))};
  if (contact.what == SimulatedContact::What::kHeld) {
    ++held_[restrained];
    waiting_[key] = std::move(restrained);
  } else {
    waiting_.erase(key);
    ++not_sent_[restrained];
  }
}

void BacktestSums::OnLeftOut(const LeftOut& one) {
  ++rules_[one.rule].left_out;
}

BacktestSums::Counts BacktestSums::StillHeld() const {
  Counts counts;
  for (const auto& [key, restrained] : waiting_) ++counts[restrained];
  return counts;
}

}  // namespace premura
