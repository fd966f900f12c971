// SPDX-License-Identifier: Apache-2.0
// Telemetry: what the pipeline and the outreach tell, as metrics and log
// lines. The only place that knows the metrics' library. Labels come from
// closed sets and from the configuration's own names, never from customers.
//
// Thread-safe.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/telemetry/log.h"
#include "daemon/telemetry/process_memory.h"
#include "notifiers/clock.h"
#include "notifiers/outreach.h"
#include "rules/rule_set.h"
#include "signals/pipeline.h"

namespace premura {

struct TelemetryOptions {
  std::string version;
  std::vector<std::string> sources;
  // "email", "sms", "ticket:rt": the names that channels are reported by.
  std::vector<std::string> channels;
};

class Telemetry : public PipelineObserver, public OutreachObserver {
 public:
  // These rules are in force now.
  virtual void OnRules(const RuleSet& rules) = 0;
  virtual void OnReload(bool ok) = 0;
  // Whether the configuration says what only the next start takes over.
  virtual void OnRestartNeeded(bool needed) = 0;
  // A start takes up the checkpoint; `done`: that was all.
  virtual void OnRestoring(std::uint64_t records, std::uint64_t of,
                           bool done) = 0;
  // The checkpoint cannot be used, and was moved to `aside`.
  virtual void OnCheckpointDamaged(const std::string& problem,
                                   const std::string& aside) = 0;
  // Why the last checkpoint was not written, and since when there is none;
  // empty: it was.
  virtual std::string CheckpointProblem() const = 0;
  // Why a dead letter could not be kept; empty: all since then are.
  virtual std::string DeadLetterProblem() const = 0;
  // On their way from a shard to the notifiers.
  virtual void OnDetections(const std::vector<Detection>& detections) = 0;
  // Sets what is looked at rather than counted.
  virtual void Sample(const PipelineHealth& pipeline,
                      const OutreachHealth& outreach) = 0;
  virtual void OnMemory(const ProcessMemory& memory) = 0;
  // All metrics in Prometheus' text format.
  virtual std::string Text() const = 0;
};

// Pointers must outlive it.
std::unique_ptr<Telemetry> NewTelemetry(const TelemetryOptions& options,
                                        const Clock* clock, Log* log);

}  // namespace premura
