// SPDX-License-Identifier: Apache-2.0
#include "daemon/advice/sample_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "daemon/terminal/text_table.h"
#include "rules/condition.h"
#include "rules/fold.h"
#include "rules/number.h"
#include "signals/name_words.h"

namespace premura {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

std::string Times(std::uint64_t count) {
  return count == 1 ? "once" : Grouped(count) + " times";
}

std::string ThatHaveIt(std::uint64_t events) {
  return Counted(events, "event") +
         (events == 1 ? " that has it" : " that have it");
}

// The candidate that means the same or is spelled nearly so, with how often it
// was seen; empty if there is none.
std::string DidYouMean(const std::string& word, const Counts& candidates) {
  const auto words = WordsOf(word);
  std::vector<std::string> names;
  const std::string* best = nullptr;
  for (const auto& [name, _] : candidates) {
    names.push_back(name);
    if (best == nullptr && !words.empty() && WordsOf(name) == words) {
      best = &name;
    }
  }
  const std::string nearest = best ? *best : Nearest(word, names);
  if (nearest.empty()) return "";
  return fmt::format("did you mean `{}` (seen {})?", nearest,
                     Times(candidates.at(nearest)));
}

// As conditions compare: without case, numbers by their value.
bool IsSameValue(const std::string& a, const std::string& b) {
  const auto x = ParseNumber(a);
  const auto y = ParseNumber(b);
  if (x && y) return Compare(*x, *y) == 0;
  return FoldCase(a) == FoldCase(b);
}

class Adviser {
 public:
  Adviser(const RuleSet& rules, const Survey& survey, Diagnostics* diagnostics)
      : symbols_(rules.symbols()), survey_(survey), diagnostics_(diagnostics) {
    for (const auto& [name, seen] : survey.names) names_[name] = seen.count;
  }

  void Check(const Rule& rule) {
    rule_names_.clear();
    for (const Mention& mention : rule.mentions) {
      if (mention.what == Mention::What::kEvent) {
        rule_names_.push_back(mention.text);
      }
    }
    for (const Mention& mention : rule.mentions) {
      switch (mention.what) {
        case Mention::What::kEvent:
          CheckName(mention);
          break;
        case Mention::What::kField:
          CheckField(mention);
          CheckNumbers(rule, mention);
          break;
        case Mention::What::kValue:
          CheckValue(mention);
          break;
      }
    }
  }

 private:
  static bool IsDetection(const std::string& name) {
    return name.starts_with("detection:");
  }

  void CheckName(const Mention& mention) {
    if (!survey_.names_complete || IsDetection(mention.text)) return;
    if (names_.contains(mention.text)) return;
    Warn(mention,
         fmt::format("`{}` was never seen in {}", mention.text,
                     Counted(survey_.events, "event")),
         DidYouMean(mention.text, names_));
  }

  // The events whose field it is, as far as they were seen; all if none is
  // named. Detections have fields that no event shows: then nothing is known.
  std::optional<std::vector<const NameSurvey*>> EventsOf(
      const Mention& mention) const {
    std::vector<std::string> names;
    for (const SymbolId id : mention.names) {
      names.push_back(symbols_.names.Text(id));
    }
    if (names.empty()) names = rule_names_;
    std::vector<const NameSurvey*> events;
    for (const std::string& name : names) {
      if (IsDetection(name)) return std::nullopt;
      const auto found = survey_.names.find(name);
      if (found != survey_.names.end()) events.push_back(&found->second);
    }
    if (!events.empty() || !names.empty()) return events;
    for (const auto& [_, event] : survey_.names) events.push_back(&event);
    return events;
  }

  static bool Has(const NameSurvey& event, const std::string& path) {
    const std::string inside = path + ".";
    const auto found = event.fields.lower_bound(path);
    if (found != event.fields.end() && found->first == path) return true;
    const auto below = event.fields.lower_bound(inside);
    return below != event.fields.end() && below->first.starts_with(inside);
  }

  void CheckField(const Mention& mention) {
    const auto events = EventsOf(mention);
    if (!survey_.fields_complete || !events || events->empty()) return;
    const std::string& path = symbols_.properties.Text(mention.property);
    Counts fields;
    std::uint64_t count = 0;
    for (const NameSurvey* event : *events) {
      if (Has(*event, path)) return;
      count += event->count;
      for (const auto& [other, seen] : event->fields) {
        fields[other] += seen.present;
      }
    }
    std::string hint = DidYouMean(path, fields);
    if (hint.empty()) hint = WhereItIs(path);
    Warn(mention,
         fmt::format("field `{}` was never seen in {} that it is asked of",
                     path, Counted(count, "event")),
         std::move(hint));
  }

  // What is compared as a number, and never was one.
  void CheckNumbers(const Rule& rule, const Mention& mention) {
    const auto* aggregate = std::get_if<AggregateSpec>(&rule.detect.spec);
    const bool summed = aggregate != nullptr &&
                        aggregate->field.symbol == mention.property &&
                        aggregate->field.root == FieldRef::Root::kProperty &&
                        mention.text == aggregate->field.path;
    if (!summed && !ComparesNumbers(mention.text)) return;
    const auto events = EventsOf(mention);
    if (!survey_.fields_complete || !events) return;
    const std::string& path = symbols_.properties.Text(mention.property);
    std::uint64_t count = 0;
    for (const NameSurvey* event : *events) {
      const auto found = event->fields.find(path);
      if (found == event->fields.end()) continue;
      if (MayBeNumbers(found->second, /*texts_too=*/!summed)) return;
      count += found->second.present;
    }
    if (count == 0) return;
    Warn(mention,
         fmt::format("`{}` never was a number in {}", path, ThatHaveIt(count)),
         summed ? "`aggregate` counts JSON numbers: `12`, not `\"12\"`"
                : "`gt gte lt lte` look at numbers only");
  }

  // `amount|gt`, `amount|all|gt`
  static bool ComparesNumbers(const std::string& key) {
    for (const char* word : {"|gt", "|gte", "|lt", "|lte"}) {
      const std::size_t at = key.find(word);
      if (at == key.npos) continue;
      const std::size_t end = at + std::string_view(word).size();
      if (end == key.size() || key[end] == '|') return true;
    }
    return false;
  }

  static bool MayBeNumbers(const FieldSurvey& field, bool texts_too) {
    using Kind = Value::Kind;
    for (const Kind kind : {Kind::kInteger, Kind::kReal, Kind::kList}) {
      if (field.kinds[static_cast<std::size_t>(kind)] > 0) return true;
    }
    if (!texts_too) return false;
    return !field.values_complete ||
           std::any_of(field.values.begin(), field.values.end(),
                       [](const auto& value) {
                         return ParseNumber(value.first).has_value();
                       });
  }

  std::string WhereItIs(const std::string& path) const {
    for (const auto& [name, event] : survey_.names) {
      if (Has(event, path)) return fmt::format("`{}` has it", name);
    }
    return "";
  }

  void CheckValue(const Mention& mention) {
    const auto events = EventsOf(mention);
    if (!survey_.fields_complete || !events) return;
    const std::string& path = symbols_.properties.Text(mention.property);
    Counts values;
    std::uint64_t count = 0;
    for (const NameSurvey* event : *events) {
      const auto found = event->fields.find(path);
      if (found == event->fields.end()) continue;
      if (!found->second.values_complete) return;
      count += found->second.present;
      for (const auto& [value, times] : found->second.values) {
        if (IsSameValue(value, mention.text)) return;
        values[value] += times;
      }
    }
    if (values.empty()) return;
    std::string hint = DidYouMean(mention.text, values);
    if (hint.empty()) hint = "seen were " + Listed(values);
    Warn(mention,
         fmt::format("`{}` never was `{}` in {}", path, mention.text,
                     ThatHaveIt(count)),
         std::move(hint));
  }

  // The commonest first, the first few.
  static std::string Listed(const Counts& values) {
    std::vector<std::pair<std::string, std::uint64_t>> sorted(values.begin(),
                                                              values.end());
    std::stable_sort(
        sorted.begin(), sorted.end(),
        [](const auto& a, const auto& b) { return a.second > b.second; });
    constexpr std::size_t kMost = 5;
    std::string list;
    for (std::size_t i = 0; i < sorted.size() && i < kMost; ++i) {
      list += fmt::format("{}`{}` ({})", i == 0 ? "" : ", ", sorted[i].first,
                          Grouped(sorted[i].second));
    }
    return list + (sorted.size() > kMost ? ", .." : "");
  }

  void Warn(const Mention& mention, std::string message, std::string hint) {
    Diagnostic diagnostic;
    diagnostic.severity = Diagnostic::Severity::kWarning;
    diagnostic.where = mention.position;
    diagnostic.message = std::move(message);
    diagnostic.hint = std::move(hint);
    diagnostics_->push_back(std::move(diagnostic));
  }

  const Symbols& symbols_;
  const Survey& survey_;
  Diagnostics* const diagnostics_;
  Counts names_;
  std::vector<std::string> rule_names_;
};

}  // namespace

void WarnOfUnseen(const RuleSet& rules, const Survey& survey,
                  Diagnostics* diagnostics) {
  Adviser adviser(rules, survey, diagnostics);
  for (const Rule& rule : rules.rules()) adviser.Check(rule);
}

}  // namespace premura
