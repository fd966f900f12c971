// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "rules/kinds/kind.h"

namespace premura {

std::span<const Kind* const> Kinds() {
  static constexpr std::array kKinds = {&kEventCount, &kValueCount, &kFlapping,
                                        &kSequence, &kAbsence};
  return kKinds;
}

const std::vector<std::string>& KindsToCome() {
  static const std::vector<std::string> kinds = {
      "change",    "new_term", "temporal", "silence", "ratio",
      "aggregate", "spike",    "score",    "deadline"};
  return kinds;
}

}  // namespace premura
