// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_set.h"

#include <algorithm>

#include "rules/digest.h"
#include "rules/isolated.h"
#include "rules/rule_checker.h"
#include "rules/rule_reader.h"

namespace premura {
namespace {

// Of the texts only: the same rules elsewhere are the same rules.
std::string Fingerprint(const std::vector<RuleFile>& files) {
  std::string all;
  for (const RuleFile& file : files) {
    all += std::to_string(file.text.size()) + "\n" + file.text;
  }
  return Sha256(all);
}

void CopyTable(const SymbolTable& from, SymbolTable* to) {
  for (SymbolId id = 1; id <= from.size(); ++id) to->Intern(from.Text(id));
}

bool IsIn(const Diagnostic& mistake, const SourcePosition& from,
          const SourcePosition* to) {
  return mistake.severity == Diagnostic::Severity::kError &&
         mistake.where.file == from.file && mistake.where.line >= from.line &&
         (to == nullptr || mistake.where.line < to->line);
}

// Takes out those with a mistake between their own beginning and the next
// rule's; an id that was given twice leaves the first.
void KeepSound(const Diagnostics& diagnostics, std::vector<ReadRule>* rules) {
  std::vector<ReadRule> sound;
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const SourcePosition from = (*rules)[i].begin;
    const SourcePosition* to = nullptr;
    if (i + 1 < rules->size() && (*rules)[i + 1].begin.file == from.file) {
      to = &(*rules)[i + 1].begin;
    }
    const bool broken =
        std::any_of(diagnostics.begin(), diagnostics.end(),
                    [&](const Diagnostic& one) { return IsIn(one, from, to); });
    if (!broken) sound.push_back(std::move((*rules)[i]));
  }
  *rules = std::move(sound);
}

}  // namespace

// Makes a RuleSet of rules that are read and checked.
class RuleSetBuilder {
 public:
  explicit RuleSetBuilder(const LoadOptions& options)
      : previous_(options.previous), set_(std::make_shared<RuleSet>()) {
    if (previous_ != nullptr) {
      CopyTable(previous_->symbols().names, &symbols()->names);
      CopyTable(previous_->symbols().properties, &symbols()->properties);
      CopyTable(previous_->symbols().profile, &symbols()->profile);
      set_->state_slots_ = previous_->state_slots();
    }
    for (const std::string& path : options.extra_properties) {
      symbols()->properties.Intern(path);
    }
  }

  Symbols* symbols() { return &set_->symbols_; }

  std::shared_ptr<const RuleSet> Build(std::vector<ReadRule> rules,
                                       std::string fingerprint) {
    for (ReadRule& read : rules) set_->rules_.push_back(std::move(read.rule));
    std::sort(set_->rules_.begin(), set_->rules_.end(),
              [](const Rule& a, const Rule& b) { return a.id < b.id; });
    for (Rule& rule : set_->rules_) {
      rule.detection_name = symbols()->names.Intern("detection:" + rule.id);
      rule.state_slot = SlotOf(rule);
    }
    set_->fingerprint_ = std::move(fingerprint);
    return std::move(set_);
  }

 private:
  // A rule that was gone and comes back gets another slot: what lies in its
  // old one has missed events.
  std::uint32_t SlotOf(const Rule& rule) {
    const Rule* before =
        previous_ == nullptr ? nullptr : previous_->Find(rule.id);
    if (before != nullptr && before->revision == rule.revision) {
      return before->state_slot;
    }
    return set_->state_slots_++;
  }

  const RuleSet* const previous_;
  std::shared_ptr<RuleSet> set_;
};

const Rule* RuleSet::Find(std::string_view id) const {
  const auto found =
      std::lower_bound(rules_.begin(), rules_.end(), id,
                       [](const Rule& rule, std::string_view wanted) {
                         return rule.id < wanted;
                       });
  return found != rules_.end() && found->id == id ? &*found : nullptr;
}

LoadedRules LoadRules(std::vector<RuleFile> files, const LoadOptions& options) {
  std::sort(
      files.begin(), files.end(),
      [](const RuleFile& a, const RuleFile& b) { return a.path < b.path; });
  std::string fingerprint = Fingerprint(files);
  RuleSetBuilder builder(options);
  std::vector<Document> documents;
  std::vector<ReadRule> rules;
  for (RuleFile& file : files) {
    documents.push_back(
        Document::Parse(std::move(file.path), std::move(file.text)));
    for (ReadRule& rule : ReadRulesFile(documents.back(), builder.symbols())) {
      rules.push_back(std::move(rule));
    }
  }
  CheckRules(rules);

  LoadedRules loaded;
  for (const Document& document : documents) {
    const Diagnostics found = document.diagnostics();
    loaded.diagnostics.insert(loaded.diagnostics.end(), found.begin(),
                              found.end());
  }
  SortDiagnostics(&loaded.diagnostics);
  const bool whole = !HasErrors(loaded.diagnostics);
  if (!whole) KeepSound(loaded.diagnostics, &rules);
  loaded.sound = builder.Build(std::move(rules), std::move(fingerprint));
  if (whole) loaded.rules = loaded.sound;
  return loaded;
}

std::string StandInName(const std::string& id) { return "stand-in:" + id; }

std::shared_ptr<const RuleSet> Isolated(const RuleSet& all, const Rule& rule) {
  LoadOptions options;
  options.previous = &all;
  RuleSetBuilder builder(options);
  std::vector<ReadRule> rules;
  for (const Rule& other : all.rules()) {
    Rule copy = other;
    copy.status = RuleStatus::kLive;
    if (other.id != rule.id) {
      EventCountSpec spec;
      spec.event.names = {
          builder.symbols()->names.Intern(StandInName(copy.id))};
      spec.bound.count = 1;
      spec.within = std::chrono::hours(24);
      copy.detect = {"event_count", spec, {}, {}, false};
      copy.only_for = {};
      copy.cancel_on.clear();
      copy.actions.clear();
    }
    rules.emplace_back();
    rules.back().rule = std::move(copy);
  }
  return builder.Build(std::move(rules), all.fingerprint());
}

LoadedRules LoadRulePaths(std::span<const std::string> patterns,
                          const LoadOptions& options) {
  const auto paths = ExpandRulePaths(patterns);
  Diagnostics unreadable;
  std::vector<RuleFile> files;
  const auto complain = [&](const std::string& file, std::string message) {
    Diagnostic diagnostic;
    diagnostic.where.file = file;
    diagnostic.message = std::move(message);
    unreadable.push_back(std::move(diagnostic));
  };
  if (!paths.ok()) {
    complain("", paths.error().message);
    return {nullptr, nullptr, std::move(unreadable)};
  }
  for (const std::string& path : paths.value()) {
    auto text = ReadFile(path);
    if (text.ok()) {
      files.push_back({path, std::move(text).value()});
    } else {
      complain(path, text.error().message);
    }
  }
  LoadedRules loaded = LoadRules(std::move(files), options);
  if (unreadable.empty()) return loaded;
  loaded.rules = nullptr;
  loaded.diagnostics.insert(loaded.diagnostics.end(), unreadable.begin(),
                            unreadable.end());
  SortDiagnostics(&loaded.diagnostics);
  return loaded;
}

}  // namespace premura
