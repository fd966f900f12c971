// SPDX-License-Identifier: Apache-2.0

#include "signals/watch_index.h"

#include <algorithm>
#include <utility>

#include "signals/customer.h"

namespace premura {

namespace {

constexpr std::uint32_t kNoWatcher = ~std::uint32_t{0};

// An event that comes later than this behind the clock may find what it
// belongs to forgotten.
Duration KeepFor(Duration memory) {
  constexpr Duration kLeast = std::chrono::hours(1);
  constexpr Duration kMost = std::chrono::hours(24);
  const Duration grace = std::clamp(memory, kLeast, kMost);
  return memory > Duration::max() - grace ? Duration::max() : memory + grace;
}

const Condition* NullIfAlways(const Condition& where) {
  return where.always() ? nullptr : &where;
}

}  // namespace

WatchIndex::WatchIndex(std::shared_ptr<const RuleSet> rules)
    : rules_(std::move(rules)) {
  const SymbolTable& names = rules_->symbols().names;
  by_name_.resize(names.size() + 1);
  is_detection_.assign(names.size() + 1, false);
  for (SymbolId id = 1; id <= names.size(); ++id) {
    is_detection_[id] = names.Text(id).starts_with("detection:");
  }
  by_slot_.assign(rules_->state_slots(), kNoWatcher);
  for (const Rule& rule : rules_->rules()) {
    if (rule.status == RuleStatus::kDisabled) continue;
    AddWatcher(rule);
    for (const Pattern& cancel : rule.cancel_on) AddCancel(cancel, rule);
  }
  for (Concerned& concerned : by_name_) {
    std::stable_sort(concerned.interests.begin(), concerned.interests.end(),
                     [](const Interest& a, const Interest& b) {
                       return std::pair(a.watcher, a.role) <
                              std::pair(b.watcher, b.role);
                     });
    AddTracks(&concerned);
  }
}

void WatchIndex::AddTracks(Concerned* concerned) const {
  const Watcher* last = nullptr;
  for (const Interest& interest : concerned->interests) {
    const Watcher* watcher = &watchers_[interest.watcher];
    if (watcher == std::exchange(last, watcher)) continue;
    if (!watcher->rule->detect.group_by.empty()) continue;
    concerned->tracks.push_back(TrackKey(watcher->rule->state_slot, {}));
  }
}

void WatchIndex::AddWatcher(const Rule& rule) {
  Watcher watcher{&rule, NewDetector(rule)};
  const std::vector<Detector::Watch> watches = watcher.detector->Watches();
  watcher.patterns = watches.size();
  watcher.keep = KeepFor(watcher.detector->Memory());
  shortest_keep_ = std::min(shortest_keep_, watcher.keep);

  Interest interest;
  interest.watcher = static_cast<std::uint32_t>(watchers_.size());
  by_slot_[rule.state_slot] = interest.watcher;
  for (std::uint32_t i = 0; i < watches.size(); ++i) {
    interest.pattern = i;
    watcher.looks_back = watcher.looks_back || watches[i].looks_back;
    interest.role = watches[i].looks_back ? Role::kLooksBack : Role::kPattern;
    Add(*watches[i].pattern, interest);
  }
  interest.pattern = 0;
  interest.role = Role::kUnless;
  if (rule.detect.unless) Add(*rule.detect.unless, interest);
  interest.role = Role::kEverything;
  if (watcher.detector->SeesEverything()) Add(Pattern(), interest);
  watchers_.push_back(std::move(watcher));
}

template <typename Visit>
void WatchIndex::ForNames(const Pattern& pattern, const Visit& visit) {
  if (pattern.names.empty()) {  // Every event, never a detection.
    for (SymbolId id = 0; id < by_name_.size(); ++id) {
      if (!is_detection_[id]) visit(by_name_[id]);
    }
    return;
  }
  std::vector<SymbolId> names = pattern.names;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const SymbolId id : names) visit(by_name_[id]);
}

void WatchIndex::Add(const Pattern& pattern, Interest interest) {
  interest.where = NullIfAlways(pattern.where);
  ForNames(pattern, [&](Concerned& concerned) {
    concerned.interests.push_back(interest);
  });
}

void WatchIndex::AddCancel(const Pattern& pattern, const Rule& rule) {
  const Cancel cancel{NullIfAlways(pattern.where), &rule};
  ForNames(pattern,
           [&](Concerned& concerned) { concerned.cancels.push_back(cancel); });
}

const Watcher* WatchIndex::OfSlot(std::uint32_t slot) const {
  if (slot >= by_slot_.size() || by_slot_[slot] == kNoWatcher) return nullptr;
  return &watchers_[by_slot_[slot]];
}

std::vector<std::uint32_t> WatchIndex::Ranks() const { return by_slot_; }

}  // namespace premura
