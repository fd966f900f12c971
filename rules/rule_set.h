// SPDX-License-Identifier: Apache-2.0
// RuleSet: all rules in force, checked together, immutable, swapped whole.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rules/diagnostic.h"
#include "rules/rule.h"
#include "rules/symbols.h"

namespace premura {

class RuleSet {
 public:
  // In order of their ids, disabled ones included.
  const std::vector<Rule>& rules() const { return rules_; }
  // nullptr if there is none.
  const Rule* Find(std::string_view id) const;
  const Symbols& symbols() const { return symbols_; }
  // One more than the largest state_slot given so far.
  std::uint32_t state_slots() const { return state_slots_; }
  // SHA-256 of the rules' files, in hex: tells which rules run.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  friend class RuleSetBuilder;
  std::vector<Rule> rules_;
  Symbols symbols_;
  std::uint32_t state_slots_ = 0;
  std::string fingerprint_;
};

struct RuleFile {
  std::string path;
  std::string text;
};

struct LoadOptions {
  // The rules in force: what is unchanged keeps its symbols and state slots.
  const RuleSet* previous = nullptr;
  // Event properties that others (templates) want kept: "page", "d.ip".
  std::vector<std::string> extra_properties;
};

struct LoadedRules {
  std::shared_ptr<const RuleSet> rules;  // nullptr if there are errors.
  // For advice only, never to run: those in which no mistake was found.
  std::shared_ptr<const RuleSet> sound;
  Diagnostics diagnostics;  // Errors and warnings, sorted.
};

// Reads, checks, compiles. No file at all is an empty RuleSet.
LoadedRules LoadRules(std::vector<RuleFile> files, const LoadOptions& options);

// The files that `patterns` name: files, folders (their *.yaml and *.yml, below
// them too, but no tests, configuration, folder `templates`, or hidden name),
// globs. One that names nothing is an error.
Result<std::vector<std::string>> ExpandRulePaths(
    std::span<const std::string> patterns);

// Whether a file's name says that it holds tests of rules,
// not rules.
bool IsTestsFile(std::string_view name);
// ExpandRulePaths, ReadFile, LoadRules; what cannot be read is a diagnostic.
LoadedRules LoadRulePaths(std::span<const std::string> patterns,
                          const LoadOptions& options);

// The JSON Schema (draft 2020-12) of a rules file, for editors.
std::string RuleSchema();

}  // namespace premura
