// SPDX-License-Identifier: Apache-2.0
// StatefulPipeline: the pipeline that a configuration asks for, with what it
// leans on: dead letters, and the store of customers' state, on this machine or
// with the partitions in Kafka. What was known of customers is taken up; a
// checkpoint that cannot be used is moved aside, and events are read again.
//
// Thread: one at a time.

#pragma once

#include <functional>
#include <memory>

#include "daemon/checkpoints.h"
#include "daemon/config/config.h"
#include "daemon/telemetry/log.h"
#include "daemon/telemetry/telemetry.h"
#include "notifiers/clock.h"
#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/pipeline.h"

namespace premura {

struct StatefulPipelineOptions {
  // All must outlive it.
  const Config* config = nullptr;  // While it opens.
  ProfileStore* profiles = nullptr;
  // Puts the ledger's into them: asked for where no checkpoint has all of them.
  std::function<Status()> restore_profiles;
  OutputSink* sink = nullptr;
  Telemetry* telemetry = nullptr;
  Log* log = nullptr;
  const Clock* clock = nullptr;
  std::shared_ptr<const RuleSet> rules;
};

class StatefulPipeline {
 public:
  // Not started yet.
  static Result<std::unique_ptr<StatefulPipeline>> Open(
      const StatefulPipelineOptions& options);

  Pipeline* pipeline() const { return pipeline_.get(); }

 private:
  Status OpenAll(const StatefulPipelineOptions& options);
  Status MakePipeline(const StatefulPipelineOptions& options);
  // A pipeline that knows nothing, but for profiles that no checkpoint has;
  // and what it takes up from the checkpoint.
  Status BeginAnew(const StatefulPipelineOptions& options);
  Status TakeUp(Telemetry* telemetry);

  std::unique_ptr<DeadLetterSink> dead_letters_;
  std::unique_ptr<Checkpoints> checkpoints_;  // One of these two.
  std::unique_ptr<CellStore> cells_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace premura
