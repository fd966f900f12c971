// SPDX-License-Identifier: Apache-2.0
// MetricFamilies: every metric of the daemon, with its help and labels.

#pragma once

#include <chrono>
#include <vector>

#include "daemon/telemetry/metrics.h"
#include "notifiers/delivery.h"
#include "rules/time.h"

namespace premura {

// Times are in seconds.
inline double Seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
inline double Seconds(Timestamp instant) {
  return Seconds(instant.time_since_epoch());
}

// Those that premura_deliveries counts: all that are not final.
inline std::vector<DeliveryState> OpenStates() {
  std::vector<DeliveryState> open;
  for (int i = 0; i < kDeliveryStates; ++i) {
    const auto state = static_cast<DeliveryState>(i);
    if (!IsFinal(state)) open.push_back(state);
  }
  return open;
}

inline const std::vector<double> kLatencyBuckets = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,  1,
    2.5,   5,    10,    30,   60,  300,  1800, 7200};

struct MetricFamilies {
  Metrics metrics;
  CounterVec records =
      metrics.Counter("premura_records_total", "Records read.", {"source"});
  CounterVec events = metrics.Counter(
      "premura_events_total", "Events handed to the rules.", {"source"});
  CounterVec profiles =
      metrics.Counter("premura_profile_changes_total",
                      "What events said of customers.", {"source"});
  CounterVec duplicates = metrics.Counter("premura_duplicates_total",
                                          "Events seen before.", {"source"});
  CounterVec late = metrics.Counter(
      "premura_late_events_total",
      "Events older than their partition's watermark.", {"source"});
  CounterVec future = metrics.Counter(
      "premura_future_events_total",
      "Events refused as too far ahead, and profile changes whose time is.",
      {"source"});
  CounterVec misplaced = metrics.Counter(
      "premura_misplaced_events_total",
      "Of one event in 64: those in another partition than state.kafka's "
      "partitioner says.",
      {"source"});
  CounterVec refused =
      metrics.Counter("premura_refused_total",
                      "Events that cannot be used, kept as dead letters.",
                      {"source", "reason"});
  CounterVec dead_letter_failures =
      metrics.Counter("premura_dead_letter_failures_total",
                      "Times a dead letter could not be kept.");
  CounterVec commits =
      metrics.Counter("premura_commits_total",
                      "Times a source's positions moved on.", {"source"});
  CounterVec checkpoint_failures =
      metrics.Counter("premura_checkpoint_failures_total",
                      "Times a checkpoint could not be written.");
  CounterVec state_lost = metrics.Counter(
      "premura_state_lost_total",
      "Partitions whose customers' windows a start could not take up.",
      {"source"});
  GaugeVec checkpoint_age =
      metrics.Gauge("premura_checkpoint_age_seconds",
                    "Since the last checkpoint was written, or premura began.");
  GaugeVec checkpoint_took =
      metrics.Gauge("premura_checkpoint_seconds",
                    "What the last checkpoint took of a shard and the store.");
  GaugeVec checkpoint_bytes = metrics.Gauge(
      "premura_checkpoint_bytes", "Bytes that the last checkpoint wrote.");
  GaugeVec checkpoint_records = metrics.Gauge(
      "premura_checkpoint_records", "Records that the last checkpoint wrote.");
  GaugeVec checkpoint_stored = metrics.Gauge(
      "premura_checkpoint_stored_records", "Records in the checkpoint.");
  GaugeVec checkpoint_damaged = metrics.Gauge(
      "premura_checkpoint_damaged",
      "1 if this start found a checkpoint that it could not use.");
  GaugeVec restore_took = metrics.Gauge("premura_restore_seconds",
                                        "What this start took to restore.");
  GaugeVec restore_records =
      metrics.Gauge("premura_restore_records",
                    "Records that this start has restored so far.");
  GaugeVec restore_waiting = metrics.Gauge(
      "premura_restore_waiting",
      "Partitions that are this instance's and wait for their state.");
  GaugeVec restored_partitions =
      metrics.Gauge("premura_restored_partitions",
                    "Partitions whose state was taken over since the start.");
  GaugeVec kept_partitions = metrics.Gauge(
      "premura_kept_partitions",
      "Partitions that a rebalance took and gave back as they were, since the "
      "start.");
  GaugeVec moved = metrics.Gauge(
      "premura_group_moved",
      "Partitions of which the group had committed something else than their "
      "state says, since the start.");
  GaugeVec fenced = metrics.Gauge(
      "premura_fenced",
      "Commits refused since the start: the partitions had a new owner.");
  GaugeVec torn = metrics.Gauge(
      "premura_torn",
      "Commits found in part, or of former owners, and put right.");
  CounterVec detections = metrics.Counter("premura_detections_total",
                                          "Detections by rule.", {"rule"});
  CounterVec decisions = metrics.Counter("premura_decisions_total",
                                         "What was decided for rules' actions.",
                                         {"channel", "verdict", "reason"});
  CounterVec deliveries =
      metrics.Counter("premura_delivery_changes_total",
                      "Deliveries that came into a state, and why.",
                      {"channel", "state", "reason"});
  CounterVec delivered_by_rule = metrics.Counter(
      "premura_sent_total", "Messages sent, by rule.", {"rule", "channel"});
  HistogramVec to_notifier = metrics.Histogram(
      "premura_event_to_notifier_seconds",
      "From a detection's instant, in event time, to the notifiers.", {},
      kLatencyBuckets);
  HistogramVec to_delivered = metrics.Histogram(
      "premura_delivery_seconds",
      "From a detection to its message's delivery, holds included.",
      {"channel"}, kLatencyBuckets);
  GaugeVec reachable = metrics.Gauge(
      "premura_source_reachable", "1 if the source can be read.", {"source"});
  GaugeVec partitions =
      metrics.Gauge("premura_source_partitions",
                    "Partitions read by this instance.", {"source"});
  GaugeVec lag = metrics.Gauge("premura_source_lag_records",
                               "Records not read yet; -1 if not known. What "
                               "`reorder` holds back has been read.",
                               {"source"});
  GaugeVec lag_seconds = metrics.Gauge(
      "premura_source_lag_seconds",
      "How far the source's clock is behind the wall's while records wait to "
      "be read; 0 when all is read. `reorder` and `allowed_lateness`, by which "
      "the clock stays behind, are in it.",
      {"source"});
  GaugeVec ended =
      metrics.Gauge("premura_source_ended", "1 once it has ended.", {"source"});
  GaugeVec rebalances = metrics.Gauge(
      "premura_source_rebalances", "Rebalances since the start.", {"source"});
  GaugeVec watermark = metrics.Gauge(
      "premura_watermark_delay_seconds",
      "How far the source's clock is behind the wall's, `reorder` and "
      "`allowed_lateness` included; 0 before the first event.",
      {"source"});
  GaugeVec remembered = metrics.Gauge(
      "premura_remembered_events",
      "Events of the dedup_window, known by their ids; each takes some 50 "
      "bytes.",
      {"source"});
  GaugeVec stalled = metrics.Gauge(
      "premura_source_stalled",
      "1 while what did not happen is not believed: the source is quiet, cut "
      "off or brings what is long past.",
      {"source"});
  GaugeVec too_many_silent = metrics.Gauge(
      "premura_too_many_silent",
      "1 while far more customers than usual would fall silent at once.");
  GaugeVec held_timers = metrics.Gauge(
      "premura_held_timers", "Timers held until silence is believed again.");
  GaugeVec back_pressure = metrics.Gauge(
      "premura_backpressure", "1 while the source waits for shards or ledger.",
      {"source"});
  GaugeVec customers =
      metrics.Gauge("premura_customers", "Customers with state in memory.");
  GaugeVec timers = metrics.Gauge("premura_timers", "Timers that wait.");
  GaugeVec overdue = metrics.Gauge(
      "premura_oldest_due_timer_seconds",
      "How long ago, by the wall clock, the oldest timer was due.");
  GaugeVec passed_over = metrics.Gauge("premura_late_passed_over",
                                       "Late events that rules passed over.");
  GaugeVec attempts_dropped =
      metrics.Gauge("premura_attempts_dropped",
                    "Attempts of sequences dropped beyond the bound.");
  GaugeVec windows_cut = metrics.Gauge("premura_windows_cut",
                                       "Events that windows had no room for.");
  GaugeVec groups_cut = metrics.Gauge(
      "premura_groups_cut",
      "Groups of customers forgotten because a rule had too many.");
  GaugeVec profile_values_refused = metrics.Gauge(
      "premura_profile_values_refused",
      "What events said of customers beyond what a profile holds.");
  HistogramVec transaction = metrics.Histogram(
      "premura_ledger_transaction_seconds",
      "From the beginning of a transaction of the ledger until it is durable.",
      {}, kLatencyBuckets);
  GaugeVec ledger_ok = metrics.Gauge("premura_ledger_healthy",
                                     "1 if the ledger can be written.");
  GaugeVec stop_all =
      metrics.Gauge("premura_stop_all", "1 while all sending is stopped.");
  GaugeVec open =
      metrics.Gauge("premura_deliveries",
                    "Deliveries that are not settled, by state.", {"state"});
  GaugeVec for_person = metrics.Gauge(
      "premura_deliveries_for_person",
      "Deliveries that go no further without a person, by state.", {"state"});
  GaugeVec for_person_age = metrics.Gauge(
      "premura_for_person_oldest_seconds",
      "How long the first of those has waited; 0: there is none.", {"state"});
  GaugeVec outbox_age =
      metrics.Gauge("premura_outbox_oldest_seconds",
                    "Age of the oldest delivery that is due and not sent.");
  GaugeVec usable = metrics.Gauge("premura_channel_usable",
                                  "1 if the channel can be used.", {"channel"});
  GaugeVec rules =
      metrics.Gauge("premura_rules", "Rules in force, by status.", {"status"});
  GaugeVec rules_info =
      metrics.Gauge("premura_rules_info",
                    "1 for the rules in force, by their fingerprint: "
                    "`premura rules` tells that of the files.",
                    {"fingerprint"});
  GaugeVec reload_ok = metrics.Gauge("premura_last_reload_success",
                                     "1 if the last reload was taken over.");
  GaugeVec reload_at = metrics.Gauge("premura_last_reload_timestamp_seconds",
                                     "When the last reload was.");
  GaugeVec restart_needed = metrics.Gauge(
      "premura_restart_needed",
      "1 if the configuration says what only the next start takes over.");
  GaugeVec resident = metrics.Gauge("process_resident_memory_bytes",
                                    "Resident memory size in bytes.");
  GaugeVec heap = metrics.Gauge(
      "premura_heap_bytes",
      "Of the allocator: in use, and free but not given back.", {"state"});
  GaugeVec build =
      metrics.Gauge("premura_build_info", "The version.", {"version"});
  GaugeVec start = metrics.Gauge("premura_start_timestamp_seconds",
                                 "When this process began.");
};

}  // namespace premura
