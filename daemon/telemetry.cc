// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "daemon/metric_families.h"
#include "notifiers/outbox.h"

namespace premura {
namespace {

using Level = Log::Level;

double Seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double Seconds(Timestamp instant) {
  return Seconds(instant.time_since_epoch());
}

constexpr const char* kChannels[] = {"ticket", "email", "sms"};

// A label, for what is of a desk too: "ticket:rt" counts as "ticket".
std::string ChannelLabel(const std::string& lane) {
  return lane.substr(0, lane.find(':'));
}

class MetricsAndLog final : public Telemetry {
 public:
  MetricsAndLog(const TelemetryOptions& options, const Clock* clock, Log* log)
      : clock_(clock), log_(log) {
    for (const std::string& source : options.sources) CreateSource(source);
    for (const std::string& name : options.channels) {
      m_.usable.Set({name}, 1);
    }
    for (const char* channel : kChannels) CreateChannel(channel);
    for (int i = 0; i < kDeliveryStates; ++i) {
      m_.open.Set({std::string(ToString(static_cast<DeliveryState>(i)))}, 0);
    }
    m_.build.Set({options.version}, 1);
    m_.start.Set({}, Seconds(clock_->Now()));
    checkpoint_at_ = clock_->Now();
    m_.ledger_ok.Set({}, 1);
    m_.restart_needed.Set({}, 0);
  }

  // --- PipelineObserver, on the pipeline's threads --------------------------

  void OnCounts(const std::string& source, const Counts& counts) override {
    const auto add = [&source](CounterVec* counter, std::uint64_t amount) {
      if (amount > 0) counter->Add({source}, static_cast<double>(amount));
    };
    add(&m_.records, counts.records);
    add(&m_.events, counts.events);
    add(&m_.profiles, counts.profiles);
    add(&m_.duplicates, counts.duplicates);
    add(&m_.late, counts.late);
    add(&m_.future, counts.future);
    if (counts.misplaced > 0) {
      add(&m_.misplaced, counts.misplaced);
      log_->WriteLimited(
          Level::kWarning, "events_misplaced",
          "customers' events are in other partitions than `partitioner` says: "
          "if one customer's are in several, no rule sees them together",
          {{"source", source}, {"of_those_looked_at", counts.misplaced}});
    }
    for (int i = 0; i < kRefusals; ++i) {
      if (counts.refused[i] == 0) continue;
      const char* const reason = ToString(static_cast<Refusal>(i));
      m_.refused.Add({source, reason}, static_cast<double>(counts.refused[i]));
      log_->WriteLimited(Level::kWarning, "events_refused",
                         "events that cannot be used were kept as dead letters",
                         {{"source", source},
                          {"reason", reason},
                          {"count", counts.refused[i]}});
    }
  }

  void OnBackPressure(const std::string& source, bool waiting) override {
    m_.back_pressure.Set({source}, waiting ? 1 : 0);
    log_->WriteLimited(
        Level::kDebug, "backpressure",
        waiting ? "the source waits for shards or ledger" : "it goes on",
        {{"source", source}});
  }

  void OnCommitted(const std::string& source) override {
    m_.commits.Add({source});
    // Nothing is committed before all letters are safe.
    const std::lock_guard lock(mutex_);
    if (std::exchange(letter_problem_, "").empty()) return;
    log_->Write(Level::kInfo, "dead_letters_back",
                "dead letters can be kept again");
  }

  void OnEnded(const std::string& source, const std::string& why) override {
    m_.ended.Set({source}, 1);
    if (why.empty()) {
      log_->Write(Level::kInfo, "source_ended", "the source has ended",
                  {{"source", source}});
    } else {
      log_->Write(Level::kError, "source_failed", why, {{"source", source}});
    }
  }

  void OnDeadLetterTrouble(const std::string& why) override {
    m_.dead_letter_failures.Add({});
    log_->WriteLimited(Level::kError, "dead_letter_failed", why);
    const std::lock_guard lock(mutex_);
    letter_problem_ = why;
  }

  void OnCheckpoint(const CheckpointReport& report) override {
    const std::lock_guard lock(mutex_);
    if (report.is_void) {
      log_->Write(Level::kWarning, "fenced",
                  report.problem +
                      "; the partitions are taken over from their new owner's "
                      "word, if they are still ours");
      return;
    }
    if (!report.problem.empty()) {
      m_.checkpoint_failures.Add({});
      checkpoint_problem_ = report.problem;
      log_->WriteLimited(Level::kError, "checkpoint_failed",
                         report.problem + "; it is tried again");
      return;
    }
    checkpoint_at_ = clock_->Now();
    m_.checkpoint_took.Set({}, Seconds(report.took));
    m_.checkpoint_bytes.Set({}, static_cast<double>(report.bytes));
    m_.checkpoint_records.Set({}, static_cast<double>(report.records));
    m_.checkpoint_stored.Set({}, static_cast<double>(report.stored));
    if (std::exchange(checkpoint_problem_, "").empty()) return;
    log_->Write(Level::kInfo, "checkpoint_back",
                "checkpoints can be written again");
  }

  std::string DeadLetterProblem() const override {
    const std::lock_guard lock(mutex_);
    return letter_problem_;
  }

  std::string CheckpointProblem() const override {
    const std::lock_guard lock(mutex_);
    if (checkpoint_problem_.empty()) return "";
    return checkpoint_problem_ + ", not since " + FormatInstant(checkpoint_at_);
  }

  void OnStateLost(const std::string& source, const std::string& origin,
                   const std::string& why) override {
    m_.state_lost.Add({source});
    log_->Write(Level::kError, "state_lost",
                "what was known of its customers is gone: " + why,
                {{"source", source}, {"partition", origin}});
  }

  // --- OutreachObserver, on the outreach's thread ---------------------------

  void OnDecided(const Decided& decided) override {
    const std::string verdict(ToString(decided.verdict.kind));
    const std::string reason(ToString(decided.verdict.reason));
    m_.decisions.Add({ChannelLabel(decided.channel), verdict, reason});
    log_->Write(Level::kDebug, "decided", decided.verdict.detail,
                {{"customer", decided.customer},
                 {"rule", decided.rule},
                 {"detection", decided.detection},
                 {"channel", decided.channel},
                 {"verdict", verdict},
                 {"reason", reason}});
  }

  void OnDelivered(const Delivered& delivered) override {
    const std::string channel = ChannelLabel(delivered.channel);
    const std::string reason(ToString(delivered.reason));
    m_.deliveries.Add({channel, delivered.state, reason});
    const bool sent = delivered.state == ToString(DeliveryState::kSent);
    if (sent) {
      m_.to_delivered.Observe({channel}, Seconds(delivered.since_detection));
      m_.delivered_by_rule.Add({delivered.rule, channel});
    }
    const Log::Fields fields = {{"customer", delivered.customer},
                                {"rule", delivered.rule},
                                {"detection", delivered.detection},
                                {"delivery", delivered.delivery},
                                {"channel", delivered.channel},
                                {"state", delivered.state},
                                {"reason", reason},
                                {"attempt", delivered.attempt}};
    const bool bad = delivered.state == ToString(DeliveryState::kFailed) ||
                     delivered.state == ToString(DeliveryState::kUnknown) ||
                     delivered.state == ToString(DeliveryState::kRetry);
    if (bad) {
      log_->WriteLimited(Level::kWarning, "delivery_" + delivered.state,
                         delivered.detail, fields);
    } else {
      log_->Write(sent ? Level::kInfo : Level::kDebug, "delivery",
                  delivered.detail, fields);
    }
  }

  void OnTransaction(std::chrono::duration<double> took) override {
    m_.transaction.Observe({}, took.count());
  }

  void OnLedger(bool healthy, const std::string& problem) override {
    m_.ledger_ok.Set({}, healthy ? 1 : 0);
    if (healthy) {
      log_->WriteLimited(Level::kInfo, "ledger_back",
                         "the ledger can be written again");
    } else {
      log_->WriteLimited(Level::kError, "ledger_failed", problem);
    }
  }

  void OnChannel(const std::string& channel, bool usable,
                 const std::string& problem) override {
    m_.usable.Set({channel}, usable ? 1 : 0);
    if (usable) {
      log_->WriteLimited(Level::kInfo, "channel_usable",
                         "the channel can be used", {{"channel", channel}});
    } else {
      log_->WriteLimited(Level::kError, "channel_unusable", problem,
                         {{"channel", channel}});
    }
  }

  void OnChannelGone(const std::string& channel) override {
    m_.usable.Remove({channel});
  }

  // --- The daemon ----------------------------------------------------------

  void OnRules(const RuleSet& rules) override {
    const std::lock_guard lock(mutex_);
    std::map<RuleStatus, int> by_status;
    for (const Rule& rule : rules.rules()) {
      m_.detections.Create({rule.id});
      for (const Action& action : rule.actions) {
        m_.delivered_by_rule.Create({rule.id, ToString(action.channel)});
      }
      ++by_status[rule.status];
    }
    for (const RuleStatus status :
         {RuleStatus::kLive, RuleStatus::kSimulation, RuleStatus::kDisabled}) {
      m_.rules.Set({ToString(status)}, by_status[status]);
    }
    if (!fingerprint_.empty()) m_.rules_info.Remove({fingerprint_});
    fingerprint_ = rules.fingerprint();
    m_.rules_info.Set({fingerprint_}, 1);
  }

  void OnReload(bool ok) override {
    m_.reload_ok.Set({}, ok ? 1 : 0);
    m_.reload_at.Set({}, Seconds(clock_->Now()));
  }

  void OnRestartNeeded(bool needed) override {
    m_.restart_needed.Set({}, needed ? 1 : 0);
  }

  void OnRestoring(std::uint64_t records, std::uint64_t of,
                   bool done) override {
    const std::lock_guard lock(mutex_);
    const Timestamp now = clock_->Now();
    if (!restore_began_) restore_began_ = restore_told_ = now;
    m_.restore_records.Set({}, static_cast<double>(records));
    m_.restore_took.Set({}, Seconds(now - *restore_began_));
    constexpr Duration kTellEvery = std::chrono::seconds(1);
    if (!done && now - restore_told_ < kTellEvery) return;
    restore_told_ = now;
    log_->Write(Level::kInfo, done ? "restored" : "restoring",
                done ? "the checkpoint is taken up"
                     : "the checkpoint is being taken up",
                {{"records", records},
                 {"of", of},
                 {"milliseconds", (now - *restore_began_).count()}});
  }

  void OnCheckpointDamaged(const std::string& problem,
                           const std::string& aside) override {
    m_.checkpoint_damaged.Set({}, 1);
    log_->Write(Level::kError, "checkpoint_damaged",
                problem +
                    "; it was moved aside, and events are read again as "
                    "far as the source still has them",
                {{"moved_to", aside}});
  }

  void OnDetections(const std::vector<Detection>& detections) override {
    const Timestamp now = clock_->Now();
    for (const Detection& detection : detections) {
      m_.detections.Add({detection.rule->id});
      m_.to_notifier.Observe({}, std::max(0.0, Seconds(now - detection.at)));
    }
  }

  void Sample(const PipelineHealth& pipeline,
              const OutreachHealth& outreach) override {
    const std::lock_guard lock(mutex_);
    const Timestamp now = clock_->Now();
    for (const auto& source : pipeline.sources) SampleSource(source, now);
    SampleHeld(pipeline);
    SampleShards(pipeline.cells, now);
    if (pipeline.cell_store) SampleStore(*pipeline.cell_store);
    m_.checkpoint_age.Set({}, std::max(0.0, Seconds(now - checkpoint_at_)));
    m_.ledger_ok.Set({}, outreach.ledger_ok ? 1 : 0);
    m_.stop_all.Set({}, outreach.stop_all.on ? 1 : 0);
    for (int i = 0; i < kDeliveryStates; ++i) {
      const std::string state(ToString(static_cast<DeliveryState>(i)));
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

  std::string Text() const override { return m_.metrics.Text(); }

 private:
  static constexpr int kDeliveryStates = 8;

  void CreateSource(const std::string& source) {
    for (CounterVec* counter :
         {&m_.records, &m_.events, &m_.profiles, &m_.duplicates, &m_.late,
          &m_.future, &m_.commits, &m_.state_lost, &m_.misplaced}) {
      counter->Create({source});
    }
    for (int i = 0; i < kRefusals; ++i) {
      m_.refused.Create({source, ToString(static_cast<Refusal>(i))});
    }
    m_.reachable.Set({source}, 0);
    m_.ended.Set({source}, 0);
    m_.stalled.Set({source}, 0);
    m_.back_pressure.Set({source}, 0);
  }

  void CreateChannel(const std::string& channel) {
    m_.to_delivered.Create({channel});
    for (const Reason reason : AllReasons()) {
      const std::string word(ToString(reason));
      for (const char* verdict : {"send", "hold", "suppress"}) {
        m_.decisions.Create({channel, verdict, word});
      }
      for (int i = 0; i < kDeliveryStates; ++i) {
        m_.deliveries.Create(
            {channel, std::string(ToString(static_cast<DeliveryState>(i))),
             word});
      }
    }
  }

  void SampleSource(const PipelineHealth::SourceState& source, Timestamp now) {
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
  void TellReachable(const PipelineHealth::SourceState& source, Timestamp now) {
    constexpr Duration kAgain = std::chrono::minutes(1);
    const SourceHealth& health = source.health;
    const auto told = unreachable_.find(source.id);
    if (health.reachable) {
      if (told == unreachable_.end()) return;
      unreachable_.erase(told);
      log_->Write(Level::kInfo, "source_reachable", "the source can be read",
                  {{"source", source.id}});
    } else if (!health.problem.empty()) {
      if (told != unreachable_.end() && now >= told->second &&
          now - told->second < kAgain) {
        return;
      }
      unreachable_[source.id] = now;
      log_->Write(Level::kWarning, "source_unreachable", health.problem,
                  {{"source", source.id}});
    }
  }

  void SampleStore(const CellStoreHealth& store) {
    m_.restore_waiting.Set({}, static_cast<double>(store.waiting));
    m_.restored_partitions.Set({}, static_cast<double>(store.cells));
    m_.restore_records.Set({}, static_cast<double>(store.records));
    m_.restore_took.Set({}, Seconds(store.longest));
    m_.fenced.Set({}, static_cast<double>(store.fenced));
    m_.torn.Set({}, static_cast<double>(store.torn));
  }

  // Below so many customers a quiet source is nothing to tell.
  void SampleHeld(const PipelineHealth& pipeline) {
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
      const bool stalled = guards && source.stalled;
      m_.stalled.Set({source.id}, stalled ? 1 : 0);
      TellHeld(source.id, "source_stalled", "source_flows", stalled, held);
    }
    TellHeld("", "too_many_silent", "silence_believed", too_many, held);
  }

  // When it begins and when it ends.
  void TellHeld(const std::string& source, const char* begins, const char* ends,
                bool on, std::size_t held) {
    if (on == doubted_.contains(source)) return;
    Log::Fields fields = {{"held_timers", held}};
    if (!source.empty()) fields.push_back({"source", source});
    if (on) {
      doubted_.insert(source);
      log_->Write(Level::kWarning, begins,
                  "what fires because nothing happens is held", fields);
    } else {
      doubted_.erase(source);
      log_->Write(Level::kInfo, ends,
                  "what fires because nothing happens goes on", fields);
    }
  }

  void SampleShards(const std::vector<EngineStats>& shards, Timestamp now) {
    EngineStats sum;
    double overdue = 0;
    for (const EngineStats& shard : shards) {
      sum.customers += shard.customers;
      sum.timers += shard.timers;
      sum.late += shard.late;
      sum.attempts_dropped += shard.attempts_dropped;
      sum.windows_cut += shard.windows_cut;
      sum.profile_values_refused += shard.profile_values_refused;
      if (shard.timers == 0) continue;
      overdue = std::max(overdue, Seconds(now - shard.oldest_timer));
    }
    m_.customers.Set({}, static_cast<double>(sum.customers));
    m_.timers.Set({}, static_cast<double>(sum.timers));
    m_.passed_over.Set({}, static_cast<double>(sum.late));
    m_.attempts_dropped.Set({}, static_cast<double>(sum.attempts_dropped));
    m_.windows_cut.Set({}, static_cast<double>(sum.windows_cut));
    m_.profile_values_refused.Set(
        {}, static_cast<double>(sum.profile_values_refused));
    m_.overdue.Set({}, overdue);
  }

  const Clock* const clock_;
  Log* const log_;
  MetricFamilies m_;
  mutable std::mutex mutex_;
  std::string fingerprint_;
  Timestamp checkpoint_at_{};
  std::string checkpoint_problem_;
  std::string letter_problem_;
  std::optional<Timestamp> restore_began_;
  Timestamp restore_told_{};
  std::set<std::string> doubted_;  // Sources that are; "" is of customers.
  std::map<std::string, Timestamp> unreachable_;  // When it was told last.
};

}  // namespace

std::unique_ptr<Telemetry> NewTelemetry(const TelemetryOptions& options,
                                        const Clock* clock, Log* log) {
  return std::make_unique<MetricsAndLog>(options, clock, log);
}

}  // namespace premura
