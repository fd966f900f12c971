// SPDX-License-Identifier: Apache-2.0
// What a rule's finding becomes: the Detection for the notifiers, and the
// event for the rules that name it.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signals/customer.h"
#include "signals/detection.h"
#include "signals/detector.h"

namespace premura {

// The number of a detection at `instant` within its track, in words that no
// other detection of the track shares.
std::string NextEpisode(Customer* customer, std::uint64_t key,
                        const Group* group, Timestamp instant);

// Path, JSON value. nullptr: none.
std::vector<std::pair<std::string, std::string>> GroupOf(const Group* group);

Detection MakeDetection(std::shared_ptr<const RuleSet> rules, const Rule& rule,
                        const Customer& customer, const Group* group,
                        const Finding& finding, std::string_view episode);

// A detection as an event: name `detection:<rule>`, the detection's id and
// instant, and the group's fields as properties, nested as their paths are.
class DetectionEvent {
 public:
  // All but `id` must outlive it.
  DetectionEvent(const Rule& rule, const Symbols& symbols,
                 const Customer& customer, const Group* group, std::string id,
                 Timestamp at, Timestamp clock);
  DetectionEvent(const DetectionEvent&) = delete;
  DetectionEvent& operator=(const DetectionEvent&) = delete;

  const Event& event() const { return event_; }

 private:
  void AddFields(const Group& group, const SymbolTable& properties);

  std::string id_;
  ValueArena arena_;
  std::deque<std::string> objects_;
  std::vector<EventField> fields_;
  Event event_;
};

}  // namespace premura
