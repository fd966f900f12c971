// SPDX-License-Identifier: Apache-2.0
// Values, windows and what fades: what the rule language says in words, most of
// all at the edges.

#include "tests/signals/kind_case.h"

namespace premura {
namespace {

class ValueKinds : public testing::TestWithParam<KindCase> {};

TEST_P(ValueKinds, DoWhatTheRuleLanguageSays) { Check(GetParam()); }

const KindCase kChanges[] = {
    {"the first value is no change, nor is a repeat",
     "change: {event: x, field: v}",
     "c x 1s v=1 #1\n c x 2s v=1.0 #2\n c x 3s v=2 #3\n c x 4s v=1 #4",
     {"@3s: 3", "@4s: 4"}},
    {"values are told apart with case, and from what spells them",
     "change: {event: x, field: v}",
     "c x 1s v=a #1\n c x 2s v=A #2",
     {"@2s: 2"}},
    {"from and to compare as `where` does, without case",
     "change: {event: x, field: v, from: [pro, team], to: FREE}",
     "c x 1s v=Pro #1\n c x 2s v=free #2\n c x 3s v=gold #3\n"
     "c x 4s v=free #4\n c x 5s v=team #5\n c x 6s v=gold #6",
     {"@2s: 2"}},
    {"a value exactly `within` old is too old to compare with",
     "change: {event: x, field: v, within: 10s}",
     "c x 1s v=1 #1\n c x 11s v=2 #2\n c x 20999ms v=3 #3",
     {"@20999ms: 3"}},
    {"without `within` it is never too old",
     "change: {event: x, field: v}",
     "c x 1s v=1 #1\n clock 365d\n c x 365d v=2 #2",
     {"@365d: 2"}},
    {"late events and those without the field are passed over",
     "change: {event: x, field: v}",
     "c x 5s v=1 #1\n c x 4s v=2 #2\n c x 6s #3\n c x 7s v=1 #4",
     {}},
    {"several fields are taken together",
     "change: {event: x, field: [v, w]}",
     "c x 1s v=1 w=1 #1\n c x 2s v=1 w=2 #2",
     {"@2s: 2"}},
};
INSTANTIATE_TEST_SUITE_P(Changes, ValueKinds, testing::ValuesIn(kChanges));

const KindCase kNewTerms[] = {
    {"nothing is new before `learn` has passed since the first",
     "new_term: {event: x, field: v, learn: 10s}",
     "c x 1s v=1 #1\n c x 10999ms v=2 #2\n c x 11s v=3 #3\n c x 12s v=2 #4",
     {"@11s: 3"}},
    {"a value exactly `remember` old is new again",
     "new_term: {event: x, field: v, learn: 1s, remember: 10s}",
     "c x 1s v=1 #1\n c x 5s v=1 #2\n c x 14999ms v=1 #3\n c x 24999ms v=1 #4",
     {"@24999ms: 4"}},
    {"it has learnt for good",
     "new_term: {event: x, field: v, learn: 10s, remember: 20s}",
     "c x 1s v=1 #1\n clock 90d\n c x 90d v=1 #2",
     {"@90d: 2"}},
    {"late events are passed over",
     "new_term: {event: x, field: v, learn: 1s}",
     "c x 5s v=1 #1\n c x 9s v=1 #2\n c x 8s v=2 #3\n c x 10s v=2 #4",
     {"@10s: 4"}},
};
INSTANTIATE_TEST_SUITE_P(NewTerms, ValueKinds, testing::ValuesIn(kNewTerms));

const KindCase kTemporals[] = {
    {"in any order",
     "temporal: {all: [x, y], within: 10s}",
     "c y 1s #1\n c x 2s #2",
     {"@2s: 1 2"}},
    {"one exactly `within` old no longer counts",
     "temporal: {all: [x, y], within: 10s}",
     "c y 1s #1\n c x 11s #2\n c y 20999ms #3",
     {"@20999ms: 2 3"}},
    {"one event fills one item",
     "temporal: {all: [x, [x, y]], within: 10s}",
     "c x 1s #1\n c y 2s #2",
     {"@2s: 1 2"}},
    {"items change hands where that makes room",
     "temporal: {all: [[x, y], x, [y, z]], within: 10s}",
     "c x 1s #1\n c x 2s #2\n c y 3s #3",
     {"@3s: 1 2 3"}},
    {"evidence is of the latest",
     "temporal: {all: [x, y], within: 10s}",
     "c x 1s #1\n c x 2s #2\n c y 3s #3",
     {"@3s: 2 3"}},
    {"a late event counts if it still lies in the window",
     "temporal: {all: [x, y], within: 10s}",
     "c x 10s #1\n c y 1s #2",
     {"@10s: 2 1"}},
};
INSTANTIATE_TEST_SUITE_P(Temporals, ValueKinds, testing::ValuesIn(kTemporals));

const KindCase kSilences[] = {
    {"from the last event, once until active again",
     "silence: {for: 10s}",
     "c x 1s #1\n c y 5s #2\n clock 1h\n c x 2h #3\n clock 3h",
     {"@15s: 2", "@7210s: 3"}},
    {"an event exactly then comes too late",
     "silence: {event: x, for: 10s}",
     "c x 1s #1\n c x 11s #2\n clock 20s",
     {"@11s: 1"}},
    {"not before there were enough, counted anew after a detection",
     "silence: {event: x, for: 10s, min_events: 2}",
     "c x 1s #1\n clock 30s\n c x 31s #2\n clock 1m\n c x 61s #3\n clock 1h",
     {"@41s: 2"}},
    {"unless starts from nothing",
     "silence: {event: x, for: 10s, unless: u}",
     "c x 1s #1\n c u 2s\n clock 1h",
     {}},
    {"late events are passed over",
     "silence: {event: x, for: 10s}",
     "c x 5s #1\n c x 4s #2\n clock 1h",
     {"@15s: 1"}},
};
INSTANTIATE_TEST_SUITE_P(Silences, ValueKinds, testing::ValuesIn(kSilences));

const KindCase kScores[] = {
    {"all signals that match add up",
     "score: {signals: [{event: x, weight: 1}, {event: [x, y], weight: 2}], "
     "half_life: 10s, gte: 5, reset_below: 1}",
     "c x 1s #1\n c y 1s #2",
     {"@1s: 1 2"}},
    {"half is left after a half-life",
     "score: {signals: [{event: x, weight: 2}], half_life: 10s, gte: 3, "
     "reset_below: 1}",
     "c x 1s #1\n c x 11s #2\n d x 1s #3\n d x 11001ms #4",
     {"@11s: 1 2"}},
    {"the sum stays: again only after it fell below reset_below",
     "score: {signals: [{event: x, weight: 2}], half_life: 10s, gte: 2, "
     "reset_below: 1}",
     "c x 1s #1\n c x 2s #2\n c x 20s #3\n c x 50s #4",
     {"@1s: 1", "@50s: 2 3 4"}},
    {"unless sets the sum to 0 and arms it",
     "score: {signals: [{event: x, weight: 2}], half_life: 1h, gte: 2, "
     "reset_below: 1, unless: u}",
     "c x 1s #1\n c x 2s #2\n c u 3s\n c x 4s #3",
     {"@1s: 1", "@4s: 3"}},
    {"of a late one what is left counts",
     "score: {signals: [{event: x, weight: 2}], half_life: 10s, gte: 3, "
     "reset_below: 1}",
     "c x 11s #1\n c x 1s #2",
     {"@11s: 2 1"}},
};
INSTANTIATE_TEST_SUITE_P(Scores, ValueKinds, testing::ValuesIn(kScores));

const KindCase kRatios[] = {
    {"of chooses among the events of over",
     "ratio: {of: {event: x, where: {v: 1}}, over: x, gte: 0.5, within: 10s, "
     "min_denominator: 2}",
     "c x 1s v=1 #1\n c x 2s v=2 #2",
     {"@2s: 1 2"}},
    {"not looked at before there are enough; both are empty afterwards",
     "ratio: {of: y, over: [x, y], gt: 0.4, within: 10s, min_denominator: 2}",
     "c y 1s #1\n c y 2s #2\n c y 3s #3\n c x 4s #4",
     {"@2s: 1 2", "@4s: 3 4"}},
    {"one exactly `within` old no longer counts",
     "ratio: {of: y, over: [x, y], lte: 0, within: 10s, min_denominator: 2}",
     "c y 1s #1\n c x 2s #2\n c x 11s #3",
     {"@11s: 2 3"}},
    {"for: by the clock, from the event at which it began to hold",
     "ratio: {of: y, over: [x, y], gt: 0.4, within: 10s, for: 5s}",
     "c y 1s #1\n c x 3s #2\n clock 1h",
     {"@6s: 1 2"}},
    {"stopped by the first event at which it does not",
     "ratio: {of: y, over: [x, y], gt: 0.4, within: 10s, for: 5s}",
     "c y 1s #1\n c x 3s #2\n c x 4s #3\n c y 5s #4\n clock 1h",
     {"@10s: 1 2 3 4"}},
};
INSTANTIATE_TEST_SUITE_P(Ratios, ValueKinds, testing::ValuesIn(kRatios));

const KindCase kAggregates[] = {
    {"when the bound holds and did not when last looked at",
     "aggregate: {event: x, field: v, fn: sum, gt: 5, within: 1h}",
     "c x 1s v=6 #1\n c x 2s v=7 #2\n c x 3s v=-9 #3\n c x 4s v=8 #4",
     {"@1s: 1", "@4s: 2 3 4"}},
    {"only numbers count",
     "aggregate: {event: x, field: v, fn: sum, gte: 3, within: 1h}",
     "c x 1s v=a #1\n c x 2s v=true #2\n c x 3s #3\n c x 4s v=3 #4",
     {"@4s: 4"}},
    {"one exactly `within` old no longer counts",
     "aggregate: {event: x, field: v, fn: sum, gte: 3, within: 10s}",
     "c x 1s v=2 #1\n c x 11s v=2 #2\n c x 12s v=1 #3",
     {"@12s: 2 3"}},
    {"percentiles are of the nearest rank",
     "aggregate: {event: x, field: v, fn: p50, gte: 2, within: 1h, "
     "min_events: 4}",
     "c x 1s v=1 #1\n c x 2s v=1 #2\n c x 3s v=9 #3\n c x 4s v=9 #4\n"
     "c x 5s v=9 #5",
     {"@5s: 1 2 3 4 5"}},
    {"unless: what was last looked at is forgotten",
     "aggregate: {event: x, field: v, fn: min, gt: 5, within: 1h, unless: u}",
     "c x 1s v=6 #1\n c u 2s\n c x 3s v=7 #2",
     {"@1s: 1", "@3s: 2"}},
    {"for: the window is that of the timer",
     "aggregate: {event: x, field: v, fn: avg, gt: 5, within: 4s, for: 3s}",
     "c x 1s v=6 #1\n c x 3s v=8 #2\n clock 1h",
     {"@4s: 1 2"}},
};
INSTANTIATE_TEST_SUITE_P(Aggregates, ValueKinds,
                         testing::ValuesIn(kAggregates));

const KindCase kSpikes[] = {
    {"up: so many times as many as before, scaled to equal length",
     "spike: {event: x, within: 10s, reference: 20s, direction: up, factor: 2, "
     "min_current: 2}",
     "c x 1s #1\n c x 5s #2\n c x 31s #3\n c x 32s #4",
     {"@32s: 3 4"}},
    {"nothing is decided before both windows have passed",
     "spike: {event: x, within: 10s, reference: 20s, direction: up, factor: 1, "
     "min_current: 2}",
     "c x 1s #1\n c x 29s #2\n c x 30999ms #3\n c x 31s #4",
     {}},
    {"nor again after a detection",
     "spike: {event: x, within: 10s, reference: 20s, direction: up, factor: 1, "
     "min_current: 2}",
     "c x 1s #1\n c x 12s #2\n c x 31s #3\n c x 32s #4\n c x 33s #5\n"
     "c x 45s #6\n c x 46s #7",
     {"@32s: 3 4"}},
    {"down: when an event leaves the current window, by the clock",
     "spike: {event: x, within: 10s, reference: 20s, direction: down, "
     "factor: 2}",
     "c x 1s #1\n c x 8s #2\n c x 15s #3\n c x 22s #4\n clock 1h",
     {"@32s:"}},
    {"down with for: an event at which it does not hold stops it",
     "spike: {event: x, within: 10s, reference: 20s, direction: down, "
     "factor: 2, for: 5s}",
     "c x 1s #1\n c x 8s #2\n c x 15s #3\n c x 22s #4\n c x 33s #5\n"
     "c x 34s #6\n clock 36s",
     {}},
    {"unless: it waits until both windows have passed again",
     "spike: {event: x, within: 10s, reference: 20s, direction: down, "
     "factor: 2, unless: u}",
     "c x 1s #1\n c x 8s #2\n c u 9s\n c x 15s #3\n c x 28s #4\n clock 1h",
     {}},
};
INSTANTIATE_TEST_SUITE_P(Spikes, ValueKinds, testing::ValuesIn(kSpikes));

}  // namespace
}  // namespace premura
