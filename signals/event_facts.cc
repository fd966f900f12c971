// SPDX-License-Identifier: Apache-2.0

#include "signals/event_facts.h"

namespace premura {

Value EventFacts::Get(const FieldRef& field) const {
  if (field.step != 0) return OfStep(field);
  switch (field.root) {
    case FieldRef::Root::kProperty:
      return event_.Field(field.symbol);
    case FieldRef::Root::kName:
      return Value::Text(event_.name);
    case FieldRef::Root::kId:
      return event_.id.empty() ? Value() : Value::Text(event_.id);
    case FieldRef::Root::kTime:
      return TimeText(event_.time);
    case FieldRef::Root::kProfile:
      return OfProfile(field.symbol);
  }
  return {};
}

Value EventFacts::OfStep(const FieldRef& field) const {
  const std::size_t index = field.step - 1U;
  if (index >= steps_.size() || steps_[index] == nullptr) return {};
  const SeenEvent& step = *steps_[index];
  switch (field.root) {
    case FieldRef::Root::kProperty:
      return step.Field(field.symbol, &kept().arena);
    case FieldRef::Root::kName:
      return Value::Text(step.name(symbols_));
    case FieldRef::Root::kId:
      return step.id().empty() ? Value() : Value::Text(step.id());
    case FieldRef::Root::kTime:
      return TimeText(step.time());
    case FieldRef::Root::kProfile:
      return OfProfile(field.symbol);
  }
  return {};
}

Value EventFacts::OfProfile(SymbolId path) const {
  if (!profile_) profile_ = profiles_.Get(event_.customer);
  return profile_->Get(symbols_.profile.Text(path));
}

Value EventFacts::TimeText(Timestamp time) const {
  return Value::Text(kept().texts.emplace_back(FormatInstant(time)));
}

EventFacts::Kept& EventFacts::kept() const {
  if (!kept_) kept_ = std::make_unique<Kept>();
  return *kept_;
}

}  // namespace premura
