// SPDX-License-Identifier: Apache-2.0

#include "signals/silences.h"

#include <cmath>
#include <utility>

namespace premura {

namespace {

// Fewer customers than these are never too many.
constexpr double kFew = 5;

// From 1, so that 0 is no day.
std::uint32_t DayOf(Timestamp clock) {
  if (clock < Timestamp{}) return 0;
  return static_cast<std::uint32_t>(clock.time_since_epoch() /
                                    std::chrono::hours(24)) +
         1;
}

}  // namespace

// --- Silences ---------------------------------------------------------------

void Silences::Saw(Customer* customer, Timestamp clock) {
  const std::uint32_t day = DayOf(clock);
  if (customer->seen_day == day) return;
  if (day > day_) {
    before_ = std::exchange(today_, 0);
    day_ = day;
  }
  customer->seen_day = day;
  ++today_;
}

bool Silences::Doubts(const Customer& customer, Timestamp due,
                      std::size_t held) {
  Pass(due);
  if (!stalled_ && due <= believed_) return false;
  if (is_due_.insert(customer.name).second) {
    due_.push_back({newest_, customer.name});
  }
  const bool many = due_.size() >= TooMany() || held >= TooMany();
  const bool doubts = guards() && (stalled_ || many);
  doubted_ = doubted_ || doubts;
  most_[0] = std::max(most_[0], due_.size());
  return doubts;
}

void Silences::Pass(Timestamp now) {
  newest_ = std::max(newest_, now);
  while (!due_.empty() && Later(due_.front().at, bounds_.within) <= newest_) {
    is_due_.erase(due_.front().customer);
    due_.pop_front();
  }
  const std::uint32_t day = DayOf(newest_);
  for (std::size_t i = 0; i < most_.size() && most_day_ + i < day; ++i) {
    if (std::exchange(doubted_, false)) most_[0] = 0;
    std::shift_right(most_.begin(), most_.end(), 1);
    most_[0] = 0;
  }
  most_day_ = day;
}

Timestamp Silences::BelievesAt(std::size_t held) const {
  if (!guards()) return kUnseen;
  const std::size_t many = TooMany();
  if (stalled_ || held >= many) return kNever;
  if (due_.size() < many) return kUnseen;
  return Later(due_[due_.size() - many].at, bounds_.within);
}

std::size_t Silences::TooMany() const {
  const std::size_t usual = *std::max_element(most_.begin() + 1, most_.end());
  const double share = bounds_.max_share * static_cast<double>(active());
  const double times =
      static_cast<double>(bounds_.times_usual) * static_cast<double>(usual);
  return static_cast<std::size_t>(std::ceil(std::max({kFew, share, times})));
}

// --- HeldTimers -------------------------------------------------------------

bool HeldTimers::Before::operator()(const Entry& a, const Entry& b) const {
  if (a.due != b.due) return a.due < b.due;
  if (a.customer != b.customer) return a.customer->name < b.customer->name;
  return a.key < b.key;
}

void HeldTimers::Add(const Entry& entry) {
  entries_.insert(entry);
  ++of_[entry.customer];
}

void HeldTimers::Remove(const Entry& entry) {
  entries_.erase(entries_.find(entry));
  const auto of = of_.find(entry.customer);
  if (--of->second == 0) of_.erase(of);
}

std::vector<HeldTimers::Entry> HeldTimers::TakeAll() {
  std::vector<Entry> all(entries_.begin(), entries_.end());
  entries_.clear();
  of_.clear();
  return all;
}

}  // namespace premura
