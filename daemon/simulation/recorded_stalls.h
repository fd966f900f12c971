// SPDX-License-Identifier: Apache-2.0
// RecordedStalls: self-preservation over recorded events: the source was quiet
// where their clock has a gap. Tells the engine when it would have been told
// live.
//
// Thread: one at a time. Reads no clock.

#pragma once

#include <functional>

#include "rules/result.h"
#include "signals/engine.h"
#include "signals/self_preservation.h"

namespace premura {

class RecordedStalls {
 public:
  // `advance` brings the engine's clock to an instant. `engine` must outlive
  // it.
  RecordedStalls(const SelfPreservation& bounds, Engine* engine,
                 std::function<Status(Timestamp)> advance)
      : engine_(engine), advance_(std::move(advance)) {
    watch_.Use(bounds);
    engine_->Use(bounds);
  }

  // The clock is about to move.
  Status Before(Timestamp clock) {
    const auto stalls = watch_.StallsBy(clock);
    if (!stalls) return {};
    if (Status status = advance_(*stalls); !status.ok()) return status;
    engine_->Set(watch_.Look(*stalls));
    return {};
  }
  // And has, by an event that is about to be taken. Before the first the clock
  // stands at the epoch.
  void Heard(const Event& event) {
    const Timestamp clock = event.clock;
    if (clock <= Timestamp{}) return;
    watch_.Heard(clock);
    watch_.Saw(event.customer, clock);
    if (watch_.stalled()) engine_->Set(watch_.Look(clock));
  }

 private:
  StallWatch watch_;
  Engine* const engine_;
  const std::function<Status(Timestamp)> advance_;
};

}  // namespace premura
