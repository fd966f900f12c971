// SPDX-License-Identifier: Apache-2.0
// Lanes: customers dealt over simulations that run side by side, and what they
// find put in one order, the same for any number of them: by step (an event, a
// profile change, a move of the clock); in it what is due by the clock comes
// first, in order of (time, customer), then what the event causes.
//
// Each lane sees every step, since time moves for all, and takes what belongs
// to its own customers. One lane works in the caller's thread, more have a
// thread each. At most a few batches of events are under way.
//
// Thread: one at a time; the sink is called in it.

#pragma once

#include <memory>

#include "daemon/backtest/backtest_sink.h"
#include "daemon/simulation/simulation.h"
#include "rules/result.h"
#include "signals/event.h"

namespace premura {

class Lanes {
 public:
  virtual ~Lanes() = default;

  virtual Status Take(const Event& event) = 0;
  virtual Status Take(ProfileChange change) = 0;
  virtual Status Advance(Timestamp clock) = 0;
  // Waits for what is under way and tells the sink of it. Call once, last.
  virtual Status Finish() = 0;
};

// `options`: its callbacks are filled in. Its profiles and `sink` must outlive
// the lanes. REQUIRES: count >= 1.
Result<std::unique_ptr<Lanes>> NewLanes(int count,
                                        const SimulationOptions& options,
                                        BacktestSink* sink);

}  // namespace premura
