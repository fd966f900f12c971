// SPDX-License-Identifier: Apache-2.0
// Probes of change and new_term: one value after another.

#include <fmt/format.h>

#include "daemon/rule_test/probe_cases.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

// `from` and `to` as patterns of the event that has such a value.
struct Sides {
  Pattern from;
  Pattern to;
};

// Two events of which the second tells a change.
std::optional<std::pair<ProbeEvent, ProbeEvent>> BeforeAndAfter(
    const ChangeSpec& spec, const Sides& sides, ProbeStage* stage) {
  for (const FieldRef& varied : spec.fields) {
    ProbeStage::Wish wish{{&spec.event, &sides.from}, {}};
    wish.wanted = spec.fields;
    auto before = stage->Make(wish);
    const Made* value = before ? before->facts.Find(varied) : nullptr;
    if (value == nullptr) continue;
    wish.is = {&spec.event, &sides.to};
    wish.avoid = {{varied, {*value}}};
    if (auto after = stage->Make(wish)) return std::pair(*before, *after);
  }
  stage->Complain("no two events were found between which the field changes");
  return std::nullopt;
}

void AddChangeWithin(const ProbeEvent& before, const ProbeEvent& after,
                     Duration within, const std::string& says,
                     ProbeCases* cases) {
  const std::string span = ReadableDuration(within);
  cases->Add(fmt::format("{}, a millisecond less than {} after it", says, span),
             {At(before, kZero), At(after, within - kTick)}, {within - kTick});
  cases->Add(fmt::format("{}, exactly {} after it", says, span),
             {At(before, kZero), At(after, within)}, {});
}

// A value that `side` shuts out, in an event that differs from `other`.
void AddWrongSide(const ChangeSpec& spec, const Pattern& side, bool is_from,
                  const ProbeEvent& other, ProbeCases* cases) {
  if (side.where.always()) return;
  const FieldRef& field = spec.fields.front();
  ProbeStage::Wish wish{{&spec.event}, {&side}};
  wish.wanted = spec.fields;
  if (const Made* value = other.facts.Find(field)) {
    wish.avoid = {{field, {*value}}};
  }
  const auto wrong = cases->stage().Make(wish);
  if (!wrong) return;
  const ProbeEvents events =
      is_from ? ProbeEvents{*wrong, other} : ProbeEvents{other, *wrong};
  cases->Add(
      fmt::format("{}: not `{}`", Listed(events), is_from ? "from" : "to"),
      events, {});
}

}  // namespace

void ProbeChange(const ChangeSpec& spec, ProbeCases* cases) {
  const Sides sides = {{{}, spec.from}, {{}, spec.to}};
  const auto both = BeforeAndAfter(spec, sides, &cases->stage());
  if (!both) return;
  const auto& [before, after] = *both;
  ProbeScript script;
  script.events = {before, after};
  script.says = Listed(script.events);
  script.late = ProbeScript::Late::kPassedOver;
  cases->AddScript(script);
  cases->Add(Describe(after) + ": the first value is no change", {after}, {});
  cases->Add(Counted(2, before) + ": the same value", {before, before}, {});
  AddWrongSide(spec, sides.from, true, after, cases);
  AddWrongSide(spec, sides.to, false, before, cases);
  if (spec.within) {
    AddChangeWithin(before, after, *spec.within, script.says, cases);
  }
}

void ProbeNewTerm(const NewTermSpec& spec, ProbeCases* cases) {
  ProbeStage::Wish wish{{&spec.event}, {}};
  wish.wanted = {spec.field};
  const ProbeEvent known = cases->stage().Need(wish);
  if (!cases->stage().problem().empty()) return;
  if (const Made* value = known.facts.Find(spec.field)) {
    wish.avoid = {{spec.field, {*value}}};
  }
  const ProbeEvent fresh = cases->stage().Need(wish);
  if (!cases->stage().problem().empty()) return;
  const std::string learn = ReadableDuration(spec.learn);
  const std::string remember = ReadableDuration(spec.remember);
  ProbeScript script;
  script.says = fmt::format("{}, then after {} {}", Describe(known), learn,
                            Describe(fresh));
  script.events = {At(known, kZero), At(fresh, spec.learn)};
  cases->AddScript(script);
  cases->Add(fmt::format("{}, then a millisecond before {} {}: still learning",
                         Describe(known), learn, Describe(fresh)),
             {At(known, kZero), At(fresh, spec.learn - kTick)}, {});
  cases->Add(Describe(fresh) + ": the customer's first", {fresh}, {});
  cases->Add(
      fmt::format("{}, again a millisecond after {}, and then {} a "
                  "millisecond late (it is passed over)",
                  Describe(known), learn, Describe(fresh)),
      {At(known, kZero), At(known, spec.learn + kTick), At(fresh, spec.learn)},
      {});
  if (spec.remember < spec.learn + kTick) return;
  cases->Add(
      fmt::format("{}, and the same value {} later", Describe(known), learn),
      {At(known, kZero), At(known, spec.learn)}, {});
  cases->Add(fmt::format("{}, and the same value a millisecond less than {} "
                         "later: remembered",
                         Describe(known), remember),
             {At(known, kZero), At(known, spec.remember - kTick)}, {});
  cases->Add(fmt::format("{}, and the same value exactly {} later: forgotten",
                         Describe(known), remember),
             {At(known, kZero), At(known, spec.remember)}, {spec.remember});
}

}  // namespace premura
