// SPDX-License-Identifier: Apache-2.0
#include "daemon/stateful_pipeline.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "daemon/app_parts.h"

namespace premura {
namespace {

int ShardCount(int configured) {
  if (configured > 0) return configured;
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

Result<std::unique_ptr<StatefulPipeline>> StatefulPipeline::Open(
    const StatefulPipelineOptions& options) {
  auto pipeline = std::make_unique<StatefulPipeline>();
  if (Status opened = pipeline->OpenAll(options); !opened.ok()) {
    return opened.error();
  }
  return pipeline;
}

Status StatefulPipeline::OpenAll(const StatefulPipelineOptions& options) {
  const Config& config = *options.config;
  auto letters = OpenDeadLetters(config, options.log, options.clock);
  if (!letters.ok()) return letters.error().WithContext("dead letters");
  dead_letters_ = std::move(letters).value();
  if (config.kafka_state) {
    auto cells = OpenCellStore(config, options.log);
    if (!cells.ok()) return cells.error().WithContext("state.kafka");
    cells_ = std::move(cells).value();
    // Each partition's state comes with it, and has profiles of its own.
    if (Status known = options.restore_profiles(); !known.ok()) return known;
    return MakePipeline(options);
  }
  checkpoints_ = std::make_unique<Checkpoints>(
      CheckpointFolder(config.state_dir), options.telemetry);
  auto opened = checkpoints_->Open();
  if (!opened.ok()) return opened.error();
  if (Status begun = BeginAnew(options); !begun.ok()) return begun;
  const Status taken = TakeUp(options.telemetry);
  if (taken.ok()) return {};
  // It has taken up half of what cannot be used.
  pipeline_.reset();
  if (Status aside = checkpoints_->Abandon(taken.error().message);
      !aside.ok()) {
    return aside;
  }
  if (Status begun = BeginAnew(options); !begun.ok()) return begun;
  return TakeUp(options.telemetry);
}

Status StatefulPipeline::BeginAnew(const StatefulPipelineOptions& options) {
  if (!checkpoints_->store()->has_profiles()) {
    if (Status known = options.restore_profiles(); !known.ok()) return known;
  }
  return MakePipeline(options);
}

Status StatefulPipeline::MakePipeline(const StatefulPipelineOptions& options) {
  const Config& config = *options.config;
  const Timestamp make_up_from =
      options.clock->Now() -
      std::min(config.rebuild_most, LongestMemory(options.rules));
  auto sources = OpenSources(config, options.log, options.clock, make_up_from);
  if (!sources.ok()) return sources.error().WithContext("source");
  PipelineOptions pipeline;
  pipeline.shards = ShardCount(config.shards);
  pipeline.self_preservation = config.self_preservation;
  if (checkpoints_) pipeline.checkpoints = checkpoints_->store();
  pipeline.cells = cells_.get();
  pipeline.checkpoint_every = config.checkpoint_every;
  pipeline.now = [clock = options.clock] { return clock->Now(); };
  pipeline_ = NewPipeline(pipeline, std::move(sources).value(), options.rules,
                          options.profiles, options.sink, dead_letters_.get(),
                          options.telemetry);
  return {};
}

Status StatefulPipeline::TakeUp(Telemetry* telemetry) {
  if (checkpoints_->is_new()) return pipeline_->Restore(nullptr);
  const std::uint64_t all = checkpoints_->store()->size();
  telemetry->OnRestoring(0, all, false);
  Status restored =
      pipeline_->Restore([telemetry](std::uint64_t records, std::uint64_t of) {
        telemetry->OnRestoring(records, of, false);
      });
  if (restored.ok()) telemetry->OnRestoring(all, all, true);
  return restored;
}

}  // namespace premura
