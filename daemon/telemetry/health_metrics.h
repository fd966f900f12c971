// SPDX-License-Identifier: Apache-2.0
// HealthMetrics: what is looked at every second or so rather than counted:
// gauges of sources, shards, the store of their state and deliveries, and a log
// line where one of them begins to be in trouble and where that ends.
//
// Thread: one at a time. Time is an argument.

#pragma once

#include <map>
#include <set>
#include <string>

#include "daemon/telemetry/log.h"
#include "daemon/telemetry/metric_families.h"
#include "notifiers/outreach.h"
#include "signals/pipeline.h"

namespace premura {

class HealthMetrics {
 public:
  // Both must outlive it.
  HealthMetrics(MetricFamilies* metrics, Log* log) : m_(*metrics), log_(log) {}

  void Sample(const PipelineHealth& pipeline, const OutreachHealth& outreach,
              Timestamp now);

 private:
  void SampleSource(const PipelineHealth::SourceState& source, Timestamp now);
  void TellReachable(const PipelineHealth::SourceState& source, Timestamp now);
  void SampleHeld(const PipelineHealth& pipeline);
  void TellHeld(const std::string& source, const char* begins, const char* ends,
                bool on, std::size_t held);
  void SampleShards(const std::vector<EngineStats>& shards, Timestamp now);
  void SampleStore(const CellStoreHealth& store);
  void SampleOutreach(const OutreachHealth& outreach, Timestamp now);

  MetricFamilies& m_;
  Log* const log_;
  std::set<std::string> doubted_;  // Sources that are; "" is of customers.
  std::map<std::string, Timestamp> unreachable_;  // When it was told last.
};

}  // namespace premura
