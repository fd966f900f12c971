// SPDX-License-Identifier: Apache-2.0
// What App is made of beside the pipeline and the outreach: its sources and the
// joints between the folders.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/telemetry/log.h"
#include "daemon/telemetry/telemetry.h"
#include "notifiers/outreach.h"
#include "rules/result.h"
#include "signals/pipeline.h"

namespace premura {

// Opens the sources that the configuration names. `log` and `clock` must
// outlive them. `make_up_from`: as KafkaOptions has it.
Result<std::vector<PipelineSource>> OpenSources(
    const Config& config, Log* log, const Clock* clock,
    std::optional<Timestamp> make_up_from = {});

// The store of each partition's state in Kafka, whose topic is made or checked.
// REQUIRES: config.kafka_state. `log` must outlive it.
Result<std::unique_ptr<CellStore>> OpenCellStore(const Config& config,
                                                 Log* log);

// Where records that cannot be used go.
Result<std::unique_ptr<DeadLetterSink>> OpenDeadLetters(const Config& config,
                                                        Log* log,
                                                        const Clock* clock);

// Shards' output to the outreach, counted on the way: `waiting` is how many
// detections are not durable yet. Both must outlive it.
using DetectionCount = std::shared_ptr<std::atomic<std::size_t>>;
std::unique_ptr<OutputSink> NewOutreachSink(Outreach* outreach,
                                            Telemetry* telemetry,
                                            DetectionCount waiting);

// Logs which sources cannot be read twice, so that windows end with this run.
void TellWhatIsKeptByNobody(const Config& config, Log* log);

// Every source is a file, which comes to its end.
bool Ends(const Config& config);

// The files and folders that a reload reads.
std::vector<std::string> WatchedPaths(const Config& config);

// The names that channels are reported by: "email", "ticket:rt".
std::vector<std::string> ChannelNames(const Config& config);

// Warns of sources of which not all that was read was written, after the end;
// true if there are none.
bool AllIsDone(const Config& config, const PipelineHealth& pipeline,
               std::size_t detections_waiting, Log* log);

// Logs the first of them under `event`, errors before warnings, and how many
// more there are.
void LogDiagnostics(const Diagnostics& diagnostics, std::string_view event,
                    Log* log);

}  // namespace premura
