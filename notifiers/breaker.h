// SPDX-License-Identifier: Apache-2.0
// Breaker: leaves a host alone for a while after it failed several times in a
// row, then tries once. What waits meanwhile uses up no attempt.
//
// Thread: one at a time. Time is an argument.

#pragma once

#include <optional>

#include "rules/time.h"

namespace premura {

class Breaker {
 public:
  Breaker(int failures, Duration pause) : most_(failures), pause_(pause) {}

  // How many calls may be begun: none while open, one as a trial, else `most`.
  int Allowed(Timestamp now, int most) const;
  bool open() const { return until_.has_value(); }
  // When the next trial may begin; none: closed, or a trial runs.
  std::optional<Timestamp> next_trial() const;

  void OnStart();
  // A call ended that says nothing of the host: if it was the trial, another
  // may follow.
  void OnNoNews() { trial_ = false; }
  // True if it has closed just now.
  bool OnSuccess();
  // True if it has opened just now.
  bool OnFailure(Timestamp now);

 private:
  int most_;
  Duration pause_;
  int failures_ = 0;  // In a row.
  std::optional<Timestamp> until_;
  bool trial_ = false;
};

}  // namespace premura
