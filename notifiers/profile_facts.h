// SPDX-License-Identifier: Apache-2.0
// ProfileFacts: a profile as conditions see it that know nothing else
// (`only_if`). What it is made of must outlive it.

#pragma once

#include "rules/symbols.h"
#include "signals/profile.h"

namespace premura {

class ProfileFacts final : public Facts {
 public:
  ProfileFacts(const Profile& profile, const Symbols& symbols)
      : profile_(profile), symbols_(symbols) {}

  Value Get(const FieldRef& field) const override {
    if (field.root != FieldRef::Root::kProfile || field.symbol == 0) return {};
    return profile_.Get(symbols_.profile.Text(field.symbol));
  }

 private:
  const Profile& profile_;
  const Symbols& symbols_;
};

}  // namespace premura
