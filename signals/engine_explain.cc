// SPDX-License-Identifier: Apache-2.0
// What the engine's rules say of one customer when somebody asks.

#include <algorithm>
#include <utility>

#include "signals/customer_record.h"
#include "signals/engine_impl.h"
#include "signals/misses.h"

namespace premura {

namespace {

constexpr std::size_t kMostGroups = 20;  // Of a rule, those seen last.

std::vector<std::pair<std::string, std::string>> JsonOf(const Group* group) {
  std::vector<std::pair<std::string, std::string>> entries;
  if (group == nullptr) return entries;
  for (const Group::Entry& entry : group->entries) {
    std::string_view packed = entry.packed;
    ValueArena arena;
    std::string json;
    AppendJson(Unpack(&packed, &arena), &json);
    entries.emplace_back(entry.path, std::move(json));
  }
  return entries;
}

}  // namespace

std::optional<Mismatch> EngineImpl::NotFor(const Rule& rule,
                                           std::string_view customer) const {
  if (rule.only_for.always()) return std::nullopt;
  Event nothing;
  nothing.customer = customer;
  return FirstMismatch(rule.only_for,
                       EventFacts(nothing, symbols(), *profiles_));
}

CustomerStanding EngineImpl::Explain(
    std::string_view name, std::span<const Event* const> recent) const {
  CustomerStanding told;
  told.customer = name;
  told.rules = index_->rules();
  told.clock = clock_;
  told.looked_at = recent.size();
  if (!recent.empty()) told.looked_at_since = recent.front()->time;
  Customer woken;
  const Customer* customer = customers_.Find(name);
  const auto idle = idle_.Find(name, CustomerTable::HashOf(name));
  if (idle) {
    std::uint64_t left_out = 0;
    if (ReadCustomer(idle->record, *index_, &woken, &left_out).ok()) {
      customer = &woken;
    }
  }
  for (const Watcher& watcher : index_->watchers()) {
    RuleStanding rule;
    rule.rule = watcher.rule;
    rule.not_for = NotFor(*watcher.rule, name);
    rule.misses = FindMisses(watcher, symbols(), *profiles_, recent);
    if (customer != nullptr) ExplainTracks(*customer, watcher, &rule);
    if (rule.tracks.empty() && watcher.rule->detect.group_by.empty()) {
      TrackStanding untouched;
      untouched.standing = watcher.detector->Explain(nullptr, clock_);
      rule.tracks.push_back(std::move(untouched));
    }
    told.standings.push_back(std::move(rule));
  }
  DropTracks(*index_, &woken);
  return told;
}

void EngineImpl::ExplainTracks(const Customer& customer, const Watcher& watcher,
                               RuleStanding* rule) const {
  std::vector<const Track*> tracks;
  for (const Track& track : customer.tracks) {
    if (track.slot() == watcher.rule->state_slot) tracks.push_back(&track);
  }
  const std::size_t told = std::min(tracks.size(), kMostGroups);
  std::partial_sort(
      tracks.begin(), tracks.begin() + static_cast<std::ptrdiff_t>(told),
      tracks.end(),
      [](const Track* a, const Track* b) { return a->newest > b->newest; });
  rule->groups_untold = tracks.size() - told;
  tracks.resize(told);
  for (const Track* track : tracks) {
    TrackStanding standing;
    standing.group = JsonOf(track->group());
    standing.newest = track->newest;
    standing.standing = watcher.detector->Explain(
        track->memo(), std::max(clock_, track->newest));
    if (track->state() != nullptr && track->state()->queued == kHeld) {
      standing.held = true;
      standing.stalled = silences_.stalled();
      standing.held_until = silences_.BelievesAt(held_.customers());
    }
    const Episodes* const episodes = customer.FindEpisodes(*track);
    if (episodes != nullptr) standing.fired = episodes->latest;
    rule->tracks.push_back(std::move(standing));
  }
}

}  // namespace premura
