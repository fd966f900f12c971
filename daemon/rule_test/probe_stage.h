// SPDX-License-Identifier: Apache-2.0
// ProbeStage: makes the events of one rule's probes, all of one customer with
// one profile and (if the rule has `group_by`) of one group.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/rule_test/probe.h"

namespace premura {

class ProbeStage {
 public:
  using Patterns = std::vector<const Pattern*>;
  struct Wish {
    Patterns is;      // Matches all of these,
    Patterns is_not;  // and none of those, nor the rule's `unless`.
    MadeFacts known{};
    std::vector<FieldRef> wanted{};
    std::vector<std::pair<FieldRef, std::vector<Made>>> avoid{};
    bool ends_all = false;  // May match `unless`.
  };

  ProbeStage(const Rule& rule, const Symbols& symbols)
      : rule_(rule), symbols_(symbols) {}

  const Rule& rule() const { return rule_; }

  // nullopt if none can be made.
  std::optional<ProbeEvent> Make(const Wish& wish);
  // The same; none is the rule's problem, and an empty event then.
  ProbeEvent Need(const Wish& wish);
  // The same event in another group; nullopt if the rule has none.
  std::optional<ProbeEvent> InOtherGroup(const ProbeEvent& event) const;

  bool Matches(const Pattern& pattern, const ProbeEvent& event) const;

  const MadeFacts& profile() const { return profile_; }
  std::optional<MadeFacts> Unfit() const;
  const std::string& problem() const { return problem_; }
  void Complain(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  // Profile fields by their path in the profile.
  Profile::Values ValuesOf(const MadeFacts& profile) const;

 private:
  std::optional<ProbeEvent> MakeNamed(const Wish& wish, SymbolId name);
  std::vector<SymbolId> NamesOf(const Wish& wish) const;
  bool IsNamed(const Pattern& pattern, SymbolId name) const;
  void Learn(const MadeFacts& made);

  const Rule& rule_;
  const Symbols& symbols_;
  MadeFacts profile_;
  MadeFacts group_;
  std::string problem_;
};

// `page_viewed (page "/billing")`
std::string Describe(const ProbeEvent& event);

}  // namespace premura
