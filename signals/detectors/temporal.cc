// SPDX-License-Identifier: Apache-2.0
// temporal: several things in any order in a window, each by an event of its
// own. Evidence is of the latest events with which that can be done.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "signals/detector.h"

namespace premura {

namespace {

using Items = std::uint32_t;  // A bit for each item of `all`.
constexpr std::size_t kMaxItems = TemporalSpec::kMaxItems;
static_assert(kMaxItems <= 32);

struct Candidate {
  Seen event;
  Items items = 0;  // That it could fill.

  static auto Fields(auto& own) { return std::tie(own.event, own.items); }
};

struct TemporalState : State {
  std::vector<Candidate> window;  // In order of time, then arrival.

  static auto Fields(auto& own) { return std::tie(own.window); }
};

// Gives events an item each, one event after the other: an earlier one moves
// to another item where that makes room (augmenting paths).
class Assignment {
 public:
  // False if there is no room for it.
  bool Add(const Candidate* event) {
    Items tried = 0;
    if (!Place(event, &tried)) return false;
    ++size_;
    return true;
  }
  std::size_t size() const { return size_; }
  bool Has(const Candidate* event) const {
    return std::find(by_item_.begin(), by_item_.end(), event) != by_item_.end();
  }

 private:
  bool Place(const Candidate* event, Items* tried) {
    for (std::size_t item = 0; item < kMaxItems; ++item) {
      const Items bit = Items{1} << item;
      if ((event->items & bit) == 0 || (*tried & bit) != 0) continue;
      *tried |= bit;
      if (by_item_[item] == nullptr || Place(by_item_[item], tried)) {
        by_item_[item] = event;
        return true;
      }
    }
    return false;
  }

  std::array<const Candidate*, kMaxItems> by_item_{};
  std::size_t size_ = 0;
};

class Temporal final : public DetectorOf<TemporalState> {
 public:
  explicit Temporal(const TemporalSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override {
    std::vector<Watch> watches;
    for (const Pattern& item : spec_.all) watches.push_back({&item});
    return watches;
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    const Timestamp edge = Earlier(sight.newest, spec_.within);
    if (sight.time() <= edge) {
      ++sight.counts.late;
      return std::nullopt;
    }
    std::vector<Candidate>& window = Obtain(state).window;
    std::erase_if(window, [edge](const Candidate& one) {
      return one.event.time <= edge;
    });
    Insert(sight, &window);
    // The latest first: whoever has found room keeps it.
    Assignment assignment;
    for (auto one = window.rbegin(); one != window.rend(); ++one) {
      assignment.Add(&*one);
    }
    if (assignment.size() < spec_.all.size()) return std::nullopt;
    Finding finding;
    for (Candidate& one : window) {
      if (assignment.Has(&one)) finding.evidence.push_back(one.event);
    }
    window.clear();
    finding.at = finding.evidence.back().time;
    return finding;
  }

  void Reset(State*& state, Timestamp) const override {
    if (state != nullptr) As(state).window.clear();
  }
  Duration Memory() const override { return spec_.within; }
  bool Forget(State*) const override { return true; }

  Standing Explain(const State* state, Timestamp now) const override {
    Standing standing;
    standing.measure = Standing::Measure::kItems;
    standing.need = static_cast<double>(spec_.all.size());
    Assignment assignment;
    if (state != nullptr) {
      const auto& window = As(state).window;
      for (auto one = window.rbegin(); one != window.rend(); ++one) {
        if (one->event.time <= Earlier(now, spec_.within)) break;
        // The last to find room is the oldest that counts.
        if (assignment.Add(&*one)) {
          standing.until = Later(one->event.time, spec_.within);
        }
      }
    }
    standing.have = static_cast<double>(assignment.size());
    if (standing.have > 0) standing.phase = Standing::Phase::kUnderWay;
    for (std::size_t i = 0; i < spec_.all.size(); ++i) {
      const Candidate another{{}, Items{1} << i};
      if (Assignment(assignment).Add(&another)) {
        standing.awaits.push_back(&spec_.all[i]);
      }
    }
    if (assignment.size() + 1 == spec_.all.size()) standing.more = 1;
    return standing;
  }

 private:
  bool Restore(TemporalState* own) const override {
    return AreInOrder(own->window, [](const Candidate& one) -> const Seen& {
      return one.event;
    });
  }

  void Insert(const Sight& sight, std::vector<Candidate>* window) const {
    Candidate candidate{{sight.time(), sight.Keep()}, 0};
    for (std::size_t i = 0; i < spec_.all.size(); ++i) {
      if (sight.Is(i)) candidate.items |= Items{1} << i;
    }
    const Items items = candidate.items;
    const auto place =
        std::upper_bound(window->begin(), window->end(), sight.time(),
                         [](Timestamp time, const Candidate& one) {
                           return time < one.event.time;
                         });
    window->insert(place, std::move(candidate));
    DropSurplus(items, window);
  }

  // Of events that could fill the same items, no more are of use than there
  // are items: the oldest goes.
  static void DropSurplus(Items items, std::vector<Candidate>* window) {
    const auto alike = [items](const Candidate& one) {
      return one.items == items;
    };
    if (std::count_if(window->begin(), window->end(), alike) >
        std::popcount(items)) {
      window->erase(std::find_if(window->begin(), window->end(), alike));
    }
  }

  const TemporalSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewTemporal(const TemporalSpec& spec) {
  return std::make_unique<Temporal>(spec);
}

}  // namespace premura
