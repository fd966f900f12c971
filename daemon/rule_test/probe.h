// SPDX-License-Identifier: Apache-2.0
// Probes: boundary cases that a rule's own words imply, each with what must
// come of it, so that a person sees what the rule means, and the engine is held
// to it. What is expected follows from how a case is made; no detector is
// asked.
//
// Pure functions.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/rule_set.h"
#include "rules/witness.h"
#include "signals/detection.h"
#include "signals/profile.h"

namespace premura {

struct ProbeEvent {
  Duration at{};  // From the start of the case; may be below 0.
  std::string customer = "anna";
  // Its name (that of a detection too), id and properties.
  MadeFacts facts;
  // No event, but a date that the profile tells from then on, from the start of
  // the case.
  struct Date {
    std::string field;
    Duration at{};
  };
  std::optional<Date> date{};
};

struct ProbeCase {
  std::string says;  // `4 page_viewed (page "/billing") within 15m`
  std::vector<ProbeEvent> events{};  // In order of arrival.
  // Then the clock goes on to here.
  std::optional<Duration> clock{};
  bool fits = true;  // The customer is one of `only_for`.
  // When the rule must fire, in order.
  std::vector<Duration> expected{};
  // Which of these its `cancel_on` must take back; nullopt: nobody looks.
  std::optional<std::vector<Duration>> taken_back{};
};

// What the engine said.
struct ProbeOutcome {
  std::vector<Duration> fired;
  std::vector<Duration> taken_back;  // In order of the above.
  bool Meets(const ProbeCase& probe) const;
};

struct RuleProbes {
  std::vector<ProbeCase> cases;
  // Of customers who fit, and who do not.
  Profile::Values profile;
  Profile::Values unfit;
  // Why there are none: no event can be made that matches, ...
  std::string problem;
};

RuleProbes DeriveProbes(const Rule& rule, const RuleSet& rules);

// When the rule with this id fired in the engine, with `rules` (Isolated()).
ProbeOutcome PlayProbe(const ProbeCase& probe, const RuleProbes& probes,
                       const std::string& id,
                       const std::shared_ptr<const RuleSet>& rules);

// What the rule finds in the first case in which it fires, whose last event (or
// clock) is at `at`: a detection of made-up events, by the customer `customer`.
// nullopt if no events can be made up.
std::optional<Detection> MakeUpDetection(
    const RuleProbes& probes, const Rule& rule,
    const std::shared_ptr<const RuleSet>& rules, const std::string& customer,
    Timestamp at);

// "fires", "does not fire", "fires twice"; "fires, and what waits is taken
// back", "fires, and stands"
std::string ToWords(const std::vector<Duration>& fired,
                    const std::optional<std::vector<Duration>>& taken_back);

}  // namespace premura
