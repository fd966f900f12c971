// SPDX-License-Identifier: Apache-2.0

#include "tests/signals/reference.h"

#include <algorithm>
#include <map>
#include <utility>

namespace premura {

std::vector<std::string> IdsInOrderOfTime(std::vector<StreamEvent> events) {
  std::stable_sort(events.begin(), events.end(),
                   [](const StreamEvent& a, const StreamEvent& b) {
                     return a.time < b.time;
                   });
  std::vector<std::string> ids;
  for (const StreamEvent& event : events) ids.push_back(event.id);
  return ids;
}

std::vector<RefDetection> RefEvaluator::Run(
    const Stream& stream,
    const std::function<bool(const StreamEvent&)>& is_mine) {
  for (const StreamEvent& event : stream) {
    const long clock = static_cast<long>(event.clock.count());
    FireUpTo(clock);
    if (event.name.empty() || !is_mine(event)) continue;
    const bool empties = unless(event);
    if (!empties && !Matches(event)) continue;
    FireUpTo(TimeOf(event));
    if (ignore_late && IsLate(event)) continue;
    newest = std::max(newest, TimeOf(event));
    if (empties) {
      EmptyAt(TimeOf(event));
    } else {
      Take(event);
    }
    FireUpTo(clock);
  }
  return found_;
}

void RefEvaluator::FireUpTo(long time) {
  if (newest < 0) return;
  for (long now = std::min(newest + 1, Overdue()); now <= time; ++now) {
    if (Tick(now)) newest = std::max(newest, now);
  }
}

// --- event_count, value_count -----------------------------------------------

namespace {

class RefWindowImpl final : public RefEvaluator {
 public:
  explicit RefWindowImpl(RefWindow spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.matches(event) &&
           (spec_.field.empty() || event.Field(spec_.field) != nullptr);
  }

  void Take(const StreamEvent& event) override {
    if (TimeOf(event) <= newest - spec_.within) return;
    if (first_ < 0) first_ = TimeOf(event);
    events_.push_back(event);
    const std::vector<StreamEvent> window = Window(newest);
    const bool enough = static_cast<int>(window.size()) >= spec_.bound;
    if (!enough) return;
    if (spec_.lt) {
      armed_ = true;
      return;
    }
    long at = 0;
    for (const StreamEvent& one : window) at = std::max(at, TimeOf(one));
    Detect(at, IdsInOrderOfTime(window));
    Empty();
  }

  bool Tick(long now) override {
    if (!spec_.lt || !armed_ || first_ < 0 || now < first_ + spec_.within) {
      return false;
    }
    const std::vector<StreamEvent> window = Window(now);
    if (static_cast<int>(window.size()) >= spec_.bound) return false;
    Detect(now, IdsInOrderOfTime(window));
    Empty();
    return true;
  }

  void Empty() override {
    events_.clear();
    armed_ = false;
  }

 private:
  // What counts at that instant, in order of arrival.
  std::vector<StreamEvent> Window(long end) const {
    std::vector<StreamEvent> window;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const long time = TimeOf(events_[i]);
      if (time <= end - spec_.within || time > end) continue;
      bool outdone = false;
      for (std::size_t j = 0; j < events_.size() && !spec_.field.empty(); ++j) {
        const bool later =
            TimeOf(events_[j]) > time || (TimeOf(events_[j]) == time && j > i);
        outdone = outdone || (later && *events_[j].Field(spec_.field) ==
                                           *events_[i].Field(spec_.field));
      }
      if (!outdone) window.push_back(events_[i]);
    }
    return window;
  }

  const RefWindow spec_;
  std::vector<StreamEvent> events_;
  long first_ = -1;
  bool armed_ = true;
};

// --- flapping ---------------------------------------------------------------

class RefFlappingImpl final : public RefEvaluator {
 public:
  explicit RefFlappingImpl(RefFlapping spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.state(event).has_value();
  }

  void Take(const StreamEvent& event) override {
    if (IsLate(event)) return;
    seen_.push_back(event);
    std::vector<StreamEvent> flips;
    for (std::size_t i = 1; i < seen_.size(); ++i) {
      if (i >= spent_ && TimeOf(seen_[i]) > newest - spec_.within &&
          spec_.state(seen_[i]) != spec_.state(seen_[i - 1])) {
        flips.push_back(seen_[i]);
      }
    }
    if (static_cast<int>(flips.size()) < spec_.flips) return;
    Detect(TimeOf(event), IdsInOrderOfTime(flips));
    Empty();
  }

  bool Tick(long) override { return false; }
  void Empty() override { spent_ = seen_.size(); }

 private:
  const RefFlapping spec_;
  std::vector<StreamEvent> seen_;
  std::size_t spent_ = 0;  // Flips before this no longer count.
};

// --- absence ----------------------------------------------------------------

class RefAbsenceImpl final : public RefEvaluator {
 public:
  explicit RefAbsenceImpl(RefAbsence spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override {
    return spec_.after(event) || spec_.without(event);
  }
  void Take(const StreamEvent& event) override {
    log_.push_back({event, newest});
  }
  bool Tick(long now) override {
    const StreamEvent* open = Open();
    if (open == nullptr || TimeOf(*open) + spec_.wait != now) return false;
    Detect(now, {open->id});
    Empty();
    return true;
  }
  void Empty() override { log_.clear(); }

 private:
  // Reads the log from its beginning.
  const StreamEvent* Open() const {
    const StreamEvent* open = nullptr;
    for (const auto& [event, newest_then] : log_) {
      const long time = TimeOf(event);
      if (open == nullptr) {
        if (spec_.after(event) && time >= newest_then) open = &event;
      } else if (spec_.without(event)) {
        if (TimeOf(*open) <= time && time < TimeOf(*open) + spec_.wait) {
          open = nullptr;
        }
      } else if (spec_.restart && time >= TimeOf(*open)) {
        open = &event;
      }
    }
    return open;
  }

  const RefAbsence spec_;
  std::vector<std::pair<StreamEvent, long>> log_;
};

// --- sequence ---------------------------------------------------------------

class RefSequenceImpl final : public RefEvaluator {
 public:
  explicit RefSequenceImpl(RefSequence spec) : spec_(std::move(spec)) {}

 protected:
  bool Matches(const StreamEvent& event) const override;
  void Take(const StreamEvent& event) override;
  bool Tick(long now) override;
  void Empty() override { spent_ = log_.size(); }

 private:
  struct Seen {
    StreamEvent event;
    bool late;
    long newest;
  };
  // What has become of the attempt that the i-th event opened.
  struct Fate {
    bool alive = false;
    std::size_t place = 0;
    std::vector<std::size_t> taken;
  };
  bool Opens(std::size_t index) const;
  Fate Follow(std::size_t opening, std::size_t end) const;
  void Step(const Seen& seen, std::size_t index, Fate* fate) const;
  std::vector<std::string> Ids(const Fate& fate) const {
    std::vector<std::string> ids;
    for (const std::size_t i : fate.taken) ids.push_back(log_[i].event.id);
    return ids;
  }

  const RefSequence spec_;
  std::vector<Seen> log_;
  std::size_t spent_ = 0;  // Attempts opened before this are gone.
};

bool RefSequenceImpl::Matches(const StreamEvent& event) const {
  if (spec_.leading && spec_.leading->event(event, nullptr)) return true;
  // The steps it may look back on: none, or those of living attempts.
  std::vector<const StreamEvent*> openings = {nullptr};
  for (std::size_t i = spent_; i < log_.size(); ++i) {
    const bool in_time =
        !spec_.within || TimeOf(log_[i].event) > TimeOf(event) - *spec_.within;
    const Fate fate = Follow(i, log_.size());
    if (fate.alive && (in_time || fate.place == spec_.steps.size())) {
      openings.push_back(&log_[i].event);
    }
  }
  for (const StreamEvent* opening : openings) {
    if (spec_.trailing && spec_.trailing->event(event, opening)) return true;
    for (const RefSequence::Step& step : spec_.steps) {
      if (step.next || step.event(event, opening)) return true;
      for (const RefSequence::Test& test : step.nots) {
        if (test(event, opening)) return true;
      }
    }
  }
  return false;
}

bool RefSequenceImpl::Opens(std::size_t index) const {
  const Seen& seen = log_[index];
  if (seen.late || !spec_.steps[0].event(seen.event, nullptr)) return false;
  for (std::size_t i = 0; i < index && spec_.leading; ++i) {
    if (spec_.leading->event(log_[i].event, nullptr) &&
        TimeOf(log_[i].event) > TimeOf(seen.event) - spec_.leading->wait) {
      return false;
    }
  }
  return true;
}

RefSequenceImpl::Fate RefSequenceImpl::Follow(std::size_t opening,
                                              std::size_t end) const {
  Fate fate;
  fate.alive = Opens(opening);
  fate.place = 1;
  fate.taken = {opening};
  for (std::size_t i = opening + 1; i < end && fate.alive; ++i) {
    Step(log_[i], i, &fate);
  }
  return fate;
}

void RefSequenceImpl::Step(const Seen& seen, std::size_t index,
                           Fate* fate) const {
  const StreamEvent& opening = log_[fate->taken.front()].event;
  const long time = TimeOf(seen.event);
  const long last = TimeOf(log_[fate->taken.back()].event);
  if (fate->place == spec_.steps.size()) {
    fate->alive =
        !(spec_.trailing && spec_.trailing->event(seen.event, &opening) &&
          time >= last && time < last + spec_.trailing->wait);
    return;
  }
  if (spec_.within && seen.newest >= TimeOf(opening) + *spec_.within) {
    fate->alive = false;
    return;
  }
  const RefSequence::Step& here = spec_.steps[fate->place];
  // The step that must come, else the first of the optional ones before it.
  std::size_t must = fate->place;
  while (spec_.steps[must].optional) ++must;
  std::size_t takes = must;
  if (!spec_.steps[must].event(seen.event, &opening)) takes = fate->place;
  while (takes <= must && !spec_.steps[takes].event(seen.event, &opening)) {
    ++takes;
  }
  if (takes <= must) {
    if (seen.late) return;
    fate->taken.push_back(index);
    fate->place = takes + 1;
    return;
  }
  for (const RefSequence::Test& test : here.nots) {
    if (test(seen.event, &opening) && time >= last) fate->alive = false;
  }
  if (here.next && !seen.late) fate->alive = false;
}

void RefSequenceImpl::Take(const StreamEvent& event) {
  log_.push_back({event, IsLate(event), newest});
  if (spec_.trailing) return;
  for (std::size_t i = log_.size(); i-- > spent_;) {  // Opened last first.
    const Fate fate = Follow(i, log_.size());
    if (!fate.alive || fate.place < spec_.steps.size()) continue;
    Detect(TimeOf(event), Ids(fate));
    Empty();
    return;
  }
}

bool RefSequenceImpl::Tick(long now) {
  if (!spec_.trailing) return false;
  std::optional<Fate> first;
  for (std::size_t i = log_.size(); i-- > spent_;) {
    const Fate fate = Follow(i, log_.size());
    if (!fate.alive || fate.place < spec_.steps.size() ||
        TimeOf(log_[fate.taken.back()].event) + spec_.trailing->wait != now) {
      continue;
    }
    if (!first || fate.taken.back() < first->taken.back()) first = fate;
  }
  if (!first) return false;
  Detect(now, Ids(*first));
  Empty();
  return true;
}

}  // namespace

std::unique_ptr<RefEvaluator> NewRefWindow(RefWindow spec) {
  return std::make_unique<RefWindowImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefFlapping(RefFlapping spec) {
  return std::make_unique<RefFlappingImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefAbsence(RefAbsence spec) {
  return std::make_unique<RefAbsenceImpl>(std::move(spec));
}
std::unique_ptr<RefEvaluator> NewRefSequence(RefSequence spec) {
  return std::make_unique<RefSequenceImpl>(std::move(spec));
}

}  // namespace premura
