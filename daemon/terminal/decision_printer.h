// SPDX-License-Identifier: Apache-2.0
// DecisionPrinter: one readable line per decision for a person at a terminal:
// who, by which rule, why, what was sent or held, and the reason. What is to be
// sent is shown once it is known how that went.
//
// Thread: Print() from one; the observer's calls from any. Keeps a bounded
// number of lines and never blocks its caller on the terminal.

#pragma once

#include <iosfwd>
#include <memory>

#include "notifiers/outreach.h"

namespace premura {

class DecisionPrinter : public OutreachObserver {
 public:
  // Writes what has come since the last call.
  virtual void Print() = 0;
};

// Passes every call on to `next`. Both must outlive it.
std::unique_ptr<DecisionPrinter> NewDecisionPrinter(std::ostream* out,
                                                    bool colours,
                                                    OutreachObserver* next);

}  // namespace premura
