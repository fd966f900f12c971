// SPDX-License-Identifier: Apache-2.0

#include "signals/silences.h"

#include <cmath>
#include <utility>

namespace premura {

namespace {

// Five customers never are too many, whatever their share.
constexpr double kFewest = 6;

// From 1, so that 0 is no day.
std::uint32_t DayOf(Timestamp clock) {
  if (clock < Timestamp{}) return 0;
  return static_cast<std::uint32_t>(clock.time_since_epoch() /
                                    std::chrono::hours(24)) +
         1;
}

// Rounded.
std::size_t Share(std::size_t number, std::size_t spread) {
  return (number + spread / 2) / spread;
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
  if (!stalled() && due <= believed_) return false;
  if (is_due_.insert(customer.name).second) {
    due_.push_back({newest_, customer.name});
  }
  const bool many = due_.size() >= TooMany() || held >= TooMany();
  const bool doubts =
      stall_ == Stall::kSure || (guards() && (stalled() || many));
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
  BeginDay(DayOf(newest_));
}

void Silences::BeginDay(std::uint32_t day) {
  for (std::size_t i = 0; i < most_.size() && most_day_ + i < day; ++i) {
    if (std::exchange(doubted_, false)) most_[0] = 0;
    std::shift_right(most_.begin(), most_.end(), 1);
    most_[0] = 0;
  }
  most_day_ = day;
}

Timestamp Silences::BelievesAt(std::size_t held) const {
  if (stall_ == Stall::kSure) return kNever;
  if (!guards()) return kUnseen;
  const std::size_t many = TooMany();
  if (stalled() || held >= many) return kNever;
  if (due_.size() < many) return kUnseen;
  return Later(due_[due_.size() - many].at, bounds_.within);
}

std::size_t Silences::TooMany() const {
  const std::size_t usual = *std::max_element(most_.begin() + 1, most_.end());
  const double share = bounds_.max_share * static_cast<double>(active());
  const double times =
      static_cast<double>(bounds_.times_usual) * static_cast<double>(usual);
  return static_cast<std::size_t>(std::ceil(std::max({kFewest, share, times})));
}

// --- Written down -----------------------------------------------------------

void Silences::Save(RecordWriter* to) const {
  to->Time(believed_);
  to->Number(day_);
  to->Number(today_);
  to->Number(before_);
  to->Time(newest_);
  to->Number(due_.size());
  for (const Due& due : due_) {
    to->Time(due.at);
    to->Text(due.customer);
  }
  to->Number(most_day_);
  for (const std::size_t most : most_) to->Number(most);
  to->Flag(doubted_);
}

void Silences::Load(RecordReader* from) {
  believed_ = from->Time();
  day_ = from->Small();
  today_ = from->Small();
  before_ = from->Small();
  newest_ = from->Time();
  for (std::size_t count = from->Count(); count > 0 && from->ok(); --count) {
    const Timestamp at = from->Time();
    due_.push_back({at, std::string(from->Text())});
  }
  most_day_ = from->Small();
  for (std::size_t& most : most_) most = from->Small();
  doubted_ = from->Flag();
}

void Silences::Add(Silences other, std::size_t spread,
                   const std::function<bool(std::string_view)>& owns) {
  believed_ = std::max(believed_, other.believed_);
  newest_ = std::max(newest_, other.newest_);
  AddActive(other, spread);
  AddDue(other, owns);
  const std::uint32_t day = std::max(most_day_, other.most_day_);
  BeginDay(day);
  other.BeginDay(day);
  for (std::size_t i = 0; i < most_.size(); ++i) {
    most_[i] += Share(other.most_[i], spread);
  }
  doubted_ = doubted_ || other.doubted_;
}

void Silences::AddActive(const Silences& other, std::size_t spread) {
  if (other.day_ > day_) {
    before_ = std::exchange(today_, 0);
    day_ = other.day_;
  }
  if (other.day_ < day_) {
    before_ += Share(other.today_, spread);
    return;
  }
  today_ += Share(other.today_, spread);
  before_ += Share(other.before_, spread);
}

void Silences::AddDue(const Silences& other,
                      const std::function<bool(std::string_view)>& owns) {
  for (const Due& due : other.due_) {
    if (owns(due.customer) && is_due_.insert(due.customer).second) {
      due_.push_back(due);
    }
  }
  std::stable_sort(due_.begin(), due_.end(),
                   [](const Due& a, const Due& b) { return a.at < b.at; });
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
