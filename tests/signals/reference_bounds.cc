// SPDX-License-Identifier: Apache-2.0
// References of ratio, aggregate and spike: bounds on what lies in a window.

#include <algorithm>
#include <utility>

#include "tests/signals/reference.h"

namespace premura {

namespace {

// A bound that may have to hold for a while.
class RefBounded : public RefEvaluator {
 public:
  RefBounded(long within, std::optional<long> hold)
      : within_(within), hold_(hold) {}

 protected:
  // Looked at because of something at `at`: detects, or begins to wait.
  void Look(bool holds, long at) {
    const bool held = holds_;
    holds_ = holds;
    if (!holds) began_.reset();
    if (!holds || held) return;
    if (hold_) {
      began_ = at;
    } else {
      Fire(NewestIn(Window(newest)));
    }
  }
  bool FireIfDue(long now) {
    if (!began_ || now != *began_ + *hold_) return false;
    Fire(now);
    return true;
  }
  long Overdue() const override {
    return began_ ? *began_ + *hold_ : newest + 1;
  }
  void Fire(long at) {
    Detect(at, IdsInOrderOfTime(Window(std::max(newest, at))));
    Spend(at);
  }
  // What a detection leaves.
  virtual void Spend(long at) = 0;

  std::vector<StreamEvent> Window(long end) const {
    return Between(end - within_, end);
  }
  // (after, end]
  std::vector<StreamEvent> Between(long after, long end) const {
    std::vector<StreamEvent> window;
    for (const StreamEvent& event : events_) {
      if (TimeOf(event) > after && TimeOf(event) <= end) {
        window.push_back(event);
      }
    }
    return window;
  }
  static long NewestIn(const std::vector<StreamEvent>& events) {
    long at = 0;
    for (const StreamEvent& event : events) at = std::max(at, TimeOf(event));
    return at;
  }

  const long within_;
  const std::optional<long> hold_;
  std::vector<StreamEvent> events_;
  bool holds_ = false;
  std::optional<long> began_;
};

// --- ratio ------------------------------------------------------------------

class RefRatioImpl final : public RefBounded {
 public:
  explicit RefRatioImpl(RefRatio spec)
      : RefBounded(spec.within, spec.hold), spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.of(event) || spec_.over(event);
  }
  void Take(const StreamEvent& event) override {
    if (!spec_.over(event) || TimeOf(event) <= newest - spec_.within) return;
    events_.push_back(event);
    const std::vector<StreamEvent> window = Window(newest);
    if (static_cast<int>(window.size()) < spec_.min_denominator) return;
    const auto chosen = std::count_if(window.begin(), window.end(), spec_.of);
    Look(spec_.bound(static_cast<double>(chosen) /
                     static_cast<double>(window.size())),
         TimeOf(event));
  }
  bool Tick(long now) override { return FireIfDue(now); }
  void Empty() override {
    events_.clear();
    holds_ = false;
    began_.reset();
  }
  void Spend(long) override { Empty(); }

 private:
  const RefRatio spec_;
};

// --- aggregate --------------------------------------------------------------

class RefAggregateImpl final : public RefBounded {
 public:
  explicit RefAggregateImpl(RefAggregate spec)
      : RefBounded(spec.within, spec.hold), spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.matches(event) && event.Field(spec_.field) != nullptr;
  }
  void Take(const StreamEvent& event) override {
    if (TimeOf(event) <= newest - spec_.within) return;
    events_.push_back(event);
    const std::vector<StreamEvent> window = Window(newest);
    if (static_cast<int>(window.size()) < spec_.min_events) return;
    Look(spec_.bound(Figure(window)), TimeOf(event));
  }
  bool Tick(long now) override { return FireIfDue(now); }
  void Empty() override {
    events_.clear();
    holds_ = false;
    began_.reset();
  }
  void Spend(long) override {
    events_.clear();
    began_.reset();
  }

 private:
  double Figure(const std::vector<StreamEvent>& window) const {
    std::vector<double> numbers;
    double sum = 0;
    for (const StreamEvent& event : window) {
      numbers.push_back(std::stod(*event.Field(spec_.field)));
      sum += numbers.back();
    }
    std::sort(numbers.begin(), numbers.end());
    if (spec_.fn == "sum") return sum;
    if (spec_.fn == "avg") return sum / static_cast<double>(numbers.size());
    if (spec_.fn == "min") return numbers.front();
    if (spec_.fn == "max") return numbers.back();
    const std::size_t percent = std::stoul(spec_.fn.substr(1));
    // The least of which at least so many per cent are not above it.
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (100 * (i + 1) >= percent * numbers.size()) return numbers[i];
    }
    return numbers.back();
  }

  const RefAggregate spec_;
};

// --- spike ------------------------------------------------------------------

class RefSpikeImpl final : public RefBounded {
 public:
  explicit RefSpikeImpl(RefSpike spec)
      : RefBounded(spec.within, spec.hold), spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.matches(event);
  }
  void Take(const StreamEvent& event) override {
    if (TimeOf(event) <= newest - spec_.within - spec_.reference) return;
    if (!since_) since_ = TimeOf(event);
    events_.push_back(event);
    if (!IsDecided(newest)) return;
    if (spec_.up) {
      Look(IsMany(newest), TimeOf(event));
    } else if (!IsFew(newest)) {
      Look(false, TimeOf(event));
    }
  }
  bool Tick(long now) override {
    bool leaves = false;
    for (const StreamEvent& event : events_) {
      leaves = leaves || TimeOf(event) + spec_.within == now;
    }
    const bool looks =
        spec_.down && leaves && now >= *since_ + spec_.within + spec_.reference;
    if (looks && IsDecided(now)) {
      const bool few = IsFew(now);
      if (few && !holds_ && !spec_.hold) {
        Fire(now);
        return true;
      }
      Look(few, now);
    }
    return FireIfDue(now) || looks;
  }
  void Empty() override { Spend(newest); }
  void EmptyAt(long at) override {
    if (since_) Spend(at);
  }
  void Spend(long at) override {
    since_ = std::max(*since_, at);
    events_.clear();
    holds_ = false;
    began_.reset();
  }

 private:
  long Current(long now) const { return static_cast<long>(Window(now).size()); }
  long Reference(long now) const {
    return static_cast<long>(
        Between(now - spec_.within - spec_.reference, now - spec_.within)
            .size());
  }
  bool IsDecided(long now) const {
    return now >= *since_ + spec_.within + spec_.reference &&
           Reference(now) >= spec_.min_reference;
  }
  bool IsMany(long now) const {
    return Current(now) * spec_.reference >=
               spec_.factor * Reference(now) * spec_.within &&
           Current(now) >= spec_.min_current;
  }
  bool IsFew(long now) const {
    return Current(now) * spec_.reference * spec_.factor <=
           Reference(now) * spec_.within;
  }

  const RefSpike spec_;
  std::optional<long> since_;
};

}  // namespace

std::unique_ptr<RefEvaluator> NewRefRatio(RefRatio spec) {
  return std::make_unique<RefRatioImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefAggregate(RefAggregate spec) {
  return std::make_unique<RefAggregateImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefSpike(RefSpike spec) {
  return std::make_unique<RefSpikeImpl>(std::move(spec));
}

}  // namespace premura
