// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/health_metrics.h"

#include <algorithm>

#include "notifiers/outbox.h"

namespace premura {

void HealthMetrics::Sample(const PipelineHealth& pipeline,
                           const OutreachHealth& outreach, Timestamp now) {
  for (const auto& source : pipeline.sources) SampleSource(source, now);
  SampleHeld(pipeline);
  SampleShards(pipeline.cells, now);
  if (pipeline.cell_store) SampleStore(*pipeline.cell_store);
  SampleOutreach(outreach, now);
}

void HealthMetrics::SampleSource(const PipelineHealth::SourceState& source,
                                 Timestamp now) {
  const SourceHealth& health = source.health;
  const bool reachable = health.reachable && source.failure.empty();
  m_.reachable.Set({source.id}, reachable ? 1 : 0);
  m_.partitions.Set({source.id}, static_cast<double>(health.partitions));
  m_.lag.Set({source.id}, static_cast<double>(health.lag));
  m_.rebalances.Set({source.id}, static_cast<double>(health.rebalances));
  const bool has_clock = source.clock != Timestamp{} && !source.ended;
  const double behind = has_clock ? Seconds(now - source.clock) : 0;
  m_.watermark.Set({source.id}, behind);
  m_.lag_seconds.Set({source.id}, health.lag > 0 ? std::max(0.0, behind) : 0);
  m_.remembered.Set({source.id}, static_cast<double>(source.remembered));
  TellReachable(source, now);
}

// At the change, and once a minute while it lasts.
void HealthMetrics::TellReachable(const PipelineHealth::SourceState& source,
                                  Timestamp now) {
  constexpr Duration kAgain = std::chrono::minutes(1);
  const SourceHealth& health = source.health;
  const auto told = unreachable_.find(source.id);
  if (health.reachable) {
    if (told == unreachable_.end()) return;
    unreachable_.erase(told);
    log_->Write(Log::Level::kInfo, "source_reachable", "the source can be read",
                {{"source", source.id}});
  } else if (!health.problem.empty()) {
    if (told != unreachable_.end() && now >= told->second &&
        now - told->second < kAgain) {
      return;
    }
    unreachable_[source.id] = now;
    log_->Write(Log::Level::kWarning, "source_unreachable", health.problem,
                {{"source", source.id}});
  }
}

void HealthMetrics::SampleStore(const CellStoreHealth& store) {
  m_.restore_waiting.Set({}, static_cast<double>(store.waiting));
  m_.restored_partitions.Set({}, static_cast<double>(store.cells));
  m_.restore_records.Set({}, static_cast<double>(store.records));
  m_.restore_took.Set({}, Seconds(store.longest));
  m_.fenced.Set({}, static_cast<double>(store.fenced));
  m_.kept_partitions.Set({}, static_cast<double>(store.kept));
  m_.moved.Set({}, static_cast<double>(store.moved));
  m_.torn.Set({}, static_cast<double>(store.torn));
}

// Below so many customers a source that is merely quiet is nothing to tell.
void HealthMetrics::SampleHeld(const PipelineHealth& pipeline) {
  bool guards = false;
  bool too_many = false;
  std::size_t held = 0;
  for (const EngineStats& shard : pipeline.cells) {
    guards = guards || shard.guards;
    too_many = too_many || shard.too_many;
    held += shard.held;
  }
  m_.held_timers.Set({}, static_cast<double>(held));
  m_.too_many_silent.Set({}, too_many ? 1 : 0);
  for (const auto& source : pipeline.sources) {
    const bool stalled = source.stall == Stall::kSure ||
                         (guards && source.stall == Stall::kOfFew);
    m_.stalled.Set({source.id}, stalled ? 1 : 0);
    TellHeld(source.id, "source_stalled", "source_flows", stalled, held);
  }
  TellHeld("", "too_many_silent", "silence_believed", too_many, held);
}

// When it begins and when it ends.
void HealthMetrics::TellHeld(const std::string& source, const char* begins,
                             const char* ends, bool on, std::size_t held) {
  if (on == doubted_.contains(source)) return;
  Log::Fields fields = {{"held_timers", held}};
  if (!source.empty()) fields.push_back({"source", source});
  if (on) {
    doubted_.insert(source);
    log_->Write(Log::Level::kWarning, begins,
                "what fires because nothing happens is held", fields);
  } else {
    doubted_.erase(source);
    log_->Write(Log::Level::kInfo, ends,
                "what fires because nothing happens goes on", fields);
  }
}

void HealthMetrics::SampleShards(const std::vector<EngineStats>& shards,
                                 Timestamp now) {
  EngineStats sum;
  double overdue = 0;
  for (const EngineStats& shard : shards) {
    sum.customers += shard.customers;
    sum.timers += shard.timers;
    sum.late += shard.late;
    sum.attempts_dropped += shard.attempts_dropped;
    sum.windows_cut += shard.windows_cut;
    sum.groups_cut += shard.groups_cut;
    sum.profile_values_refused += shard.profile_values_refused;
    if (shard.timers == 0) continue;
    overdue = std::max(overdue, Seconds(now - shard.oldest_timer));
  }
  m_.customers.Set({}, static_cast<double>(sum.customers));
  m_.timers.Set({}, static_cast<double>(sum.timers));
  m_.passed_over.Set({}, static_cast<double>(sum.late));
  m_.attempts_dropped.Set({}, static_cast<double>(sum.attempts_dropped));
  m_.windows_cut.Set({}, static_cast<double>(sum.windows_cut));
  m_.groups_cut.Set({}, static_cast<double>(sum.groups_cut));
  m_.profile_values_refused.Set(
      {}, static_cast<double>(sum.profile_values_refused));
  m_.overdue.Set({}, overdue);
}

void HealthMetrics::SampleOutreach(const OutreachHealth& outreach,
                                   Timestamp now) {
  m_.ledger_ok.Set({}, outreach.ledger_ok ? 1 : 0);
  m_.stop_all.Set({}, outreach.stop_all.on ? 1 : 0);
  for (const DeliveryState open : OpenStates()) {
    const std::string state(ToString(open));
    const auto found = outreach.deliveries.find(state);
    const std::size_t count =
        found == outreach.deliveries.end() ? 0 : found->second;
    m_.open.Set({state}, static_cast<double>(count));
  }
  for (const DeliveryState state :
       {DeliveryState::kHeld, DeliveryState::kUnknown}) {
    const std::string word(ToString(state));
    const auto found = outreach.for_person.find(word);
    const bool none = found == outreach.for_person.end();
    const double count = none ? 0 : static_cast<double>(found->second.count);
    m_.for_person.Set({word}, count);
    m_.for_person_age.Set(
        {word}, none ? 0 : std::max(0.0, Seconds(now - found->second.since)));
  }
  const bool waits = outreach.oldest_pending != Timestamp{};
  m_.outbox_age.Set(
      {}, waits ? std::max(0.0, Seconds(now - outreach.oldest_pending)) : 0);
}

}  // namespace premura
