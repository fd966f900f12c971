// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_test/probe_stage.h"

#include <fmt/format.h>

#include <algorithm>

namespace premura {
namespace {

FieldRef NameField() {
  FieldRef field;
  field.root = FieldRef::Root::kName;
  field.path = "event";
  return field;
}

bool IsDetection(std::string_view name) {
  return name.starts_with("detection:");
}

std::string_view NameOf(const ProbeEvent& event) {
  const Made* name = event.facts.Find(NameField());
  return name == nullptr ? std::string_view() : name->value().text();
}

// What is asked: the event's fields and the profile's.
class Both final : public Facts {
 public:
  Both(const MadeFacts& event, const MadeFacts& profile)
      : event_(event), profile_(profile) {}
  Value Get(const FieldRef& field) const override {
    return field.root == FieldRef::Root::kProfile ? profile_.Get(field)
                                                  : event_.Get(field);
  }

 private:
  const MadeFacts& event_;
  const MadeFacts& profile_;
};

std::string WordsOf(const ProbeStage::Patterns& patterns,
                    const Symbols& symbols) {
  std::vector<std::string> names;
  for (const Pattern* pattern : patterns) {
    for (const SymbolId name : pattern->names) {
      names.push_back(symbols.names.Text(name));
    }
  }
  return names.empty()
             ? "the conditions"
             : fmt::format("the conditions on {}", fmt::join(names, ", "));
}

}  // namespace

bool ProbeStage::IsNamed(const Pattern& pattern, SymbolId name) const {
  if (pattern.names.empty()) {
    return name == 0 || !IsDetection(symbols_.names.Text(name));
  }
  return std::find(pattern.names.begin(), pattern.names.end(), name) !=
         pattern.names.end();
}

bool ProbeStage::Matches(const Pattern& pattern,
                         const ProbeEvent& event) const {
  const std::string_view name = NameOf(event);
  const SymbolId id = symbols_.names.Find(name);
  const bool named = pattern.names.empty() ? !IsDetection(name)
                                           : id != 0 && IsNamed(pattern, id);
  return named && pattern.where.Matches(Both(event.facts, profile_));
}

// Names that all of `wish.is` allow; 0 stands for any.
std::vector<SymbolId> ProbeStage::NamesOf(const Wish& wish) const {
  std::vector<SymbolId> names = {0};
  for (const Pattern* pattern : wish.is) {
    if (!pattern->names.empty()) names = pattern->names;
  }
  std::erase_if(names, [&](SymbolId name) {
    return name != 0 && std::any_of(wish.is.begin(), wish.is.end(),
                                    [&](const Pattern* pattern) {
                                      return !IsNamed(*pattern, name);
                                    });
  });
  // A detection has little to say; others first.
  std::stable_partition(names.begin(), names.end(), [&](SymbolId name) {
    return name == 0 || !IsDetection(symbols_.names.Text(name));
  });
  return names;
}

std::optional<ProbeEvent> ProbeStage::MakeNamed(const Wish& wish,
                                                SymbolId name) {
  WitnessRequest request;
  request.known = wish.known;
  for (const auto& [field, made] : profile_.all()) {
    request.known.Set(field, made);
  }
  request.wanted = wish.wanted;
  request.avoid = wish.avoid;
  std::vector<Made> other_names;
  if (name != 0) {
    request.known.Set(NameField(), Made::Text(symbols_.names.Text(name)));
  }
  request.wanted.push_back(NameField());
  for (const FieldRef& field : rule_.detect.group_by) {
    request.wanted.push_back(field);
    const Made* known = group_.Find(field);
    if (known != nullptr) request.known.Set(field, *known);
  }
  if (name != 0 && request.known.Find(NameField())->value().text() !=
                       symbols_.names.Text(name)) {
    return std::nullopt;  // The group is another name's.
  }
  for (const Pattern* pattern : wish.is) {
    request.demands.push_back({pattern->where, true});
  }
  Patterns is_not = wish.is_not;
  if (rule_.detect.unless && !wish.ends_all) {
    is_not.push_back(&*rule_.detect.unless);
  }
  for (const Pattern* pattern : is_not) {
    if (name == 0) {
      for (const SymbolId other : pattern->names) {
        other_names.push_back(Made::Text(symbols_.names.Text(other)));
      }
      if (!pattern->names.empty()) continue;
    }
    if (IsNamed(*pattern, name)) {
      request.demands.push_back({pattern->where, false});
    }
  }
  if (!other_names.empty()) request.avoid.push_back({NameField(), other_names});
  request.demands.push_back({rule_.only_for, true});
  auto found = FindWitness(request);
  if (!found) return std::nullopt;
  Learn(*found);
  ProbeEvent event;
  for (const auto& [field, made] : found->all()) {
    const bool own = field.root != FieldRef::Root::kProfile && field.step == 0;
    if (own && made.value().present()) event.facts.Set(field, made);
  }
  // What stands in for another rule's detection has no fields.
  if (IsDetection(NameOf(event)) && event.facts.all().size() > 1) return {};
  return event;
}

void ProbeStage::Learn(const MadeFacts& made) {
  for (const auto& [field, value] : made.all()) {
    if (field.root == FieldRef::Root::kProfile) profile_.Set(field, value);
  }
  for (const FieldRef& field : rule_.detect.group_by) {
    if (group_.Find(field) == nullptr) group_.Set(field, *made.Find(field));
  }
}

std::optional<ProbeEvent> ProbeStage::Make(const Wish& wish) {
  for (const SymbolId name : NamesOf(wish)) {
    if (auto made = MakeNamed(wish, name)) return made;
  }
  return std::nullopt;
}

ProbeEvent ProbeStage::Need(const Wish& wish) {
  auto made = Make(wish);
  if (made) return *std::move(made);
  Complain(fmt::format("no event was found that meets {}",
                       WordsOf(wish.is, symbols_)));
  return {};
}

std::optional<ProbeEvent> ProbeStage::InOtherGroup(
    const ProbeEvent& event) const {
  for (const FieldRef& field : rule_.detect.group_by) {
    if (field.root != FieldRef::Root::kProperty) continue;
    const Made* own = event.facts.Find(field);
    if (own == nullptr) continue;
    ProbeEvent other = event;
    other.facts.Set(field, Made::Text(own->value().kind() == Value::Kind::kText
                                          ? "other " + own->Json()
                                          : "another"));
    return other;
  }
  return std::nullopt;
}

std::optional<MadeFacts> ProbeStage::Unfit() const {
  if (rule_.only_for.always()) return std::nullopt;
  WitnessRequest request;
  request.demands.push_back({rule_.only_for, false});
  return FindWitness(request);
}

Profile::Values ProbeStage::ValuesOf(const MadeFacts& profile) const {
  Profile::Values values;
  for (const auto& [field, made] : profile.all()) {
    if (field.root != FieldRef::Root::kProfile || !made.value().present()) {
      continue;
    }
    values[symbols_.profile.Text(field.symbol)] = made.Json();
  }
  return values;
}

std::string Describe(const ProbeEvent& event) {
  std::string fields;
  for (const auto& [field, made] : event.facts.all()) {
    if (field.root == FieldRef::Root::kName) continue;
    fields += fmt::format("{}{} {}", fields.empty() ? "" : ", ", field.path,
                          made.Json());
  }
  const std::string name(NameOf(event));
  return fields.empty() ? name : fmt::format("{} ({})", name, fields);
}

}  // namespace premura
