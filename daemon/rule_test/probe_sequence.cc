// SPDX-License-Identifier: Apache-2.0
// Probes of sequences: one thing after the other, and what must not come.

#include <fmt/format.h>

#include <algorithm>

#include "daemon/rule_test/probe_cases.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

// Events that must not come, and before which of the parts (the number of
// parts: after the last).
struct Forbidden {
  const Pattern* pattern = nullptr;
  std::size_t before = 0;
  std::optional<Duration> wait;
};

// A sequence written out: repeats one by one, optional steps passed over.
class Script {
 public:
  Script(const SequenceSpec& spec, ProbeStage* stage)
      : spec_(spec), stage_(*stage) {
    bool certain = true;  // The `not` here holds whatever is passed over.
    std::uint8_t named = 0;
    for (const auto& step : spec_.steps) {
      if (step.negative) {
        if (certain) nots.push_back({&step.event, parts.size(), step.wait});
        continue;
      }
      certain = !step.optional;
      if (!step.as.empty()) ++named;
      if (step.optional) continue;
      AddStep(step, step.as.empty() ? std::uint8_t{0} : named);
    }
  }

  ProbeEvents parts;
  std::vector<Forbidden> nots;
  std::vector<std::size_t> next;  // Nothing may come before these.

  // Everything that some step or `not` waits for, but for one.
  ProbeStage::Patterns Others(const Pattern* than) const {
    ProbeStage::Patterns others;
    for (const auto& step : spec_.steps) {
      if (&step.event != than) others.push_back(&step.event);
      if (step.not_between && &*step.not_between != than) {
        others.push_back(&*step.not_between);
      }
    }
    return others;
  }
  const MadeFacts& known() const { return known_; }

 private:
  void AddStep(const SequenceSpec::Step& step, std::uint8_t named) {
    for (int i = 0; i < step.times; ++i) {
      if (i > 0 && step.not_between) {
        nots.push_back({&*step.not_between, parts.size(), std::nullopt});
      }
      if (step.next) next.push_back(parts.size());
      parts.push_back(Make(step.event, named));
    }
    if (named > 0) Remember(parts.back(), named);
  }

  ProbeEvent Make(const Pattern& pattern, std::uint8_t named) {
    ProbeStage::Wish wish{{&pattern}, Others(&pattern)};
    wish.known = known_;
    if (named > 0) wish.wanted = LookedBackAt(named);
    if (auto made = stage_.Make(wish)) return *made;
    wish.is_not.clear();
    return stage_.Need(wish);
  }

  std::vector<FieldRef> LookedBackAt(std::uint8_t named) const {
    std::vector<FieldRef> fields, wanted;
    for (const auto& step : spec_.steps)
      step.event.where.CollectFields(&fields);
    for (FieldRef& field : fields) {
      if (field.step != named) continue;
      field.step = 0;
      const std::size_t dot = field.path.find('.');
      if (field.path.starts_with('$')) field.path.erase(0, dot + 1);
      if (field.root != FieldRef::Root::kProfile) wanted.push_back(field);
    }
    return wanted;
  }

  void Remember(const ProbeEvent& event, std::uint8_t named) {
    for (auto [field, made] : event.facts.all()) {
      field.step = named;
      known_.Set(field, made);
    }
  }

  const SequenceSpec& spec_;
  ProbeStage& stage_;
  MadeFacts known_;
};

class SequenceProbe {
 public:
  SequenceProbe(const SequenceSpec& spec, ProbeCases* cases)
      : spec_(spec), cases_(*cases), script_(spec, &cases->stage()) {}

  void Add() {
    if (!cases_.stage().problem().empty()) return;
    ProbeScript script;
    script.says = says_ = Listed(script_.parts);
    script.events = script_.parts;
    for (const Forbidden& one : script_.nots) {
      if (one.before < script_.parts.size()) continue;
      due_ = std::max(due_.value_or(kZero), one.wait.value_or(kZero));
    }
    script.due = due_;
    script.late = ProbeScript::Late::kPassedOver;
    script.one_is_enough = script_.parts.size() == 1;
    cases_.AddScript(script);
    AddMissing();
    AddOrder();
    if (spec_.within && script_.parts.size() > 1) AddWithin(*spec_.within);
    for (const Forbidden& one : script_.nots) AddForbidden(one);
    for (const std::size_t at : script_.next) AddBetween(at);
  }

 private:
  // The end of the wait that begins with the last step.
  std::optional<Duration> DueAfter(Duration last) const {
    if (!due_) return std::nullopt;
    return last + *due_;
  }
  Instants Fires(Duration last) const { return {last + due_.value_or(kZero)}; }

  ProbeEvents With(std::size_t before, const ProbeEvent& event) const {
    ProbeEvents events = script_.parts;
    events.insert(events.begin() + static_cast<std::ptrdiff_t>(before), event);
    return events;
  }

  void AddMissing() {
    if (script_.parts.size() < 2) return;
    for (std::size_t i = 0; i < script_.parts.size(); ++i) {
      ProbeEvents rest = script_.parts;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      const std::string words = Listed(rest);
      if (words == last_missing_) continue;  // A repeat of the same.
      last_missing_ = words;
      cases_.Add(
          fmt::format("{}, without {}", words, Describe(script_.parts[i])),
          rest, {}, DueAfter(kZero));
    }
  }

  // Only where each event plays one part can the order be wrong.
  void AddOrder() {
    ProbeEvents back(script_.parts.rbegin(), script_.parts.rend());
    std::size_t roles = 0;
    for (const ProbeEvent& event : back) {
      for (const auto& step : spec_.steps) {
        if (cases_.stage().Matches(step.event, event)) ++roles;
      }
    }
    if (back.size() < 2 || roles != back.size()) return;
    if (Listed(back) == says_) return;
    cases_.Add(Listed(back) + ": the wrong order", back, {}, DueAfter(kZero));
  }

  void AddWithin(Duration within) {
    const std::string span = ReadableDuration(within);
    for (const Duration last : {within - kTick, within}) {
      ProbeEvents events = script_.parts;
      events.back().at = last;
      const bool inside = last < within;
      cases_.Add(
          fmt::format("{}, the last one {} {} after the first", says_,
                      inside ? "a millisecond less than" : "exactly", span),
          events, inside ? Fires(last) : Instants(), DueAfter(last));
    }
  }

  void AddForbidden(const Forbidden& one) {
    const std::size_t count = script_.parts.size();
    ProbeStage::Wish wish{{one.pattern}, {}};
    // Where it is also the step that is waited for, the step wins.
    for (const auto& step : spec_.steps) {
      if (!step.negative) wish.is_not.push_back(&step.event);
    }
    wish.known = script_.known();
    const auto made = cases_.stage().Make(wish);
    if (!made) return;
    const std::string words = Describe(*made);
    if (one.before == 0) {
      AddLeading(*made, one.wait.value_or(kZero));
    } else if (one.before < count) {
      cases_.Add(fmt::format("{}, but {} before {}", says_, words,
                             Describe(script_.parts[one.before])),
                 With(one.before, *made), {}, DueAfter(kZero));
      cases_.Add(
          fmt::format("{}, but {} a millisecond late before {}: it was before "
                      "the step",
                      says_, words, Describe(script_.parts[one.before])),
          With(one.before, At(*made, -kTick)), Fires(kZero), DueAfter(kZero));
    } else {
      AddTrailing(*made, one.wait.value_or(kZero));
    }
  }

  void AddLeading(const ProbeEvent& forbidden, Duration wait) {
    const std::string words = Describe(forbidden),
                      span = ReadableDuration(wait);
    cases_.Add(fmt::format("{} exactly {} before {}: no longer matters", words,
                           span, says_),
               With(0, At(forbidden, -wait)), Fires(kZero), DueAfter(kZero));
    cases_.Add(fmt::format("{} a millisecond less than {} before {}", words,
                           span, says_),
               With(0, At(forbidden, kTick - wait)), {}, DueAfter(kZero));
  }

  void AddTrailing(const ProbeEvent& forbidden, Duration wait) {
    const std::string words = Describe(forbidden),
                      span = ReadableDuration(wait);
    const std::size_t end = script_.parts.size();
    cases_.Add(fmt::format("{}, and {} a millisecond before {} have passed",
                           says_, words, span),
               With(end, At(forbidden, wait - kTick)), {}, DueAfter(kZero));
    cases_.Add(fmt::format("{}, and {} exactly {} later: too late", says_,
                           words, span),
               With(end, At(forbidden, wait)), Fires(kZero), DueAfter(kZero));
    cases_.Add(fmt::format("{}, and {} a millisecond late: it was before the "
                           "step",
                           says_, words),
               With(end, At(forbidden, -kTick)), Fires(kZero), DueAfter(kZero));
  }

  // `next`: any other event in between.
  void AddBetween(std::size_t at) {
    const Pattern any;
    ProbeStage::Wish wish{{&any}, script_.Others(nullptr)};
    const auto other = cases_.stage().Make(wish);
    if (!other) return;
    cases_.Add(fmt::format("{}, but {} before {} (`next`)", says_,
                           Describe(*other), Describe(script_.parts[at])),
               With(at, *other), {}, DueAfter(kZero));
  }

  const SequenceSpec& spec_;
  ProbeCases& cases_;
  Script script_;
  std::string says_;
  std::string last_missing_;
  std::optional<Duration> due_;
};

}  // namespace

void ProbeSequence(const SequenceSpec& spec, ProbeCases* cases) {
  SequenceProbe(spec, cases).Add();
}

}  // namespace premura
