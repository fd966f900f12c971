// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/telemetry.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "daemon/telemetry/health_metrics.h"
#include "daemon/telemetry/metric_families.h"
#include "notifiers/outbox.h"

namespace premura {
namespace {

using Level = Log::Level;

constexpr const char* kChannels[] = {"ticket", "email", "sms"};

// Series that are there, at 0, before the first of them is counted, or a rate
// would miss that one: with the reasons from `first` to `last`. Not those that
// cannot be; what is rare comes when it happens.
struct Usual {
  const char* word;
  Reason first;
  Reason last;

  template <typename F>
  void ForEach(const F& with) const {
    for (const Reason reason : AllReasons()) {
      if (first <= reason && reason <= last)
        with(std::string(ToString(reason)));
    }
  }
};

constexpr Usual kUsualVerdicts[] = {
    {"send", Reason::kNone, Reason::kNone},
    {"hold", Reason::kStopAll, Reason::kStopAll},
    {"hold", Reason::kQuietHours, Reason::kDelay},
    {"suppress", Reason::kSimulation, Reason::kRuleGone},
    {"suppress", Reason::kOnlyIf, Reason::kOutrankedBy},
    {"suppress", Reason::kExpired, Reason::kCancelled},
    {"suppress", Reason::kChannelMissing, Reason::kChannelMissing}};

constexpr Usual kUsualStates[] = {
    {"held", Reason::kStopAll, Reason::kStopAll},
    {"held", Reason::kQuietHours, Reason::kDelay},
    {"held", Reason::kTemplateError, Reason::kWaitingForTicket},
    {"held", Reason::kUnreachable, Reason::kUnreachable},
    {"held", Reason::kMisconfigured, Reason::kBreakerOpen},
    {"sent", Reason::kDelivered, Reason::kAlreadyThere},
    {"retry", Reason::kThrottled, Reason::kTimeout},
    {"unknown", Reason::kServerError, Reason::kTimeout},
    {"unknown", Reason::kUnknownOutcome, Reason::kRestarted},
    {"failed", Reason::kBadAddress, Reason::kBadAddress},
    {"failed", Reason::kRefused, Reason::kRefused},
    {"failed", Reason::kAttemptsExhausted, Reason::kAttemptsExhausted},
    {"suppressed", Reason::kRuleDisabled, Reason::kRuleGone},
    {"suppressed", Reason::kOnlyIf, Reason::kOutrankedBy},
    {"suppressed", Reason::kExpired, Reason::kCancelled},
    {"suppressed", Reason::kDropped, Reason::kDropped}};

// A label, for what is of a desk too: "ticket:rt" counts as "ticket".
std::string ChannelLabel(const std::string& lane) {
  return lane.substr(0, lane.find(':'));
}

class MetricsAndLog final : public Telemetry {
 public:
  MetricsAndLog(const TelemetryOptions& options, const Clock* clock, Log* log)
      : clock_(clock), log_(log), health_(&m_, log) {
    for (const std::string& source : options.sources) CreateSource(source);
    for (const std::string& name : options.channels) {
      m_.usable.Set({name}, 1);
    }
    for (const char* channel : kChannels) CreateChannel(channel);
    for (const DeliveryState state : OpenStates()) {
      m_.open.Set({std::string(ToString(state))}, 0);
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
          "customers' events are in other partitions than "
          "`state.kafka.partitioner` says: if one customer's are in several, "
          "no rule sees them together",
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
    health_.Sample(pipeline, outreach, now);
    m_.checkpoint_age.Set({}, std::max(0.0, Seconds(now - checkpoint_at_)));
  }

  void OnMemory(const ProcessMemory& memory) override {
    m_.resident.Set({}, static_cast<double>(memory.resident));
    m_.heap.Set({"used"}, static_cast<double>(memory.heap_used));
    m_.heap.Set({"free"}, static_cast<double>(memory.heap_free));
  }

  std::string Text() const override { return m_.metrics.Text(); }

 private:
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
    for (const Usual& usual : kUsualVerdicts) {
      usual.ForEach([&](const std::string& reason) {
        m_.decisions.Create({channel, usual.word, reason});
      });
    }
    for (const Usual& usual : kUsualStates) {
      usual.ForEach([&](const std::string& reason) {
        m_.deliveries.Create({channel, usual.word, reason});
      });
    }
  }

  const Clock* const clock_;
  Log* const log_;
  MetricFamilies m_;
  mutable std::mutex mutex_;  // Guards what follows.
  HealthMetrics health_;
  std::string fingerprint_;
  Timestamp checkpoint_at_{};
  std::string checkpoint_problem_;
  std::string letter_problem_;
  std::optional<Timestamp> restore_began_;
  Timestamp restore_told_{};
};

}  // namespace

std::unique_ptr<Telemetry> NewTelemetry(const TelemetryOptions& options,
                                        const Clock* clock, Log* log) {
  return std::make_unique<MetricsAndLog>(options, clock, log);
}

}  // namespace premura
