// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "rules/kinds/kind.h"

namespace premura {

std::span<const Kind* const> Kinds() {
  static constexpr std::array kKinds = {
      &kEventCount, &kValueCount, &kFlapping, &kChange,  &kNewTerm,
      &kSequence,   &kTemporal,   &kAbsence,  &kSilence, &kRatio,
      &kAggregate,  &kSpike,      &kScore,    &kDeadline};
  return kKinds;
}

}  // namespace premura
