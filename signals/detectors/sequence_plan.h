// SPDX-License-Identifier: Apache-2.0
// SequencePlan: a sequence's steps, laid out as the places at which an attempt
// can wait. `times: n` is n places; a `not` belongs to the place after it; a
// leading or trailing `not` has its own list.

#pragma once

#include <cstddef>
#include <vector>

#include "rules/rule.h"
#include "signals/detector.h"

namespace premura {

struct SequencePlan {
  struct Place {
    std::size_t pattern = 0;
    bool optional = false;
    bool next = false;
    std::size_t as = 0;             // Number of its `as`, from 1; 0: none.
    std::vector<std::size_t> nots;  // Patterns that kill here.
  };
  struct Guard {
    std::size_t pattern = 0;
    Duration wait{};
  };

  std::vector<Place> places;
  std::vector<Guard> leading;
  std::vector<Guard> trailing;
  Duration trailing_wait{};  // The longest.
  std::size_t names = 0;     // Steps with `as`.
  bool sees_everything = false;
  std::vector<Detector::Watch> watches;
};

// `spec` must outlive it.
SequencePlan PlanSequence(const SequenceSpec& spec);

}  // namespace premura
