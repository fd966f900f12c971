// SPDX-License-Identifier: Apache-2.0

#include "signals/misses.h"

#include <algorithm>

#include "signals/event_facts.h"

namespace premura {

namespace {

constexpr std::size_t kMost = 5;

// The fields without which an event is none of the kind's.
struct FieldsOf {
  using Fields = std::vector<FieldRef>;
  Fields operator()(const ValueCountSpec& spec) { return spec.fields; }
  Fields operator()(const ChangeSpec& spec) { return spec.fields; }
  Fields operator()(const NewTermSpec& spec) { return {spec.field}; }
  Fields operator()(const AggregateSpec& spec) { return {spec.field}; }
  Fields operator()(const FlappingSpec& spec) {
    return spec.field ? Fields{*spec.field} : Fields{};
  }
  template <typename Spec>
  Fields operator()(const Spec&) {
    return {};
  }
};

bool Names(const Pattern& pattern, const Event& event) {
  return pattern.names.empty() ||
         std::find(pattern.names.begin(), pattern.names.end(), event.name_id) !=
             pattern.names.end();
}

// What the event would have to have beside matching; empty `lacks`: nothing.
void FindLack(const Rule& rule, const EventFacts& facts, Miss* miss) {
  std::vector<FieldRef> fields = rule.detect.group_by;
  const auto own = std::visit(FieldsOf(), rule.detect.spec);
  fields.insert(fields.end(), own.begin(), own.end());
  for (const FieldRef& field : fields) {
    if (facts.Get(field).present()) continue;
    miss->lacks = field.path;
    return;
  }
  const auto* aggregate = std::get_if<AggregateSpec>(&rule.detect.spec);
  if (aggregate == nullptr || facts.Get(aggregate->field).is_number()) return;
  miss->lacks = aggregate->field.path;
  miss->no_number = true;
}

std::optional<Miss> FindMiss(const Rule& rule,
                             const std::vector<Detector::Watch>& watches,
                             const Event& event, const EventFacts& facts) {
  Miss miss{std::string(event.name), event.time, std::nullopt, "", false};
  bool matches = false;
  for (const Detector::Watch& watch : watches) {
    if (!Names(*watch.pattern, event)) continue;
    if (watch.looks_back) return std::nullopt;
    auto mismatch = FirstMismatch(watch.pattern->where, facts);
    matches = matches || !mismatch;
    if (mismatch && !miss.mismatch) miss.mismatch = std::move(mismatch);
  }
  if (!matches) return miss.mismatch ? std::optional(miss) : std::nullopt;
  miss.mismatch.reset();
  FindLack(rule, facts, &miss);
  return miss.lacks.empty() ? std::nullopt : std::optional(miss);
}

}  // namespace

std::vector<Miss> FindMisses(const Watcher& watcher, const Symbols& symbols,
                             const ProfileStore& profiles,
                             std::span<const Event* const> recent) {
  const auto watches = watcher.detector->Watches();
  std::vector<Miss> misses;
  for (auto event = recent.rbegin(); event != recent.rend(); ++event) {
    if (misses.size() == kMost) break;
    const EventFacts facts(**event, symbols, profiles);
    auto miss = FindMiss(*watcher.rule, watches, **event, facts);
    if (miss) misses.push_back(*std::move(miss));
  }
  return misses;
}

}  // namespace premura
