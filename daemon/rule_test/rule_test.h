// SPDX-License-Identifier: Apache-2.0
// Tests of rules, as support leads write them beside the rules, in files that
// end in `.test.yaml`:
//
//   version: 1
//   rules: [billing.yaml]              # default: all of the folder
//   tests:
//     - name: Four visits are a loop
//       profiles: {anna: {tier: standard, email: anna@example.com}}
//       events:
//         - 0m..9m/3m anna page_viewed page=/billing/card
//         - advance: 1h
//       detections: [9m billing-page-loop anna]
//       decisions: [9m billing-page-loop anna ticket sent]
//
// rules/LANGUAGE.md has the whole of it.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/gates.h"
#include "rules/diagnostic.h"
#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/profile.h"
#include "signals/self_preservation.h"

namespace premura {

struct RuleTest {
  // An event, or a move of the clock.
  struct Step {
    std::string event;   // Its name.
    std::string record;  // JSON, of the `plain` preset; empty: no event.
    Timestamp at{};
    SourcePosition position;
  };

  std::string name;
  SourcePosition position;
  Timestamp start{};
  std::map<std::string, Profile::Values> profiles;
  std::vector<Step> steps;
  // A line of what must come of it.
  struct Expected {
    std::string text;
    std::string rule;
    SourcePosition position;
  };
  // What must be found, and nothing else; nullopt: not looked at.
  std::optional<std::vector<Expected>> detections;
  std::optional<std::vector<Expected>> decisions;
};

struct RuleTestFile {
  std::string path;
  std::vector<std::string> rules;  // Files, folders or patterns.
  RestraintPolicy restraint;
  SelfPreservation self_preservation;  // On, if the file speaks of it.
  std::vector<RuleTest> tests;
};

// Mistakes go to `diagnostics`; nullopt then.
std::optional<RuleTestFile> ReadRuleTests(const std::string& path,
                                          Diagnostics* diagnostics);

// Expectations of rules that there are not; warns of events that are almost
// called as one that the rules ask for.
void CheckExpected(const RuleTestFile& file, const RuleSet& rules,
                   Diagnostics* diagnostics);

struct RuleTestResult {
  bool passed() const { return differences.empty(); }
  // One line each: "- 9m loop anna" is missing, "+ .." was not expected.
  std::vector<std::string> differences;
};

// Plays the test to the engine and the gates that run live.
Result<RuleTestResult> RunRuleTest(const RuleTest& test,
                                   const RestraintPolicy& restraint,
                                   const SelfPreservation& bounds,
                                   const std::shared_ptr<const RuleSet>& rules);

}  // namespace premura
