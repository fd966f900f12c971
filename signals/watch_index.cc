// SPDX-License-Identifier: Apache-2.0

#include "signals/watch_index.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace premura {

namespace {

constexpr std::uint32_t kNoWatcher = ~std::uint32_t{0};

// An event that comes later than this behind the clock may find what it
// belongs to forgotten.
Duration KeepFor(Duration memory) {
  constexpr Duration kMost = std::chrono::hours(24);
  const Duration grace = std::clamp(memory, kLeastGrace, kMost);
  return memory > Duration::max() - grace ? Duration::max() : memory + grace;
}

// FNV-1a.
std::uint64_t StampOf(const Rule& rule) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::string* text : {&rule.id, &rule.revision}) {
    for (const char c : *text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    hash *= 1099511628211U;  // As if a zero stood between.
  }
  return hash;
}

const Condition* NullIfAlways(const Condition& where) {
  return where.always() ? nullptr : &where;
}

// --- By value ---------------------------------------------------------------

using Concerned = WatchIndex::Concerned;

// What a run needs of one property; no keys if some interest asks nothing.
std::map<SymbolId, std::vector<std::uint64_t>> NeedsOf(
    std::span<const WatchIndex::Interest> run) {
  std::map<SymbolId, std::vector<std::uint64_t>> needs;
  for (std::size_t i = 0; i < run.size(); ++i) {
    std::map<SymbolId, std::vector<std::uint64_t>> both;
    if (run[i].where == nullptr ||
        run[i].role == WatchIndex::Role::kLooksBack) {
      return {};
    }
    for (const Equality& one : run[i].where->Equalities()) {
      const auto before = needs.find(one.field.symbol);
      if (i > 0 && before == needs.end()) continue;
      auto& keys = both[one.field.symbol];
      keys = one.keys;
      if (i > 0) {
        keys.insert(keys.end(), before->second.begin(), before->second.end());
      }
    }
    needs = std::move(both);
  }
  return needs;
}

// The property that most of the runs not yet indexed ask for; nullopt if too
// few do for a look-up to be cheaper than asking each.
std::optional<SymbolId> Commonest(const std::vector<std::uint32_t>& runs,
                                  const Concerned& concerned) {
  constexpr std::size_t kWorthIt = 4;
  std::map<SymbolId, std::size_t> counts;
  for (const std::uint32_t run : runs) {
    for (const auto& [property, keys] : NeedsOf(concerned.InterestsOf(run))) {
      ++counts[property];
    }
  }
  const auto most = std::max_element(
      counts.begin(), counts.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end() || most->second < kWorthIt) return std::nullopt;
  return most->first;
}

// Moves the runs that need the property from `always` to an index over it.
void IndexBy(SymbolId property, Concerned* concerned) {
  WatchIndex::ByValue index;
  index.property.symbol = property;
  std::erase_if(concerned->always, [&](std::uint32_t run) {
    const auto needs = NeedsOf(concerned->InterestsOf(run));
    const auto need = needs.find(property);
    if (need == needs.end()) return false;
    for (const std::uint64_t key : need->second) index.runs.emplace(key, run);
    return true;
  });
  concerned->by_value.push_back(std::move(index));
}

void Index(Concerned* concerned) {
  const auto& interests = concerned->interests;
  for (std::uint32_t begin = 0; begin < interests.size();) {
    std::uint32_t end = begin + 1;
    while (end < interests.size() &&
           interests[end].watcher == interests[begin].watcher) {
      ++end;
    }
    concerned->always.push_back(
        static_cast<std::uint32_t>(concerned->runs.size()));
    concerned->runs.push_back({begin, end});
    begin = end;
  }
  while (const auto property = Commonest(concerned->always, *concerned)) {
    IndexBy(*property, concerned);
  }
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
  for (const Watcher& watcher : watchers_) {
    if (watcher.detector->LooksAtProfiles()) of_profiles_.push_back(&watcher);
  }
  for (Concerned& concerned : by_name_) {
    std::stable_sort(concerned.interests.begin(), concerned.interests.end(),
                     [](const Interest& a, const Interest& b) {
                       return std::pair(a.watcher, a.role) <
                              std::pair(b.watcher, b.role);
                     });
    Index(&concerned);
  }
}

void WatchIndex::AddWatcher(const Rule& rule) {
  Watcher watcher{&rule, NewDetector(rule)};
  const std::vector<Detector::Watch> watches = watcher.detector->Watches();
  watcher.patterns = watches.size();
  watcher.key = std::uint64_t{rule.state_slot} << 32;
  watcher.grouped = !rule.detect.group_by.empty();
  watcher.ignore_late = rule.detect.ignore_late;
  watcher.keep = KeepFor(watcher.detector->Memory());
  watcher.stamp = StampOf(rule);
  shortest_keep_ = std::min(shortest_keep_, watcher.keep);

  Interest interest;
  interest.watcher = static_cast<std::uint32_t>(watchers_.size());
  by_slot_[rule.state_slot] = interest.watcher;
  by_stamp_[watcher.stamp] = interest.watcher;
  for (std::uint32_t i = 0; i < watches.size(); ++i) {
    interest.pattern = i;
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

const Watcher* WatchIndex::OfStamp(std::uint64_t stamp) const {
  const auto found = by_stamp_.find(stamp);
  return found == by_stamp_.end() ? nullptr : &watchers_[found->second];
}

std::vector<std::uint32_t> WatchIndex::Ranks() const { return by_slot_; }

}  // namespace premura
