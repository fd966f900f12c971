// SPDX-License-Identifier: Apache-2.0
// BacktestSink: who hears what a backtest finds.
//
// Thread: the one that runs the backtest, in an order that does not depend on
// how many threads work for it.

#pragma once

#include "daemon/simulation/simulation.h"
#include "signals/detection.h"
#include "signals/event.h"

namespace premura {

class BacktestSink {
 public:
  virtual ~BacktestSink() = default;
  virtual void OnDetection(const Detection& detection) = 0;
  // What the gates made of it; not without gates.
  virtual void OnContact(const SimulatedContact& contact) = 0;
  virtual void OnLeftOut(const LeftOut&) {}

  // Asked once, before the first event: whether OnEvent() shall be called.
  virtual bool WantsEvents() const { return false; }
  // An event that the rules take, those before `from` too: after the timers
  // that are due by its clock, before what it causes. Views live during the
  // call.
  virtual void OnEvent(const Event&) {}
  // Along with events, in their order: what one of them said of a customer.
  virtual void OnProfile(const ProfileChange&) {}
  // Nothing more comes: what was made of all of it can be looked at. Only of a
  // run on one core.
  virtual void OnEnd(Simulation*) {}
};

}  // namespace premura
