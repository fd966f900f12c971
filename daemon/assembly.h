// SPDX-License-Identifier: Apache-2.0
// Assembly: everything that a start or a reload takes from files, read and
// checked together before anything that runs is touched: rules, templates,
// profiles. Used by `run`, `check` and reload alike, so that what `check`
// accepts is what runs.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "notifiers/clock.h"
#include "notifiers/outreach.h"
#include "notifiers/transfer.h"
#include "rules/rule_set.h"
#include "signals/profile.h"

namespace premura {

struct Assembly {
  std::shared_ptr<const RuleSet> rules;
  std::shared_ptr<const TemplateSet> templates;
  std::map<std::string, Profile::Values> profiles;  // The files' layer.
};

struct LoadedAssembly {
  std::shared_ptr<const Assembly> assembly;  // nullptr if there are errors.
  // Those without a mistake of their own, whatever else has some.
  std::shared_ptr<const RuleSet> rules;
  std::shared_ptr<const RuleSet> sound;  // As LoadedRules has them.
  Diagnostics diagnostics;               // Sorted.
};

// `previous`: the rules in force, or nullptr.
LoadedAssembly Assemble(const Config& config, const RuleSet* previous);

// Checks rules' actions: templates that must be there and fit, channels that
// should be configured (with `config`). Without one, the sender's facts are
// taken as given.
void CheckActions(const RuleSet& rules, const TemplateSet& templates,
                  const Config* config, Diagnostics* diagnostics);

// Whether every action's channel is configured.
bool HasAllChannels(const RuleSet& rules, const Config& config);

// All profile files together; a later one wins by customer and path. `rules`
// (nullptr: none are known) say which values are dates.
std::map<std::string, Profile::Values> ReadProfileFiles(
    const std::vector<std::string>& paths, const RuleSet* rules,
    Diagnostics* diagnostics);

// Rules, restraint, sender, templates and channels, new. `pool` and `clock`
// must outlive it.
std::shared_ptr<const OutreachSettings> MakeSettings(const Config& config,
                                                     const Assembly& assembly,
                                                     TransferPool* pool,
                                                     const Clock* clock);

// What a Diagnostic made by others lacks: the source line.
void FillLines(Diagnostics* diagnostics);

}  // namespace premura
