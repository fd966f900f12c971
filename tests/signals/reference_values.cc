// SPDX-License-Identifier: Apache-2.0
// References of change, new_term, temporal, silence and score.

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/signals/reference.h"

namespace premura {

namespace {

// --- change -----------------------------------------------------------------

class RefChangeImpl final : public RefEvaluator {
 public:
  explicit RefChangeImpl(RefChange spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.matches(event) && event.Field(spec_.field) != nullptr;
  }
  void Take(const StreamEvent& event) override {
    if (IsLate(event)) return;
    seen_.push_back(event);
    if (seen_.size() < 2) return;
    const StreamEvent& before = seen_[seen_.size() - 2];
    const std::string& was = *before.Field(spec_.field);
    const std::string& is = *event.Field(spec_.field);
    const bool fits = (spec_.from.empty() || was == spec_.from) &&
                      (spec_.to.empty() || is == spec_.to);
    const bool young =
        !spec_.within || TimeOf(event) - TimeOf(before) < *spec_.within;
    if (was != is && fits && young) Detect(TimeOf(event), {event.id});
  }
  bool Tick(long) override { return false; }
  void Empty() override {}

 private:
  const RefChange spec_;
  std::vector<StreamEvent> seen_;
};

// --- new_term ---------------------------------------------------------------

class RefNewTermImpl final : public RefEvaluator {
 public:
  explicit RefNewTermImpl(RefNewTerm spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.matches(event) && event.Field(spec_.field) != nullptr;
  }
  void Take(const StreamEvent& event) override {
    if (IsLate(event)) return;
    bool known = false;
    for (const StreamEvent& one : seen_) {
      known = known || (*one.Field(spec_.field) == *event.Field(spec_.field) &&
                        TimeOf(event) - TimeOf(one) < spec_.remember);
    }
    seen_.push_back(event);
    if (!known && TimeOf(event) - TimeOf(seen_.front()) >= spec_.learn) {
      Detect(TimeOf(event), {event.id});
    }
  }
  bool Tick(long) override { return false; }
  void Empty() override {}

 private:
  const RefNewTerm spec_;
  std::vector<StreamEvent> seen_;
};

// --- temporal ---------------------------------------------------------------

class RefTemporalImpl final : public RefEvaluator {
 public:
  explicit RefTemporalImpl(RefTemporal spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return std::any_of(spec_.all.begin(), spec_.all.end(),
                       [&](const auto& item) { return item(event); });
  }
  void Take(const StreamEvent& event) override {
    if (TimeOf(event) <= newest - spec_.within) return;
    events_.push_back(event);
    best_.clear();
    Try(0, {});
    if (best_.empty()) return;
    std::vector<StreamEvent> taken;
    long at = 0;
    // In order of arrival, which breaks ties.
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (std::find(best_.begin(), best_.end(), Rank(i)) == best_.end()) {
        continue;
      }
      taken.push_back(events_[i]);
      at = std::max(at, TimeOf(events_[i]));
    }
    Detect(at, IdsInOrderOfTime(taken));
    Empty();
  }
  bool Tick(long) override { return false; }
  void Empty() override { events_.clear(); }

 private:
  using Ranks = std::vector<std::pair<long, std::size_t>>;
  std::pair<long, std::size_t> Rank(std::size_t i) const {
    return {TimeOf(events_[i]), i};
  }
  // Every way to give each item an event of its own; keeps the latest.
  void Try(std::size_t item, const Ranks& taken) {
    if (item == spec_.all.size()) {
      Ranks sorted = taken;
      std::sort(sorted.rbegin(), sorted.rend());
      best_ = std::max(best_, sorted);
      return;
    }
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const bool used =
          std::find(taken.begin(), taken.end(), Rank(i)) != taken.end();
      if (used || TimeOf(events_[i]) <= newest - spec_.within ||
          !spec_.all[item](events_[i])) {
        continue;
      }
      Ranks more = taken;
      more.push_back(Rank(i));
      Try(item + 1, more);
    }
  }

  const RefTemporal spec_;
  std::vector<StreamEvent> events_;
  Ranks best_;
};

// --- silence ----------------------------------------------------------------

class RefSilenceImpl final : public RefEvaluator {
 public:
  explicit RefSilenceImpl(RefSilence spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.matches(event);
  }
  void Take(const StreamEvent& event) override {
    if (!IsLate(event)) seen_.push_back(event);
  }
  bool Tick(long now) override {
    if (static_cast<int>(seen_.size()) < spec_.min_events ||
        now != TimeOf(seen_.back()) + spec_.wait) {
      return false;
    }
    Detect(now, {seen_.back().id});
    Empty();
    return true;
  }
  void Empty() override { seen_.clear(); }

 private:
  const RefSilence spec_;
  std::vector<StreamEvent> seen_;
};

// --- score ------------------------------------------------------------------

class RefScoreImpl final : public RefEvaluator {
 public:
  explicit RefScoreImpl(RefScore spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return Weight(event) > 0;
  }
  void Take(const StreamEvent& event) override {
    if (TimeOf(event) <= newest - 20 * spec_.half_life) return;
    if (Sum() < spec_.reset_below) armed_ = true;
    events_.push_back(event);
    if (!armed_ || Sum() < spec_.gte) return;
    armed_ = false;
    std::vector<StreamEvent> told;
    for (std::size_t i = spent_; i < events_.size(); ++i) {
      if (TimeOf(events_[i]) > newest - 20 * spec_.half_life) {
        told.push_back(events_[i]);
      }
    }
    std::vector<std::string> ids = IdsInOrderOfTime(told);
    if (ids.size() > 50) ids.erase(ids.begin(), ids.end() - 50);
    long at = 0;
    for (const StreamEvent& one : told) at = std::max(at, TimeOf(one));
    Detect(at, ids);
    spent_ = events_.size();
  }
  bool Tick(long) override { return false; }
  void Empty() override {
    events_.clear();
    spent_ = 0;
    armed_ = true;
  }

 private:
  double Weight(const StreamEvent& event) const {
    double weight = 0;
    for (const RefScore::Signal& signal : spec_.signals) {
      if (signal.matches(event)) weight += signal.weight;
    }
    return weight;
  }
  double Sum() const {
    double sum = 0;
    for (const StreamEvent& event : events_) {
      const double lives = static_cast<double>(newest - TimeOf(event)) /
                           static_cast<double>(spec_.half_life);
      sum += Weight(event) * std::pow(0.5, lives);
    }
    return sum;
  }

  const RefScore spec_;
  std::vector<StreamEvent> events_;
  std::size_t spent_ = 0;
  bool armed_ = true;
};

}  // namespace

std::unique_ptr<RefEvaluator> NewRefChange(RefChange spec) {
  return std::make_unique<RefChangeImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefNewTerm(RefNewTerm spec) {
  return std::make_unique<RefNewTermImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefTemporal(RefTemporal spec) {
  return std::make_unique<RefTemporalImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefSilence(RefSilence spec) {
  return std::make_unique<RefSilenceImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefScore(RefScore spec) {
  return std::make_unique<RefScoreImpl>(std::move(spec));
}

}  // namespace premura
