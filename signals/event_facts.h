// SPDX-License-Identifier: Apache-2.0
// EventFacts: an event and its customer, as conditions ask of them.
//
// Lives as long as the event is being taken. The profile is fetched when it is
// first asked for, and stays the same for this event.

#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>

#include "rules/symbols.h"
#include "signals/event.h"
#include "signals/profile.h"
#include "signals/seen_event.h"

namespace premura {

class EventFacts final : public Facts {
 public:
  // All must outlive it.
  EventFacts(const Event& event, const Symbols& symbols,
             const ProfileStore& profiles)
      : event_(event), symbols_(symbols), profiles_(profiles) {}

  Value Get(const FieldRef& field) const override;

  // What `$name` stands for, by its number less one; nullptr where the step
  // has not been taken. Views `steps` until the next call.
  void LookBackOn(std::span<const SeenEvent* const> steps) { steps_ = steps; }

 private:
  Value OfStep(const FieldRef& field) const;
  Value OfProfile(SymbolId path) const;
  Value TimeText(Timestamp time) const;

  const Event& event_;
  const Symbols& symbols_;
  const ProfileStore& profiles_;
  std::span<const SeenEvent* const> steps_;
  mutable std::shared_ptr<const Profile> profile_;
  // Made when first needed: most events ask for none of it.
  struct Kept {
    ValueArena arena;
    std::deque<std::string> texts;
  };
  Kept& kept() const;
  mutable std::unique_ptr<Kept> kept_;
};

}  // namespace premura
