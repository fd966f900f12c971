// SPDX-License-Identifier: Apache-2.0
// Probes of deadline: what a profile tells, and when.

#include <fmt/format.h>

#include "daemon/rule_test/probe_cases.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

class Deadlines {
 public:
  Deadlines(const DeadlineSpec& spec, ProbeCases* cases)
      : spec_(spec), cases_(*cases) {}

  void Add() {
    ProbeScript script;
    script.says = fmt::format("`{}` is told, {} ahead", spec_.field,
                              ReadableDuration(DateOf(due_)));
    script.events = {Told(kZero, due_)};
    script.due = due_;
    cases_.AddScript(script);
    AddSeen();
    AddMoves();
    AddUnless();
  }

 private:
  // The date that is due at `due`.
  Duration DateOf(Duration due) const {
    return spec_.before ? due + spec_.distance : due - spec_.distance;
  }

  ProbeEvent Told(Duration at, Duration due) const {
    ProbeEvent event;
    event.at = at;
    event.date = {spec_.field, DateOf(due)};
    return event;
  }

  std::string Says(const char* what) const {
    return fmt::format("`{}` {}", spec_.field, what);
  }

  void AddSeen() {
    cases_.Add(Says("is told at the very moment it is due"), {Told(due_, due_)},
               {due_}, due_ * 2);
    cases_.Add(Says("is told a millisecond after it was due: too late"),
               {Told(due_ + kTick, due_)}, {}, due_ * 2);
  }

  void AddMoves() {
    const ProbeEvent told = Told(kZero, due_);
    cases_.Add(Says("is told again, the same, after it has fired"),
               {told, Told(due_ + kTick, due_)}, {due_}, due_ * 3);
    cases_.Add(Says("moves on before it is due"),
               {told, Told(due_ - kTick, due_ * 2)}, {due_ * 2}, due_ * 3);
    cases_.Add(Says("moves on after it has fired"),
               {told, Told(due_, due_ * 2)}, {due_, due_ * 2}, due_ * 3);
    cases_.Add(Says("moves to where it would be over already"),
               {told, Told(due_ - kTick, due_ - kTick * 2)}, {}, due_ * 3);
    ProbeEvent other = Told(due_ - kTick, due_ * 2);
    other.customer = "bruno";
    cases_.Add(Says("of another customer moves"), {told, other},
               {due_, due_ * 2}, due_ * 3);
  }

  void AddUnless() {
    const auto& unless = cases_.stage().rule().detect.unless;
    if (!unless) return;
    ProbeStage::Wish wish{{&*unless}, {}};
    wish.ends_all = true;
    const auto made = cases_.stage().Make(wish);
    if (!made) return;
    const std::string ends = Describe(*made);
    const ProbeEvent told = Told(kZero, due_);
    cases_.Add(fmt::format("{} a millisecond before it is due", ends),
               {told, At(*made, due_ - kTick)}, {}, due_ * 2);
    cases_.Add(fmt::format("{} exactly when it is due: too late", ends),
               {told, At(*made, due_)}, {due_}, due_ * 2);
    cases_.Add(fmt::format("{}, and then the date moves", ends),
               {told, At(*made, kZero), Told(kTick, due_ * 2)}, {due_ * 2},
               due_ * 3);
    cases_.Add(fmt::format("{} late, when it has fired, from before", ends),
               {told, At(*made, due_), At(*made, due_ - kTick)}, {due_},
               due_ * 2);
    ProbeEvent other = At(*made, kZero);
    other.customer = "bruno";
    cases_.Add(fmt::format("{} of before it was due, as late as can be", ends),
               {told, At(other, due_ - kTick), At(*made, kZero)}, {}, due_ * 2);
    cases_.Add(fmt::format("{} of another customer", ends), {told, other},
               {due_}, due_ * 2);
  }

  const DeadlineSpec& spec_;
  ProbeCases& cases_;
  // Told from the start, the date is ahead whichever side of it is meant.
  const Duration due_ = spec_.distance * 2;
};

}  // namespace

void ProbeDeadline(const DeadlineSpec& spec, ProbeCases* cases) {
  Deadlines(spec, cases).Add();
}

}  // namespace premura
