// SPDX-License-Identifier: Apache-2.0
// Readiness: what of the daemon does not work now, for /readyz.
//
// Not ready is who can do nothing useful: no ledger, no source at all, or a
// dead letter that finds no place, which what is behind it waits for. What
// only makes a restart dearer or help later is said and leaves it ready. Nobody
// of these is helped by a restart: /livez says yes all the while.

#pragma once

#include <string>
#include <vector>

#include "notifiers/outreach.h"
#include "signals/pipeline.h"

namespace premura {

struct Trouble {
  std::string part;   // "ledger", "dead letter", "source product"
  std::string words;  // For a person.
  bool unready = false;
};

struct Readiness {
  std::vector<Trouble> troubles;  // What makes it unready first.
  bool ready() const { return troubles.empty() || !troubles[0].unready; }
};

// `checkpoint_problem`: why the last checkpoint was not written; empty: it was.
// `letter_problem`: why dead letters cannot be kept; empty: they can.
Readiness ReadinessOf(const PipelineHealth& pipeline,
                      const OutreachHealth& outreach,
                      const std::string& checkpoint_problem,
                      const std::string& letter_problem);

// "ready", "ready, but ..", "not ready: ..", a line; `words`: whether the
// reader may know what the trouble is.
std::string ToText(const Readiness& readiness, bool words);
// {"ready":true,"troubles":[{"part":"..","words":"..","unready":false}]}
std::string ToJson(const Readiness& readiness, bool words);

}  // namespace premura
