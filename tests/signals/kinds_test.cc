// SPDX-License-Identifier: Apache-2.0
// Counts, states, absences and sequences: what the rule language says in words,
// most of all at the edges.

#include "tests/signals/kind_case.h"

namespace premura {
namespace {

using Case = KindCase;

class Kinds : public testing::TestWithParam<Case> {};

TEST_P(Kinds, DoWhatTheRuleLanguageSays) { Check(GetParam()); }

const Case kCounts[] = {
    {"an event exactly `within` old no longer counts",
     "event_count: {event: x, gte: 2, within: 10s}",
     "c x 10s #1\n c x 20s #2\n c x 29999ms #3",
     {"@29999ms: 2 3"}},
    {"evidence is spent",
     "event_count: {event: x, gte: 2, within: 10s}",
     "c x 1s #1\n c x 2s #2\n c x 3s #3\n c x 4s #4",
     {"@2s: 1 2", "@4s: 3 4"}},
    {"unless: the rule starts from nothing",
     "event_count: {event: x, gte: 2, within: 10s, unless: y}",
     "c x 1s #1\n c y 2s\n c x 3s #3\n c x 4s #4",
     {"@4s: 3 4"}},
    {"what matches unless is nothing else to the rule",
     "event_count: {event: x, gte: 2, within: 10s, unless: {where: {v: 1}}}",
     "c x 1s #1\n c x 2s v=1 #2\n c x 3s #3\n c x 4s #4",
     {"@4s: 3 4"}},
    {"lt: not before `within` has passed since the first",
     "event_count: {event: x, lt: 3, within: 10s}",
     "c x 5s #1\n c x 6s #2\n clock 14999ms\n clock 15s\n clock 1h",
     {"@15s: 2"}},
    {"lt: at the moment the window holds fewer",
     "event_count: {event: x, lt: 2, within: 10s}",
     "c x 5s #1\n c x 12s #2\n c x 14s #3\n clock 1h",
     {"@22s: 3"}},
    {"lt: the window may hold nothing",
     "event_count: {event: x, lt: 1, within: 10s}",
     "c x 5s #1\n clock 1h",
     {"@15s:"}},
    {"lt: once, until so many are there again",
     "event_count: {event: x, lt: 2, within: 10s}",
     "c x 5s #1\n c x 20s #2\n c x 40s #3\n c x 41s #4\n clock 1h",
     {"@15s:", "@50s: 4"}},
    {"lt: after unless, so many must come before it counts again",
     "event_count: {event: x, lt: 2, within: 10s, unless: y}",
     "c x 5s #1\n c y 6s\n clock 1m\n c x 61s #2\n c x 62s #3\n clock 1h",
     {"@71s: 3"}},
    {"values are told apart with case, and a repeat counts once",
     "value_count: {event: x, field: v, gte: 3, within: 10s}",
     "c x 1s v=a #1\n c x 2s v=A #2\n c x 3s v=a #3\n c x 4s #4\n"
     "c x 5s v=null #5\n c x 6s v=b #6",
     {"@6s: 2 3 6"}},
    {"a value's latest occurrence counts",
     "value_count: {event: x, field: v, gte: 2, within: 10s}",
     "c x 1s v=1 #1\n c x 10s v=1.0 #2\n c x 12s v=2 #3",
     {"@12s: 2 3"}},
    {"several fields are taken together",
     "value_count: {event: x, field: [v, w], gte: 2, within: 10s}",
     "c x 1s v=1 w=1 #1\n c x 2s v=1 #2\n c x 3s v=1 w=2 #3",
     {"@3s: 1 3"}},
};
INSTANTIATE_TEST_SUITE_P(Counts, Kinds, testing::ValuesIn(kCounts));

const Case kFlaps[] = {
    {"the first state and a repeat are no flips",
     "flapping: {event: x, field: v, gte: 2, within: 10s}",
     "c x 1s v=on #1\n c x 2s v=on #2\n c x 3s v=off #3\n c x 4s #4\n"
     "c x 5s v=on #5",
     {"@5s: 3 5"}},
    {"the state stays over a detection, so the next change is a flip",
     "flapping: {turned_on: p, turned_off: q, gte: 1, within: 10s}",
     "c p 1s #1\n c q 2s #2\n c p 3s #3\n c p 4s #4",
     {"@2s: 2", "@3s: 3"}},
    {"and over unless",
     "flapping: {turned_on: p, turned_off: q, gte: 2, within: 10s, unless: u}",
     "c p 1s #1\n c q 2s #2\n c u 3s\n c p 4s #4\n c q 5s #5",
     {"@5s: 4 5"}},
    {"late events are passed over",
     "flapping: {turned_on: p, turned_off: q, gte: 1, within: 10s}",
     "c p 5s #1\n c q 4s #2\n c p 6s #3",
     {}},
    {"a flip exactly `within` old no longer counts",
     "flapping: {turned_on: p, turned_off: q, gte: 2, within: 10s}",
     "c p 1s #1\n c q 2s #2\n c p 12s #3\n c q 21s #4",
     {"@21s: 3 4"}},
};
INSTANTIATE_TEST_SUITE_P(Flaps, Kinds, testing::ValuesIn(kFlaps));

const Case kAbsences[] = {
    {"a closing event at exactly the edge comes too late",
     "absence: {after: x, without: y, for: 10s}",
     "c x 1s #1\n c y 11s\n c x 12s #2\n c y 21999ms\n clock 1h",
     {"@11s: 1"}},
    {"a closing event of the opening's own instant closes",
     "absence: {after: x, without: y, for: 10s}",
     "c x 1s #1\n c y 1s\n clock 1h",
     {}},
    {"one before it does not",
     "absence: {after: x, without: y, for: 10s}",
     "c y 1s\n c x 1s #1\n clock 1h",
     {"@11s: 1"}},
    {"further opening events change nothing",
     "absence: {after: x, without: y, for: 10s}",
     "c x 1s #1\n c x 5s #2\n clock 1h",
     {"@11s: 1"}},
    {"unless restart: then the latest counts",
     "absence: {after: x, without: y, for: 10s, restart: true}",
     "c x 1s #1\n c x 5s #2\n c x 4s #3\n clock 1h",
     {"@15s: 2"}},
    {"what matches both closes; if nothing was open, it opens",
     "absence: {after: x, without: x, for: 10s}",
     "c x 1s #1\n c x 5s #2\n c x 6s #3\n clock 1h",
     {"@16s: 3"}},
    {"a late closing event cancels what has not fired",
     "absence: {after: x, without: y, for: 10s}",
     "c x 5s #1\n c x 8s #2\n c y 4s\n c y 6s\n clock 1h",
     {}},
    {"one from before the opening does not",
     "absence: {after: x, without: y, for: 10s}",
     "c x 5s #1\n c x 8s #2\n c y 4s\n clock 1h",
     {"@15s: 1"}},
    {"unless, even late, drops what is open",
     "absence: {after: x, without: y, for: 10s, unless: u}",
     "c x 5s #1\n c u 2s\n clock 1h",
     {}},
};
INSTANTIATE_TEST_SUITE_P(Absences, Kinds, testing::ValuesIn(kAbsences));

std::string Sequence(const std::string& inside) {
  return "sequence: {" + inside + "}";
}

const Case kSequences[] = {
    {"other events are ignored; within is half-open",
     Sequence("within: 10s, steps: [x, y]"),
     "c x 1s #1\n c z 2s\n c y 11s #2\n c x 12s #3\n c y 21999ms #4",
     {"@21999ms: 3 4"}},
    {"the attempt opened last is the evidence",
     Sequence("within: 10s, steps: [x, y]"),
     "c x 1s #1\n c x 2s #2\n c y 3s #3",
     {"@3s: 2 3"}},
    {"all attempts are dropped at a completion",
     Sequence("within: 10s, steps: [x, y]"),
     "c x 1s #1\n c x 2s #2\n c y 3s #3\n c y 4s #4",
     {"@3s: 2 3"}},
    {"the event that completes opens no attempt",
     Sequence("within: 10s, steps: [x, x]"),
     "c x 1s #1\n c x 2s #2\n c x 3s #3\n c x 4s #4",
     {"@2s: 1 2", "@4s: 3 4"}},
    {"times",
     Sequence("within: 10s, steps: [{event: x, times: 2}, y]"),
     "c x 1s #1\n c y 2s #2\n c x 3s #3\n c y 4s #4",
     {"@4s: 1 3 4"}},
    {"a not between kills; a step wins over it",
     Sequence(
         "within: 10s, steps: [x, {not: n}, {event: [y, n], where: {v: 1}}]"),
     "c x 1s #1\n c n 2s v=0\n c y 3s v=1 #2\n c x 4s #3\n c n 5s v=1 #4",
     {"@5s: 3 4"}},
    {"a not before repeats holds before the first only",
     Sequence("within: 10s, steps: [x, {not: n}, {event: y, times: 2}]"),
     "c x 1s #1\n c y 2s #2\n c n 3s\n c y 4s #3",
     {"@4s: 1 2 3"}},
    {"one inside the step holds between them too",
     Sequence("within: 10s, steps: [x, {event: y, times: 2, not: n}]"),
     "c x 1s #1\n c y 2s #2\n c n 3s\n c y 4s #3\n c x 5s #4\n c n 6s\n"
     "c y 7s\n c y 8s",
     {}},
    {"an optional step may be passed over",
     Sequence("within: 10s, steps: [x, {event: o, optional: true}, y]"),
     "c x 1s #1\n c y 2s #2\n c x 3s #3\n c o 4s #4\n c y 5s #5",
     {"@2s: 1 2", "@5s: 3 4 5"}},
    {"one that waits for the same as the next step leaves it the event",
     Sequence("within: 10s, steps: [x, {event: x, optional: true}, x]"),
     "c x 1s #1\n c x 2s #2\n c x 3s #3\n c x 4s #4",
     {"@2s: 1 2", "@4s: 3 4"}},
    {"and keeps no later one from coming",
     Sequence("within: 10s, steps: [x, {event: y, optional: true}, y, z]"),
     "c x 1s #1\n c y 2s #2\n c z 3s #3\n c x 4s #4\n c y 5s #5\n c y 6s\n"
     "c z 7s #6",
     {"@3s: 1 2 3", "@7s: 4 5 6"}},
    {"of several optional ones each takes its own",
     Sequence(
         "within: 10s, steps: [x, {event: o, optional: true, times: 2}, y]"),
     "c x 1s #1\n c o 2s #2\n c o 3s #3\n c o 4s\n c y 5s #4",
     {"@5s: 1 2 3 4"}},
    {"the not before it holds until it or a later step is taken",
     Sequence(
         "within: 10s, steps: [x, {not: n}, {event: o, optional: true}, y]"),
     "c x 1s #1\n c n 2s\n c y 3s #2\n c x 4s #3\n c o 5s #4\n c n 6s\n"
     "c y 7s #5",
     {"@7s: 3 4 5"}},
    {"only the not before the awaited step holds",
     Sequence(
         "within: 10s, steps: [x, {event: o, optional: true}, {not: n}, y]"),
     "c x 1s #1\n c n 2s\n c y 3s #2\n c x 4s #3\n c o 5s #4\n c n 6s\n"
     "c y 7s #5",
     {"@3s: 1 2"}},
    {"next: any other event of the customer kills",
     Sequence("within: 10s, steps: [x, {event: y, next: true}]"),
     "c x 1s #1\n c whatever 2s\n c y 3s #2\n c x 4s #3\n d z 5s\n c y 6s #4",
     {"@6s: 3 4"}},
    {"a late event does not",
     Sequence("within: 10s, steps: [x, {event: y, next: true}]"),
     "c x 2s #1\n c whatever 1s\n c y 3s #2",
     {"@3s: 1 2"}},
    {"a leading not: exactly `for` old no longer blocks, nor the opening "
     "itself",
     Sequence("within: 10s, steps: [{not: [n, x], for: 5s}, x, y]"),
     "c n 1s\n c x 5999ms #1\n c y 6s #2\n c x 10999ms #3\n c y 12s #4",
     {"@12s: 3 4"}},
    {"what was seen of it outlives a detection",
     Sequence("steps: [{not: n, for: 10s}, {event: [x, n]}]"),
     "c n 1s #1\n c x 2s #2\n c x 11s #3",
     {"@1s: 1", "@11s: 3"}},
    {"a trailing not waits from the last step, and the edge is too late",
     Sequence("within: 10s, steps: [x, y, {not: n, for: 5s}]"),
     "c x 1s #1\n c y 2s #2\n c n 6999ms\n c x 8s #3\n c y 9s #4\n c n 14s",
     {"@14s: 3 4"}},
    {"of those that wait there the first to arrive is kept",
     Sequence("steps: [x, {not: n, for: 5s}]"),
     "c x 1s #1\n c x 2s #2\n clock 1h",
     {"@6s: 1"}},
    {"late steps are passed over, a late not kills at or after the last step",
     Sequence("within: 20s, steps: [x, {not: n}, y]"),
     "c x 5s #1\n c x 9s #2\n c n 8s\n c y 8s\n c y 10s #3\n"
     "c x 11s #4\n c x 13s #5\n c n 13s\n c y 14s",
     {"@10s: 2 3"}},
    {"unless drops the attempts",
     Sequence("within: 20s, steps: [x, y], unless: u"),
     "c x 1s #1\n c u 2s\n c y 3s\n c x 4s #2\n c y 5s #3",
     {"@5s: 2 3"}},
    {"a step looks back at what each attempt has taken",
     Sequence("within: 20s, steps: [{event: x, as: first}, "
              "{event: y, where: {v|gt: $first.v}}]"),
     "c x 1s v=5 #1\n c x 2s v=9 #2\n c y 3s v=7 #3",
     {"@3s: 1 3"}},
    {"of several completed at once the one opened last is told",
     Sequence("within: 20s, steps: [{event: x, as: first}, "
              "{event: y, where: {v|gt: $first.v}}]"),
     "c x 1s v=5 #1\n c x 2s v=6 #2\n c y 3s v=7 #3",
     {"@3s: 2 3"}},
    {"it looks back at name, id, time and lists too",
     Sequence("within: 20s, steps: [{event: x, as: first}, "
              "{event: y, where: {of: $first.id, at: $first.time, "
              "what: $first.event}}]"),
     "c x 1s #1\n c y 2s of=1 at=2026-01-01T00:00:02.000Z what=x\n"
     "c y 3s of=1 at=2026-01-01T00:00:01.000Z what=x #3",
     {"@3s: 1 3"}},
};
INSTANTIATE_TEST_SUITE_P(Sequences, Kinds, testing::ValuesIn(kSequences));

}  // namespace
}  // namespace premura
