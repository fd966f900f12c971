// SPDX-License-Identifier: Apache-2.0
// Detection: rule + customer + evidence. Owns all it holds; handed from shards
// to the notifiers and to backtest's output.

#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/rule_set.h"
#include "rules/time.h"
#include "signals/profile.h"

namespace premura {

struct EvidenceEvent {
  std::string name;
  Timestamp at{};
  std::string id;  // May be empty.
  // The rule's shown fields, then what others ask for: path, JSON value.
  std::vector<std::pair<std::string, std::string>> fields;
};

struct Detection {
  // From (rule, revision, customer, group, instant, number among detections of
  // that instant): the same events give the same id.
  std::string id;
  // The rule as it was; keeps its RuleSet alive.
  std::shared_ptr<const RuleSet> rules;
  const Rule* rule = nullptr;
  std::string customer;
  std::vector<std::pair<std::string, std::string>> group;  // path, JSON value
  Timestamp at{};  // Newest evidence, or the timer's due time.
  std::vector<EvidenceEvent> evidence;  // In order of time, then arrival.
  std::uint32_t origin = 0;  // Event::origin of the customer's newest event.
};

// An event that a rule's `cancel_on` names: what the notifiers need to know to
// take back what has not been sent. One per rule it concerns.
struct Cancellation {
  std::string rule;
  std::string customer;
  Timestamp at{};
  std::string event;
  // The values of the rule's `group_by` that the event has: it takes back only
  // detections of that group. Empty: of every group.
  std::vector<std::pair<std::string, std::string>> group{};
  std::uint32_t origin = 0;  // Event::origin.
  // How many detections of its ShardOutput came before it: none that came after
  // it is taken back.
  std::size_t detections_before = 0;
};

// What a shard has found out since its last word, in order of each kind.
struct ShardOutput {
  std::vector<Detection> detections;
  std::vector<Cancellation> cancellations;
  std::vector<ProfileChange> profiles;

  // It comes after all detections that are there.
  void Add(Cancellation cancellation);
  bool empty() const {
    return detections.empty() && cancellations.empty() && profiles.empty();
  }
};

// Whether a detection with this group is one that it takes back.
bool Concerns(const Cancellation& cancellation,
              const std::vector<std::pair<std::string, std::string>>& group);

class DetectionSink {
 public:
  virtual ~DetectionSink() = default;
  virtual void OnDetection(Detection detection) = 0;
  virtual void OnCancellation(Cancellation cancellation) = 0;
  // What would have been a detection at `at`, of a customer whom the rule's
  // `only_for` leaves out.
  virtual void OnLeftOut(const Rule& /*rule*/, std::string_view /*customer*/,
                         Timestamp /*at*/) {}
};

// 32 hex digits that stand for these parts, in this order.
std::string DetectionId(std::initializer_list<std::string_view> parts);

// `{"rule":..,"customer":..,"group":{..},"at":..,"id":..,"evidence":[..]}`,
// without a line end. The `id` of evidence that has none is null.
std::string ToJson(const Detection& detection);

}  // namespace premura
