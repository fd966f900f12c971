// SPDX-License-Identifier: Apache-2.0
// Rules of every kind, over the events of RandomStream() with groups.

#pragma once

namespace premura {

inline constexpr char kEveryKind[] = R"(
  - {id: a1, title: A, detect: {event_count: {event: [a, b], gte: 3, within: 20ms, group_by: [g]}}}
  - {id: a2, title: A, detect: {event_count: {event: c, lt: 2, within: 15ms}}}
  - {id: b1, title: B, detect: {value_count: {event: a, field: v, gte: 3, within: 30ms}}}
  - {id: b2, title: B, detect: {value_count: {event: b, field: v, lt: 2, within: 12ms, group_by: [g, v]}}}
  - {id: c1, title: C, detect: {flapping: {event: b, field: v, gte: 3, within: 40ms, unless: d}}}
  - {id: d1, title: D, detect: {sequence: {within: 25ms, steps: [a, {not: d}, b, {not: c, for: 10ms}]}}}
  - {id: d2, title: D, detect: {sequence: {within: 40ms, steps: [{event: a, as: first}, {event: b, where: {v|gt: $first.v}}]}}}
  - {id: e1, title: E, cancel_on: [d], detect: {absence: {after: a, without: c, for: 15ms, group_by: [g]}}}
  - {id: e2, title: E, detect: {absence: {after: "detection:d1", without: "detection:a2", for: 5ms}}}
  - {id: g1, title: G, detect: {change: {event: [a, b], field: v, from: [1, 2], within: 20ms, group_by: [g]}}}
  - {id: g2, title: G, detect: {new_term: {event: c, field: v, learn: 30ms, remember: 25ms}}}
  - {id: h1, title: H, detect: {temporal: {all: [a, [b, c], c], within: 15ms, unless: d}}}
  - {id: h2, title: H, detect: {silence: {event: [a, c], for: 12ms, min_events: 2, group_by: [g]}}}
  - {id: i1, title: I, detect: {ratio: {of: b, over: [a, b], gte: 0.6, within: 30ms, min_denominator: 3, for: 6ms}}}
  - {id: i2, title: I, detect: {aggregate: {event: a, field: v, fn: avg, gt: 2, within: 25ms, min_events: 2}}}
  - {id: i3, title: I, detect: {spike: {within: 12ms, reference: 30ms, direction: both, factor: 2, min_current: 3}}}
  - {id: j1, title: J, detect: {score: {signals: [{event: a, weight: 1}, {detection: c1, weight: 3}], half_life: 20ms, gte: 4, reset_below: 2}}}
  - {id: k1, title: K, detect: {deadline: {field: end, before: 10ms}}}
  - {id: f1, title: F, detect: {event_count: {event: ["detection:e1", "detection:a1"], gte: 2, within: 60ms, group_by: [g]}}}
)";

}  // namespace premura
