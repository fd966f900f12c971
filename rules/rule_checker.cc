// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace premura {
namespace {

class Checker {
 public:
  explicit Checker(const std::vector<ReadRule>& rules) : rules_(rules) {}

  void Check() {
    for (const ReadRule& rule : rules_) CheckId(rule);
    for (const ReadRule& rule : rules_) CheckReferences(rule);
    for (const auto& [id, rule] : by_id_) FindCycle(*rule);
  }

 private:
  enum class Visit { kNew, kOpen, kDone };

  void CheckId(const ReadRule& read) {
    if (read.rule.id.empty()) return;
    const auto [first, is_new] = by_id_.emplace(read.rule.id, &read);
    if (is_new) {
      ids_.push_back(read.rule.id);
      return;
    }
    const SourcePosition& other = first->second->rule.position;
    const bool same_file = other.file == read.rule.position.file;
    read.at.Complain(
        fmt::format("rule id `{}` is already taken", read.rule.id),
        same_file
            ? fmt::format("by the rule on line {}", other.line)
            : fmt::format("by the rule in {}:{}", other.file, other.line));
  }

  void CheckReferences(const ReadRule& read) {
    for (const Reference& reference : read.references) {
      const auto found = by_id_.find(reference.rule);
      if (found == by_id_.end()) {
        const std::string nearest = Nearest(reference.rule, ids_);
        reference.at.Complain(
            fmt::format("there is no rule `{}`", reference.rule),
            nearest.empty()
                ? ""
                : fmt::format("did you mean `detection:{}`?", nearest));
      } else if (found->second->rule.status == RuleStatus::kDisabled) {
        reference.at.Warn(fmt::format(
            "rule `{}` is disabled, so it detects nothing", reference.rule));
      }
    }
  }

  // Goes from rule to the rules that feed it, without recursion: a chain may
  // be as long as there are rules. Each cycle is told once, where it closes.
  void FindCycle(const ReadRule& start) {
    if (visits_[&start] != Visit::kNew) return;
    std::vector<std::pair<const ReadRule*, std::size_t>> path;
    path.emplace_back(&start, 0);
    visits_[&start] = Visit::kOpen;
    while (!path.empty()) {
      const ReadRule* rule = path.back().first;
      if (path.back().second == rule->references.size()) {
        visits_[rule] = Visit::kDone;
        path.pop_back();
        continue;
      }
      const Reference& reference = rule->references[path.back().second++];
      const auto found = by_id_.find(reference.rule);
      if (!reference.detects || found == by_id_.end()) continue;
      Visit& visit = visits_[found->second];
      if (visit == Visit::kOpen) {
        ComplainOfCycle(reference, path);
      } else if (visit == Visit::kNew) {
        visit = Visit::kOpen;
        path.emplace_back(found->second, 0);
      }
    }
  }

  static void ComplainOfCycle(
      const Reference& reference,
      const std::vector<std::pair<const ReadRule*, std::size_t>>& path) {
    std::string cycle;
    bool inside = false;
    for (const auto& [rule, _] : path) {
      inside = inside || rule->rule.id == reference.rule;
      if (inside) cycle += rule->rule.id + " <- ";
    }
    reference.at.Complain("rules feed each other in a cycle",
                          cycle + reference.rule);
  }

  const std::vector<ReadRule>& rules_;
  std::map<std::string, const ReadRule*, std::less<>> by_id_;
  std::vector<std::string> ids_;
  std::map<const ReadRule*, Visit> visits_;
};

}  // namespace

void CheckRules(const std::vector<ReadRule>& rules) { Checker(rules).Check(); }

}  // namespace premura
