// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "rules/number.h"
#include "rules/time.h"

namespace premura {
namespace {

bool AreSame(const std::string& a, const std::string& b) {
  const auto duration = ParseDuration(a);
  return a == b || (duration && duration == ParseDuration(b));
}

// A rule's text is not changed for anybody else.
Status OnlyThatRuleDiffers(const RuleSet& before, const RuleSet& after,
                           const std::string& rule,
                           const std::string& parameter) {
  for (const Rule& other : before.rules()) {
    if (other.id == rule) continue;
    const Rule* const now = after.Find(other.id);
    if (now != nullptr && now->hash == other.hash) continue;
    return Error{fmt::format(
        "`{}` of rule `{}` is shared with rule `{}` by an anchor: write it out "
        "to tune it",
        parameter, rule, other.id)};
  }
  return {};
}

// One value, and the rules with it.
struct Trial {
  TuneRow row;
  std::shared_ptr<const RuleSet> rules;
};

Result<Trial> Read(const TuneOptions& options, const RuleParameter& parameter,
                   const RuleSet& before, const std::string& value) {
  const bool as_written = AreSame(value, parameter.value);
  LoadedRules loaded =
      LoadRules(WithParameter(options.files, parameter, value), {});
  if (loaded.rules == nullptr) {
    return Error{fmt::format("with `{}: {}` the rules have mistakes:\n{}",
                             parameter.path, value,
                             RenderText(loaded.diagnostics))};
  }
  const Status alone =
      OnlyThatRuleDiffers(before, *loaded.rules, options.rule, parameter.path);
  if (!alone.ok()) return alone.error();
  Trial trial;
  trial.row.value = value;
  trial.row.as_written = as_written;
  trial.rules = std::move(loaded.rules);
  return trial;
}

// To put values of a kind in order.
double SizeOf(std::string_view value) {
  if (const auto duration = ParseDuration(value)) {
    return static_cast<double>(duration->count());
  }
  if (value.ends_with('%')) value.remove_suffix(1);
  const auto number = ParseNumber(value);
  return number ? number->AsDouble() : 0;
}

// The values to try, the one that is written among them.
std::vector<std::string> ValuesOf(const TuneRange& range,
                                  const std::string& written) {
  std::vector<std::string> values = range.values;
  const bool has_it = std::any_of(
      values.begin(), values.end(),
      [&](const std::string& value) { return AreSame(value, written); });
  if (has_it) return values;
  const auto place =
      std::find_if(values.begin(), values.end(), [&](const std::string& value) {
        return SizeOf(value) > SizeOf(written);
      });
  values.insert(place, written);
  return values;
}

}  // namespace

TuneOptions::Found FoundBy(const std::string& rule, const BacktestSums& sums,
                           const std::vector<SuccessFigures>& figures) {
  TuneOptions::Found found;
  const auto of_rule = sums.rules().find(rule);
  if (of_rule != sums.rules().end()) found.sums = of_rule->second;
  for (const SuccessFigures& of : figures) {
    if (of.rule == rule) found.success = of;
  }
  return found;
}

Result<Tuned> Tune(const TuneOptions& options) {
  const LoadedRules before = LoadRules(options.files, {});
  if (before.rules == nullptr) return Error{RenderText(before.diagnostics)};
  auto parameter =
      FindRuleParameter(options.files, options.rule, options.range.parameter);
  if (!parameter.ok()) return parameter.error();
  if (before.rules->Find(options.rule)->status == RuleStatus::kDisabled) {
    return Error{
        fmt::format("rule `{}` is disabled: it finds nobody", options.rule)};
  }
  std::vector<Trial> trials;
  for (const std::string& value :
       ValuesOf(options.range, parameter.value().value)) {
    auto trial = Read(options, parameter.value(), *before.rules, value);
    if (!trial.ok()) return trial.error();
    trials.push_back(std::move(trial).value());
  }
  Tuned tuned = {options.rule, std::move(parameter).value(), {}};
  for (std::size_t i = 0; i < trials.size(); ++i) {
    Trial& trial = trials[i];
    auto found = options.run(std::move(trial.rules), i, trials.size());
    if (!found.ok()) return found.error();
    trial.row.sums = std::move(found.value().sums);
    trial.row.success = std::move(found.value().success);
    tuned.rows.push_back(std::move(trial.row));
  }
  return tuned;
}

}  // namespace premura
