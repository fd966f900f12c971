// SPDX-License-Identifier: Apache-2.0

#include "signals/matcher.h"

#include <algorithm>
#include <utility>

namespace premura {

namespace {

using Role = WatchIndex::Role;

bool Holds(const WatchIndex::Interest& interest, const EventFacts& facts) {
  return interest.where == nullptr || interest.role == Role::kLooksBack ||
         interest.where->Matches(facts);
}

}  // namespace

void Matcher::Push(const WatchIndex& index,
                   const WatchIndex::Concerned& concerned,
                   const EventFacts& facts) {
  for (const std::uint32_t run : Candidates(concerned, facts)) {
    const Interests all = concerned.InterestsOf(run);
    for (std::size_t first = 0; first < all.size(); ++first) {
      if (!Holds(all[first], facts)) continue;
      PushWatcher(index.watchers()[all[first].watcher], all.subspan(first),
                  facts);
      break;
    }
  }
}

// The runs that may hold, in order.
const std::vector<std::uint32_t>& Matcher::Candidates(
    const WatchIndex::Concerned& concerned, const EventFacts& facts) {
  if (concerned.by_value.empty()) return concerned.always;
  candidates_ = concerned.always;
  for (const WatchIndex::ByValue& index : concerned.by_value) {
    keys_.clear();
    AppendEqualityKeys(facts.Get(index.property), &keys_);
    for (const std::uint64_t key : keys_) {
      const auto [begin, end] = index.runs.equal_range(key);
      for (auto it = begin; it != end; ++it) candidates_.push_back(it->second);
    }
  }
  std::sort(candidates_.begin(), candidates_.end());
  candidates_.erase(std::unique(candidates_.begin(), candidates_.end()),
                    candidates_.end());
  return candidates_;
}

// The first of `interests` holds.
void Matcher::PushWatcher(const Watcher& watcher, Interests interests,
                          const EventFacts& facts) {
  Hit hit;
  hit.watcher = &watcher;
  if (!AddGroup(facts, &hit)) return;
  hit.unless = interests.front().role == Role::kUnless;
  hit.matches = matches_top_;
  Match* const matches = AddMatches(watcher.patterns);
  for (std::size_t i = 0; i < interests.size() && !hit.unless; ++i) {
    const WatchIndex::Interest& interest = interests[i];
    if (interest.role == Role::kEverything) continue;
    if (i > 0 && !Holds(interest, facts)) continue;
    matches[interest.pattern] =
        interest.role == Role::kLooksBack ? Match::kAsk : Match::kYes;
  }
  hits_.push_back(hit);
}

Match* Matcher::AddMatches(std::size_t count) {
  if (matches_.size() < matches_top_ + count) {
    matches_.resize(2 * (matches_top_ + count));
  }
  Match* const matches = matches_.data() + matches_top_;
  std::fill_n(matches, count, Match::kNo);
  matches_top_ += count;
  return matches;
}

bool Matcher::AddGroup(const EventFacts& facts, Hit* hit) {
  hit->group = groups_.size();
  hit->key = hit->watcher->key;
  if (!hit->watcher->grouped) return true;
  const Rule& rule = *hit->watcher->rule;
  for (const FieldRef& field : rule.detect.group_by) {
    const Value value = facts.Get(field);
    if (!value.present()) {
      groups_.resize(hit->group);
      return false;
    }
    AppendIdentity(value, &groups_);
  }
  hit->group_size = groups_.size() - hit->group;
  hit->key = TrackKey(rule.state_slot, GroupKey(*hit));
  return true;
}

void Matcher::PopTo(const Mark& mark) {
  hits_.resize(mark.hits);
  matches_top_ = mark.matches;
  groups_.resize(mark.groups);
}

// A field's path as detections tell it: without `properties.`.
static std::string GroupPath(const FieldRef& field, const Symbols& symbols) {
  return field.root == FieldRef::Root::kProperty
             ? symbols.properties.Text(field.symbol)
             : field.path;
}

std::unique_ptr<Group> MakeGroup(std::string_view key, const Rule& rule,
                                 const Symbols& symbols,
                                 const EventFacts& facts) {
  auto group = std::make_unique<Group>();
  group->key = key;
  for (const FieldRef& field : rule.detect.group_by) {
    Group::Entry entry;
    entry.path = GroupPath(field, symbols);
    AppendPacked(facts.Get(field), &entry.packed);
    group->entries.push_back(std::move(entry));
  }
  return group;
}

std::unique_ptr<Group> MakeGroup(std::span<const std::string_view> values,
                                 const Rule& rule, const Symbols& symbols) {
  auto group = std::make_unique<Group>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::string_view packed = values[i];
    ValueArena arena;
    AppendIdentity(Unpack(&packed, &arena), &group->key);
    group->entries.push_back(
        {GroupPath(rule.detect.group_by[i], symbols), std::string(values[i])});
  }
  return group;
}

std::vector<std::pair<std::string, std::string>> GroupOf(
    const Rule& rule, const Symbols& symbols, const EventFacts& facts) {
  std::vector<std::pair<std::string, std::string>> group;
  for (const FieldRef& field : rule.detect.group_by) {
    const Value value = facts.Get(field);
    if (!value.present()) continue;
    std::string json;
    AppendJson(value, &json);
    group.emplace_back(GroupPath(field, symbols), std::move(json));
  }
  return group;
}

}  // namespace premura
