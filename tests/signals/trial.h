// SPDX-License-Identifier: Apache-2.0
// Trial: a rule for the engine and for its reference evaluator, and the
// comparison of both over random streams with ties, events exactly on an edge,
// late ones, groups, and clocks that stay behind.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/signals/reference.h"
#include "tests/signals/stream.h"

namespace premura {

// A rule in words for the engine, and how to make its reference.
struct Trial {
  std::string yaml;  // What stands below `detect:`.
  std::function<std::unique_ptr<RefEvaluator>()> reference;
  bool grouped = false;
};

std::function<bool(const StreamEvent&)> Named(const std::string& name);

// Finds what differs, over many streams. Counts detections, so that a
// comparison of nothing with nothing does not pass.
void Compare(const std::function<Trial(Dice*)>& make);

// The parts that every kind has.
struct Common {
  explicit Common(Dice* dice);

  std::string Inside() const;
  std::string Beside() const;
  std::unique_ptr<RefEvaluator> Dress(std::unique_ptr<RefEvaluator> made) const;

  bool grouped;
  bool unless;
  bool ignore_late;
};

}  // namespace premura
